"""What contracts and orders there are and which states they pass, in both languages."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

CONTRACT_KINDS: dict[str, Text] = {
    "sale": Text("销售", "sale"),
    "service": Text("服务", "service"),
    "amc": Text("维保", "maintenance"),
    "lease": Text("租赁", "lease"),
    "consignment": Text("寄售", "consignment"),
    "framework": Text("框架", "framework"),
}
ORDER_KINDS: dict[str, Text] = {
    "sale": Text("销售", "sale"),
    "consignment": Text("寄售补货", "consignment"),
}
#: When a share of the price falls due.
DUE_RULES: dict[str, Text] = {
    "signed": Text("合同签订后", "after signing"),
    "shipped": Text("发货后", "after shipment"),
    "delivered": Text("签收后", "after delivery"),
    "accepted": Text("安装验收后", "after acceptance"),
    "warranty_end": Text("质保期满后", "after the warranty"),
    "date": Text("固定日期", "on a date"),
}
WARRANTY_STARTS: dict[str, Text] = {
    "install_accept": Text("安装验收", "installation accepted"),
    "delivery_signed": Text("签收", "delivery signed"),
    "shipped": Text("发货", "shipment"),
    "contract_date": Text("合同日期", "date of the contract"),
}
COVERS: dict[str, Text] = {
    "labour": Text("人工", "labour"),
    "parts": Text("备件", "parts"),
    "travel": Text("差旅", "travel"),
    "consumable": Text("耗材", "consumables"),
    "calibration": Text("校准", "calibration"),
}
#: Customer groups of a price list: the kinds of customer, or all of them.
GROUPS: dict[str, Text] = {
    "": Text("所有客户", "all customers"),
    "hospital": Text("医院", "hospitals"),
    "clinic": Text("诊所", "clinics"),
    "dealer": Text("经销商", "dealers"),
    "individual": Text("个人", "individuals"),
}
PRICE_SOURCES: dict[str, Text] = {
    "contract": Text("合同", "contract"),
    "list": Text("价目表", "price list"),
    "typed": Text("手工", "typed"),
}
HOLD_REASONS: dict[str, Text] = {
    "credit": Text("信用", "credit"),
    "licence": Text("资质", "licence"),
    "recall": Text("召回", "recall"),
    "other": Text("其他", "other"),
}
#: What has happened to a line, outwards to inwards; docs/explanation/sales.md says what each is.
QUANTITIES: dict[str, Text] = {
    "reserved": Text("已预留", "reserved"),
    "picked": Text("已拣", "picked"),
    "shipped": Text("已出库", "shipped"),
    "refused": Text("拒收", "refused"),
    "signed": Text("已签收", "signed"),
    "returned": Text("已退回", "returned"),
}

CONTRACT = StateMachine(
    name="sales.contract",
    table="sales_contract",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "submitted": Text("审批中", "waits for approval"),
        "refused": Text("已驳回", "refused"),
        "effective": Text("生效", "effective"),
        "changing": Text("变更中", "being changed"),
        "fulfilled": Text("履行完毕", "fulfilled"),
        "expired": Text("到期", "expired"),
        "terminated": Text("终止", "terminated"),
    },
    steps=frozenset(
        {
            ("draft", "submitted"),
            ("submitted", "effective"),
            ("submitted", "refused"),
            ("refused", "draft"),
            ("effective", "changing"),
            ("changing", "effective"),
            ("effective", "fulfilled"),
            ("effective", "expired"),
            ("effective", "terminated"),
        }
    ),
)
#: One wording of a contract. Only one is in force at a time.
CONTRACT_VERSION = StateMachine(
    name="sales.contract-version",
    table="sales_contractversion",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "submitted": Text("审批中", "waits for approval"),
        "refused": Text("已驳回", "refused"),
        "in_force": Text("现行", "in force"),
        "superseded": Text("已被替代", "superseded"),
        "dropped": Text("已放弃", "dropped"),
    },
    steps=frozenset(
        {
            ("draft", "submitted"),
            ("draft", "dropped"),
            ("submitted", "in_force"),
            ("submitted", "refused"),
            ("refused", "draft"),
            ("refused", "dropped"),
            ("in_force", "superseded"),
        }
    ),
)

#: States that follow from the quantities of the lines: ``sql/orders.sql`` derives them, and the
#: database refuses an order whose state says something else.
FLOW = ("approved", "reserved", "picking", "part_shipped", "shipped", "part_signed", "signed")
BEFORE_SHIPMENT = ("draft", "submitted", "approved", "reserved", "picking")
ENDED = ("closed", "cancelled")
#: Orders that were agreed to and are not over: they use up credit.
OPEN = (*FLOW, "on_hold")

ORDER = StateMachine(
    name="sales.order",
    table="sales_order",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "submitted": Text("待审", "waits for approval"),
        "approved": Text("已审", "approved"),
        "reserved": Text("已预留", "reserved"),
        "picking": Text("拣货中", "being picked"),
        "part_shipped": Text("部分发货", "partly shipped"),
        "shipped": Text("已发货", "shipped"),
        "part_signed": Text("部分签收", "partly signed"),
        "signed": Text("已签收", "signed"),
        "closed": Text("关闭", "closed"),
        "on_hold": Text("挂起", "on hold"),
        "cancelled": Text("取消", "cancelled"),
    },
    steps=frozenset(
        {("draft", "submitted"), ("submitted", "draft"), ("submitted", "approved")}
        # Both ways: what was picked is put back, what was shipped is reversed.
        | {(a, b) for a in FLOW for b in FLOW if a != b}
        # A change that asks for more is approved again.
        | {("approved", "submitted"), ("reserved", "submitted")}
        | {(one, "cancelled") for one in (*BEFORE_SHIPMENT, "on_hold")}
        | {(one, "on_hold") for one in ("draft", "submitted", *FLOW)}
        | {("on_hold", one) for one in ("draft", "submitted", *FLOW)}
        | {("part_signed", "closed"), ("signed", "closed")}
    ),
)
TONES = {
    "submitted": "warn",
    "approved": "live",
    "reserved": "live",
    "picking": "live",
    "part_shipped": "live",
    "shipped": "live",
    "part_signed": "live",
    "signed": "good",
    "effective": "good",
    "in_force": "good",
    "changing": "warn",
    "on_hold": "bad",
    "refused": "bad",
    "terminated": "bad",
}
