"""Evidence packs, retention and the auditor's desk: what the record knows of stock."""

from django.db.models import Q

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
from kintsugi.stock import selectors
from kintsugi.stock.kinds import LOCATION_KINDS, POSTING_KINDS
from kintsugi.stock.models import Location, Lot, Posting, Unit

MOVES = Text("库存流水", "Stock moves")
FOUND_MAX = 20
COMMANDS = {
    **{
        f"stock.{kind}": Text(f"库存:{name.zh}", f"Stock: {name.en}")
        for kind, name in POSTING_KINDS.items()
    },
    "stock.reverse": Text("冲销库存过账", "Reverse a stock posting"),
    "stock.open-warehouse": Text("启用仓库", "Open a warehouse"),
    "stock.add-location": Text("新增库位", "Add a location"),
    "stock.close-month": Text("库存月结", "Close a stock month"),
    "stock.hold": Text("冻结", "Put on hold"),
    "stock.recall": Text("召回", "Recall"),
    "stock.release-block": Text("解除冻结或召回", "Release a hold or recall"),
    "stock.change-location": Text("修改库位", "Change a location"),
    "stock.plan-stocktake": Text("计划盘点", "Plan a stocktake"),
    "stock.start-stocktake": Text("开始盘点", "Start a stocktake"),
    "stock.finish-stocktake": Text("结束盘点", "Finish counting"),
    "stock.explain-difference": Text("写明盘点差异原因", "Explain a difference"),
    "stock.approve-stocktake": Text("批准盘点", "Approve a stocktake"),
    "stock.cancel-stocktake": Text("取消盘点", "Cancel a stocktake"),
    "stock.request-adjustment": Text("申请报废或调整", "Ask to scrap or adjust"),
    "stock.posted-adjustment": Text("批准报废或调整", "Approve an adjustment"),
    "stock.refused-adjustment": Text("拒绝报废或调整", "Refuse an adjustment"),
    "stock.drill-recall": Text("召回演练", "Drill a recall"),
    "stock.add-sensor": Text("新增温度传感器", "Add a sensor"),
    "stock.record-readings": Text("保存温度读数", "Keep readings"),
    "stock.judge-excursion": Text("判定温度超限", "Judge an excursion"),
    "stock.storage-check": Text("养护检查", "Storage check"),
}


def _about(scope: Scope) -> Q | None:
    """The moves of a pack's units, or of its lot; None where it is about neither."""
    products = [one.id for one in scope.subjects if one.entity == "product"]
    if scope.kind == "device":
        serials = [one.title for one in scope.subjects if one.entity == "device"]
        return Q(product_id__in=products, unit__serial_no__in=serials)
    if scope.kind == "lot":
        return Q(product_id__in=products, lot__lot_no=scope.key.partition("/")[2])
    return None


def _place(location: Location) -> str | Text:
    if location.party_id and location.party:
        return str(location.party)
    return str(location) if location.warehouse_id else LOCATION_KINDS[location.kind]


def collect_moves(scope: Scope, limit: int) -> Chapter | None:
    """Where the units or the lot of a pack have been, oldest first. Raises ``pack.too-large``."""
    about = _about(scope)
    if about is None:
        return None
    found = list(selectors.moves().filter(about).order_by("seq")[: limit + 1])
    if len(found) > limit:
        raise too_large("stock-moves", rows=len(found), limit=limit)
    if not found:
        return None
    rows = [
        (
            one.posting.business_date.isoformat(), one.posting.number,
            POSTING_KINDS[one.posting.kind], one.lot.lot_no if one.lot else "",
            one.unit.serial_no if one.unit else "", _place(one.source), _place(one.target),
            f"{one.qty.normalize():f}", one.posting.person_name, one.posting.reason,
        )
        for one in found
    ]  # fmt: skip
    columns = (
        PackColumn("date", Text("日期", "Date"), "code"),
        PackColumn("posting", Text("过账", "Posting"), "code", 1.4),
        PackColumn("kind", Text("种类", "Kind")),
        PackColumn("lot", Text("批号", "Lot"), "code"),
        PackColumn("serial", Text("序列号", "Serial"), "code"),
        PackColumn("from", Text("从", "From"), width=1.4),
        PackColumn("to", Text("到", "To"), width=1.4),
        PackColumn("quantity", Text("数量", "Quantity"), "code"),
        PackColumn("person", Text("过账人", "Posted by")),
        PackColumn("reason", Text("原因", "Reason"), width=1.4),
    )
    return Chapter([PackTable("stock_moves", MOVES, columns, rows)])


def register() -> None:
    """Add stock to packs, retention and the auditor's desk, and name its commands."""
    name_commands(COMMANDS)
    register_section(Section("stock", MOVES, collect_moves, 17))
    register_retention(
        RetentionRule(
            "stock",
            Text("库存流水、批次、序列号", "Stock ledger, lots and serial units"),
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text(
                        "余额是流水之和;批次中可能有植入类。",
                        "Balances are the sum of the ledger, and lots may be of implants.",
                    ),
                )
            ],
            order=18,
        )
    )
    record_kind(
        "stock_lot",
        page="stock:lot",
        find=lambda text: Lot.objects.filter(lot_no=text.strip()).values_list("pk", flat=True)[
            :FOUND_MAX
        ],
    )
    record_kind(
        "stock_unit",
        page="stock:unit",
        find=lambda text: Unit.objects.filter(serial_no=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
    record_kind(
        "stock_posting",
        page="stock:posting",
        find=lambda text: Posting.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
