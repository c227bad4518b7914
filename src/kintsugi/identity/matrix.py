"""Roles and what each may do: the permission matrix, as data.

A permission is ``object.action``. Objects that cannot be split by customer (a source file, a run,
the log) are ``whole``: only a grant without a limit of rows gives them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kintsugi.core.access import PERSONAL, AccessDenied
from kintsugi.engine.text import Text

ACTIONS: dict[str, Text] = {
    "read": Text("查看", "read"),
    "create": Text("新建", "create"),
    "edit": Text("修改", "edit"),
    "void": Text("作废", "void"),
    "import": Text("导入", "import"),
    "approve": Text("批准", "approve"),
    "export": Text("导出", "export"),
    "sign": Text("签名", "sign"),
    "administer": Text("管理", "administer"),
}


@dataclass(frozen=True)
class Thing:
    """An object of the matrix: its name and the actions that exist for it."""

    name: Text
    actions: tuple[str, ...]
    whole: bool = False


def _thing(zh: str, en: str, actions: str, *, whole: bool = False) -> Thing:
    return Thing(Text(zh, en), tuple(actions.split()), whole)


OBJECTS: dict[str, Thing] = {
    "device": _thing("设备", "devices", "read create edit void export"),
    "product": _thing("产品", "products", "read create edit void export"),
    "party": _thing("往来单位", "parties", "read create edit void export"),
    "licence": _thing(
        "资质与首营", "licences and first reviews", "read create edit approve export"
    ),
    "stock": _thing("库存", "stock", "read create export"),
    "place": _thing("仓库与库位", "warehouses and locations", "read create edit"),
    "block": _thing("冻结与召回", "holds and recalls", "read create approve"),
    "stocktake": _thing("盘点与调整", "stocktakes and adjustments", "read create approve export"),
    "value": _thing("库存金额", "value of stock", "read export", whole=True),
    "drill": _thing("召回演练", "recall drills", "read create export", whole=True),
    "storage": _thing(
        "养护与温度", "storage checks and temperatures", "read create approve export"
    ),
    "requisition": _thing("请购", "purchase requests", "read create approve export"),
    "takeover": _thing("库存接管", "takeovers of stock", "read create approve export", whole=True),
    "purchase": _thing("采购", "purchases", "read create edit approve export"),
    "inbound": _thing("收货与验收", "receipts and acceptance", "read create approve export"),
    "contract": _thing("销售合同", "sales contracts", "read create edit approve export"),
    "order": _thing("销售订单", "sales orders", "read create edit approve export"),
    "delivery": _thing("出库与签收", "deliveries and receipts", "read create approve export"),
    "return": _thing("退换货", "returns", "read create approve export"),
    "invoice": _thing("发票与收付款", "invoices and payments", "read create approve export"),
    "payable": _thing(
        "供应商发票", "suppliers' invoices", "read create approve export", whole=True
    ),
    "ledger": _thing(
        "成本与总账导出", "costs and the general ledger", "read create edit export", whole=True
    ),
    "month": _thing("库存月结", "closed stock months", "read approve", whole=True),
    "personal": _thing("个人信息(不脱敏)", "personal data, unmasked", "read"),
    "evidence": _thing("数据来源", "evidence of values", "read"),
    "cell": _thing("来源单元格", "source cells", "read"),
    "history": _thing("变更历史", "change history", "read"),
    "source": _thing("来源", "sources", "read edit export", whole=True),
    "run": _thing("导入运行", "runs", "read import approve export", whole=True),
    "project": _thing(
        "迁移项目", "migration projects", "read create edit approve export", whole=True
    ),
    "row": _thing("来源文件的行", "rows of source files", "read", whole=True),
    "issue": _thing("问题", "issues", "read edit export", whole=True),
    "audit": _thing("审计记录", "audit record", "read export administer", whole=True),
    "trail": _thing("审计台", "auditor's desk", "read export", whole=True),
    "pack": _thing("证据包", "evidence packs", "read create", whole=True),
    "report": _thing("报告", "reports", "read create export", whole=True),
    "act": _thing("双人操作", "acts under two persons", "read create export"),
    "signature": _thing("电子签名", "signatures", "read sign export"),
    "hold": _thing("法律保全", "legal holds", "read create approve", whole=True),
    "person": _thing("人员", "people", "read create edit export", whole=True),
    "account": _thing("账户", "accounts", "read create edit administer", whole=True),
    "grant": _thing("授权", "role grants", "read create edit approve export", whole=True),
    "token": _thing("API 令牌", "API tokens", "read create void administer"),
    "login": _thing("登录记录", "log-ins", "read export", whole=True),
    "refusal": _thing("拒绝记录", "refusals", "read export", whole=True),
    "dictionary": _thing("数据字典", "data dictionary", "read"),
    "search": _thing("搜索", "search", "read"),
    "api": _thing("API 文档", "API documents", "read"),
}

#: What every role has: finding one's way, and one's own tokens.
BASE = "search.read dictionary.read api.read token.read token.create token.void"

_RECORDS = "device.read product.read party.read evidence.read cell.read history.read"
_LISTS = "device.export product.export party.export"
_INTAKE = "source.read run.read issue.read"


@dataclass(frozen=True)
class Role:
    """A duty. ``scopes`` are the kinds of row limit a grant may have, the widest first."""

    name: str
    title: Text
    about: Text
    scopes: tuple[str, ...]
    permissions: frozenset[str]


SCOPES: dict[str, Text] = {
    "all": Text("全部", "everything"),
    "region": Text("地区", "region"),
    "warehouse": Text("仓库", "warehouse"),
    "customer": Text("客户", "customer"),
    "own": Text("本人", "own rows"),
}


def _role(
    name: str, zh: str, en: str, scopes: str, permissions: str, about_zh: str, about_en: str
) -> Role:
    granted = frozenset(f"{BASE} {permissions}".split())
    return Role(name, Text(zh, en), Text(about_zh, about_en), tuple(scopes.split()), granted)


_LISTED = (
    _role(
        "steward", "数据管家", "Data steward", "all",
        f"{_RECORDS} {_LISTS} {_INTAKE} personal.read row.read"
        " stock.read stock.export place.read place.create place.edit block.read"
        " device.create device.edit device.void product.create product.edit product.void"
        " party.create party.edit party.void source.edit source.export run.import run.approve"
        " run.export issue.edit issue.export pack.read pack.create act.read act.create"
        " signature.read signature.sign"
        " licence.read licence.create licence.edit licence.export"
        " takeover.read takeover.create takeover.export"
        " project.read project.create project.edit project.export",
        "导入、清洗并维护主数据。", "Brings data in, cleans it and keeps it true.",
    ),
    _role(
        "desk", "服务台", "Service desk", "all region customer",
        f"{_RECORDS} device.edit device.export party.edit personal.read issue.read"
        " stock.read block.read"
        " act.read act.create signature.read signature.sign"
        " licence.read contract.read order.read delivery.read return.read return.create",
        "接听、登记并跟进服务请求。", "Takes, records and follows up requests for service.",
    ),
    _role(
        "dispatcher", "调度", "Dispatcher", "all region",
        f"{_RECORDS} device.export personal.read"
        " stock.read place.read block.read",
        "安排谁在何时到哪台设备。", "Decides who goes to which device, and when.",
    ),
    _role(
        "technician", "现场工程师", "Technician", "region customer own",
        f"{_RECORDS} personal.read signature.sign"
        " stock.read block.read"
        " delivery.read",
        "在现场维修和保养设备。", "Repairs and maintains devices on site.",
    ),
    _role(
        "sales", "销售", "Sales", "all region customer",
        f"{_RECORDS} {_LISTS} personal.read"
        " stock.read block.read"
        " licence.read contract.read contract.create contract.edit contract.export"
        " order.read order.create order.edit order.export delivery.read delivery.export"
        " return.read return.create return.export invoice.read",
        "合同到交付。", "From contract to delivery.",
    ),
    _role(
        "purchasing", "采购", "Purchasing", "all",
        f"{_RECORDS} {_LISTS} personal.read product.create product.edit"
        " stock.read stock.export place.read block.read"
        " licence.read licence.create licence.edit licence.export purchase.read"
        " purchase.create purchase.edit purchase.approve purchase.export inbound.read"
        " inbound.export invoice.read payable.read requisition.read requisition.create"
        " requisition.approve requisition.export",
        "订单到验收。", "From order to acceptance.",
    ),
    _role(
        "warehouse", "仓库", "Warehouse", "all warehouse",
        "device.read product.read party.read evidence.read cell.read history.read device.edit"
        " stock.read stock.create stock.export place.read block.read"
        " licence.read purchase.read inbound.read inbound.create inbound.export"
        " requisition.read requisition.create order.read delivery.read delivery.create"
        " delivery.approve delivery.export"
        " return.read return.create stocktake.read stocktake.create stocktake.export"
        " storage.read storage.create storage.export drill.read",
        "收货、上架、拣选、发货、盘点。", "Receives, puts away, picks, ships and counts.",
    ),
    _role(
        "quality", "质量负责人", "Quality manager", "all",
        f"{_RECORDS} {_LISTS} {_INTAKE} run.approve pack.read pack.create report.read"
        " stock.read stock.export place.read block.read block.create block.approve"
        " report.create report.export act.read act.create"
        " signature.read signature.sign signature.export audit.read trail.read trail.export"
        " hold.read hold.create hold.approve"
        " licence.read licence.create licence.edit licence.approve licence.export"
        " purchase.read purchase.approve inbound.read inbound.approve inbound.export"
        " requisition.read requisition.create"
        " contract.read order.read order.approve delivery.read delivery.approve"
        " delivery.export return.read return.approve return.export stocktake.read"
        " stocktake.approve stocktake.export storage.read storage.create storage.approve"
        " storage.export drill.read drill.create drill.export takeover.read takeover.approve"
        " project.read project.edit project.approve project.export",
        "批准、放行、召回与质量记录。", "Approves, releases, recalls, keeps the quality record.",
    ),
    _role(
        "finance", "财务", "Finance", "all",
        f"{_RECORDS} {_LISTS} signature.sign"
        " stock.read stock.export place.read month.read month.approve value.read value.export"
        " licence.read purchase.read inbound.read requisition.read contract.read contract.approve"
        " payable.read payable.create payable.approve payable.export"
        " order.read order.approve delivery.read return.read invoice.read invoice.create"
        " invoice.approve invoice.export stocktake.read stocktake.approve"
        " takeover.read takeover.approve ledger.read ledger.create ledger.edit ledger.export"
        " project.read project.edit project.approve project.export",
        "发票与结算。", "Invoices and settlement.",
    ),
    _role(
        "it_operations", "IT 运维", "IT operations", "all",
        f"{_INTAKE} project.read audit.read audit.administer login.read refusal.read",
        "让系统、接口与任务保持运行;不看业务记录。",
        "Keeps system, interfaces and jobs running; sees no business records.",
    ),
    _role(
        "incident_commander", "事件指挥", "Incident commander", "all",
        f"{_RECORDS} {_INTAKE} audit.read trail.read report.read pack.read act.read act.create"
        " stock.read place.read block.read month.read"
        " signature.read signature.sign"
        " licence.read purchase.read inbound.read requisition.read payable.read"
        " contract.read order.read delivery.read"
        " return.read invoice.read stocktake.read storage.read project.read",
        "负责一次故障从发现到验证。", "Leads a fault from its signal to its verified repair.",
    ),
    _role(
        "auditor", "审计员", "Auditor", "all",
        f"{_RECORDS} {_LISTS} {_INTAKE} audit.read audit.export trail.read trail.export"
        " stock.read stock.export place.read block.read month.read"
        " pack.read pack.create report.read"
        " report.create report.export act.read act.export signature.read signature.export"
        " hold.read person.read"
        " person.export account.read grant.read grant.export token.administer login.read"
        " login.export refusal.read refusal.export"
        " licence.read licence.export purchase.read purchase.export inbound.read"
        " requisition.read requisition.export payable.read payable.export"
        " inbound.export contract.read contract.export order.read order.export"
        " delivery.read delivery.export return.read return.export invoice.read"
        " invoice.export stocktake.read stocktake.export storage.read storage.export"
        " project.read project.export"
        " drill.read drill.export value.read value.export takeover.read takeover.export"
        " ledger.read ledger.export",
        "只读全部记录,出具证据。", "Reads every record, changes none, gives evidence.",
    ),
    _role(
        "hospital_contact", "医院联系人", "Hospital contact", "customer",
        "device.read product.read party.read evidence.read cell.read",
        "在门户中查看本院的设备。", "Sees the devices of the own hospital.",
    ),
    _role(
        "administrator", "管理员", "Administrator", "all",
        "person.read person.create person.edit person.export account.read account.create"
        " account.edit account.administer grant.read grant.create grant.edit grant.approve"
        " grant.export token.administer login.read login.export refusal.read",
        "管理人员、账户与授权;不因此看到业务数据。",
        "Manages people, accounts and grants; sees no business data by that.",
    ),
    _role(
        "reader", "只读", "Reader", "all region warehouse customer",
        f"{_RECORDS}"
        " stock.read place.read block.read"
        " licence.read order.read delivery.read",
        "查看记录,个人信息脱敏。", "Looks records up; personal data stays masked.",
    ),
)  # fmt: skip

ROLES: dict[str, Role] = {role.name: role for role in _LISTED}

#: Duties that one person may not have at the same time; the database refuses the second one.
CONFLICTS: frozenset[tuple[str, str]] = frozenset(
    {
        ("administrator", "auditor"),  # who gives access does not examine it
        ("auditor", "steward"),  # who changes data does not examine the changes
        ("auditor", "it_operations"),  # who runs the log does not examine it
        ("finance", "purchasing"),  # who orders does not pay
        ("finance", "sales"),  # who sells does not book the receipt
    }
)


def permissions() -> Iterator[str]:
    """Every permission there is, in the order of the matrix."""
    for name, thing in OBJECTS.items():
        for action in thing.actions:
            yield f"{name}.{action}"


def lines() -> Iterator[tuple[str, str, str, str]]:
    """The matrix line by line: (role, object, action, rows), in listed order. What cannot be split
    by customer is given over everything or not at all."""
    for role in ROLES.values():
        for permission in permissions():
            if permission in role.permissions:
                name, _, action = permission.partition(".")
                for scope in role.scopes:
                    if scope == "all" or not OBJECTS[name].whole:
                        yield role.name, name, action, scope


def is_whole(permission: str) -> bool:
    """Whether only a grant without a row limit gives this permission."""
    return OBJECTS[permission.partition(".")[0]].whole


def roles_with(permission: str) -> list[Role]:
    """Roles that have the permission, in listed order."""
    return [role for role in ROLES.values() if permission in role.permissions]


def words(permission: str) -> Text:
    """A permission as people say it: ``设备:查看``."""
    name, _, action = permission.partition(".")
    thing, done = OBJECTS[name].name, ACTIONS[action]
    return Text(f"{thing.zh}:{done.zh}", f"{thing.en}: {done.en}")


def denial(permission: str) -> AccessDenied:
    """The refusal of a permission, naming object, action and the roles that have it."""
    if permission not in set(permissions()):
        said = Text("不对任何人开放", "open to nobody")
        return AccessDenied(permission, said, Text("请联系支持人员。", "Ask support."), roles=[])
    roles = [role.title for role in roles_with(permission)]
    said = words(permission)
    zh, en = "、".join(r.zh for r in roles), ", ".join(r.en for r in roles)
    if len(roles) == len(ROLES):
        zh, en = "任一角色", "any role"
    return AccessDenied(
        permission,
        Text(f"您没有此权限:{said.zh}。", f"You may not do this: {said.en}."),
        Text(
            f"具有此权限的角色:{zh or '无'}。如工作需要,请管理员授权。",
            f"Roles that may: {en or 'none'}. Ask an administrator if you need it for your work.",
        ),
        roles=[role.name for role in roles_with(permission)],
    )


def faults() -> list[str]:
    """What contradicts itself in the matrix; empty when it is sound (a test asks)."""
    known = set(permissions())
    found = [
        f"{role.name}: unknown permission {one}"
        for role in ROLES.values()
        for one in role.permissions - known
    ]
    found += [f"{r.name}: unknown scope {s}" for r in _LISTED for s in r.scopes if s not in SCOPES]
    found += [f"{one}: nobody has it" for one in known if not roles_with(one)]
    # Rows of source files are raw: whoever reads them reads what is masked elsewhere.
    found += [
        f"{role.name}: row.read without {PERSONAL}"
        for role in roles_with("row.read")
        if PERSONAL not in role.permissions
    ]
    found += [f"conflict of unknown roles: {p}" for p in CONFLICTS if not set(p) <= set(ROLES)]
    return found
