"""Evidence packs, retention and the auditor's desk: what is known of contracts and orders."""

from kintsugi.audit.selectors import (
    Chapter,
    Clause,
    PackColumn,
    PackTable,
    RetentionRule,
    Scope,
    Section,
    name_commands,
    record_kind,
    register_retention,
    register_section,
    too_large,
)
from kintsugi.core.errors import Text
from kintsugi.sales.kinds import CONTRACT, CONTRACT_KINDS, ORDER
from kintsugi.sales.models import Contract, Order
from kintsugi.sales.selectors import contracts, orders

TITLE = Text("销售合同与订单", "Sales contracts and orders")
FOUND_MAX = 20
COMMANDS = {
    f"sales.{name}": words
    for name, words in {
        "create-contract": Text("起草合同", "Write a contract"),
        "vary-contract": Text("变更合同", "Vary a contract"),
        "submit-contract": Text("提交合同", "Submit a contract"),
        "approve-contract": Text("批准合同", "Approve a contract"),
        "refuse-contract": Text("驳回合同", "Refuse a contract"),
        "drop-variation": Text("放弃合同变更", "Give a change of a contract up"),
        "end-contract": Text("结束合同", "End a contract"),
        "create-order": Text("接单", "Take an order"),
        "submit-order": Text("提交订单", "Submit an order"),
        "send-back-order": Text("退回订单", "Send an order back"),
        "approve-order": Text("批准订单", "Approve an order"),
        "agree-credit": Text("放行信用", "Agree to a credit"),
        "agree-choice": Text("批准指定批号或序列号", "Agree to a choice of goods"),
        "reserve-order": Text("为订单预留", "Reserve goods for an order"),
        "release-order": Text("释放订单预留", "Let go of an order's goods"),
        "release-lapsed": Text("释放到期预留", "End a lapsed reservation"),
        "change-order": Text("变更订单", "Change an order"),
        "reduce-order": Text("减少订单数量", "Order less"),
        "cancel-order": Text("取消订单", "Cancel an order"),
        "hold-order": Text("挂起订单", "Put an order on hold"),
        "resume-order": Text("恢复订单", "Let an order go on"),
        "close-order": Text("关闭订单", "Close an order"),
        "set-price": Text("设定价格", "Set a price"),
        "end-price": Text("结束价格", "End a price"),
    }.items()
}


def collect(scope: Scope, limit: int) -> Chapter | None:
    """Contracts and orders of the customers a pack is about. Raises ``pack.too-large``."""
    parties = [one.id for one in scope.subjects if one.entity == "party" and not one.related]
    if not parties:
        return None
    agreed = list(
        contracts.contracts().filter(customer__in=parties).order_by("number")[: limit + 1]
    )
    taken = list(orders.orders().filter(customer__in=parties).order_by("number")[: limit + 1])
    if len(agreed) + len(taken) > limit:
        raise too_large("sales-documents", rows=len(agreed) + len(taken), limit=limit)
    if not agreed and not taken:
        return None
    number = PackColumn("number", Text("编号", "Number"), "code", 1.4)
    state = PackColumn("state", Text("状态", "State"))
    seller = PackColumn("seller", Text("销售", "Seller"))
    return Chapter(
        [
            PackTable(
                "sales_contracts",
                Text("销售合同", "Sales contracts"),
                (number, PackColumn("kind", Text("类型", "Kind")), state,
                 PackColumn("version", Text("现行版本", "Version in force"), "number"), seller),
                [
                    (one.number, CONTRACT_KINDS[one.kind], CONTRACT.states[one.status],
                     one.version_no, one.seller_name)
                    for one in agreed
                ],
            ),
            PackTable(
                "sales_orders",
                Text("销售订单", "Sales orders"),
                (number, PackColumn("ordered", Text("下单日", "Ordered"), "code"), state,
                 PackColumn("contract", Text("合同", "Contract"), "code"),
                 PackColumn("total", Text("含税总额", "Total with tax"), "code"),
                 PackColumn("currency", Text("币种", "Currency"), "code"), seller,
                 PackColumn("approved", Text("批准人", "Approved by"))),
                [
                    (one.number, one.ordered_on.isoformat(), ORDER.states[one.status],
                     one.contract_version.contract.number if one.contract_version else "",
                     f"{one.total:.2f}", one.currency, one.seller_name, one.approved_by_name)
                    for one in taken
                ],
            ),
        ]
    )  # fmt: skip


def register() -> None:
    """Add sales to packs, retention and the auditor's desk, and name its commands."""
    name_commands(COMMANDS)
    register_section(Section("sales", TITLE, collect, 19))
    register_retention(
        RetentionRule(
            "sales",
            TITLE,
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text(
                        "记录谁买了什么,其中可能有植入类。",
                        "They say who bought what, and some of it may be implants.",
                    ),
                )
            ],
            order=19,
        )
    )
    record_kind(
        "sales_order",
        page="sales:order",
        find=lambda text: Order.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
    record_kind(
        "sales_contract",
        page="sales:contract",
        find=lambda text: Contract.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
