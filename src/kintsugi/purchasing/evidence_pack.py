"""Evidence packs, retention and the auditor's desk: where goods came from and who accepted them."""

from collections.abc import Callable
from typing import Any

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
from kintsugi.purchasing.kinds import RECEIPT
from kintsugi.purchasing.models import Acceptance, Invoice, Order, Receipt, ReceiptLine, Return
from kintsugi.stock import selectors as stock

TITLE = Text("采购与验收", "Purchase and acceptance")
FOUND_MAX = 20
COMMANDS = {
    f"purchasing.{name}": Text(zh, en)
    for name, zh, en in (
        ("request", "请购", "Ask for a purchase"),
        ("decide-request", "审批请购", "Decide a purchase request"),
        ("cancel-request", "取消请购", "Cancel a purchase request"),
        ("order", "建采购订单", "Draft a purchase order"),
        ("submit-order", "提交采购订单", "Hand in a purchase order"),
        ("approve-order", "批准采购订单", "Approve a purchase order"),
        ("send-back-order", "退回采购订单", "Send a purchase order back"),
        ("cancel-order", "取消采购订单", "Cancel a purchase order"),
        ("close-order", "关闭采购订单", "Close a purchase order"),
        ("announce", "登记到货通知", "Record an advance notice"),
        ("cancel-notice", "取消到货通知", "Cancel an advance notice"),
        ("open-receipt", "开收货单", "Open a receipt"),
        ("describe-arrival", "记录到货温度", "Write down how goods arrived"),
        ("scan", "收货扫描", "Scan into a receipt"),
        ("take-out", "取出收货扫描", "Take a scan out of a receipt"),
        ("receive", "收货过账", "Post a receipt"),
        ("cancel-receipt", "取消收货单", "Cancel a receipt"),
        ("reverse-receipt", "冲销收货", "Reverse a receipt"),
        ("accept", "验收", "Accept goods"),
        ("prove", "验收前验证身份", "Prove who inspects"),
        ("sign-acceptance", "签署验收记录", "Sign an acceptance"),
        ("put-away", "上架", "Put goods away"),
        ("return", "申请退供应商", "Ask for a return to a supplier"),
        ("decide-return", "审批退供应商", "Decide a return to a supplier"),
        ("cancel-return", "取消退供应商", "Cancel a return to a supplier"),
        ("ship-return", "退供应商发出", "Send goods back to a supplier"),
        ("credit-return", "登记红字凭证", "Record a credit note"),
        ("enter-invoice", "录入供应商发票", "Enter a supplier's invoice"),
        ("resolve-difference", "处理发票差异", "Resolve a difference of an invoice"),
        ("match-again", "重新匹配发票", "Match an invoice again"),
        ("decide-invoice", "审核供应商发票", "Decide a supplier's invoice"),
    )
}


def _about(scope: Scope) -> Q | None:
    """The lines of receipts that a pack's units or lot came with; None where about neither."""
    products = [one.id for one in scope.subjects if one.entity == "product"]
    if scope.kind == "lot":
        return Q(product_id__in=products, lot__lot_no=scope.key.partition("/")[2])
    if scope.kind == "device":
        serials = [one.title for one in scope.subjects if one.entity == "device"]
        came = stock.moves().filter(
            product_id__in=products, unit__serial_no__in=serials, posting__kind="receipt"
        )
        return Q(pk__in=list(came.values_list("document_line", flat=True)[:FOUND_MAX]))
    return None


def collect(scope: Scope, limit: int) -> Chapter | None:
    """Receipt and acceptance of the units or the lot of a pack, oldest first. Raises
    ``pack.too-large``."""
    about = _about(scope)
    if about is None:
        return None
    rows = ReceiptLine.objects.filter(about).select_related(
        "receipt__order", "lot", "inspection__acceptance"
    )
    found = list(rows.order_by("receipt__number", "line")[: limit + 1])
    if len(found) > limit:
        raise too_large("purchase-receipts", rows=len(found), limit=limit)
    if not found:
        return None
    lines = []
    for one in found:
        inspection = getattr(one, "inspection", None)
        lines.append(
            (
                one.receipt.arrived_on.isoformat(), one.receipt.number, one.receipt.order.number,
                one.receipt.order.supplier_name, one.receipt.delivery_note,
                RECEIPT.states[one.receipt.status], f"{one.qty.normalize():f}", one.finding,
                inspection.acceptance.number if inspection else "",
                inspection.acceptance.inspector_name if inspection else "",
                f"{one.qualified.normalize():f} / {one.rejected.normalize():f}"
                if inspection else "",
            )
        )  # fmt: skip
    columns = (
        PackColumn("arrived", Text("到货", "Arrived"), "code"),
        PackColumn("receipt", Text("收货单", "Receipt"), "code", 1.3),
        PackColumn("order", Text("采购订单", "Purchase order"), "code", 1.3),
        PackColumn("supplier", Text("供应商", "Supplier"), width=1.4),
        PackColumn("delivery_note", Text("随货单号", "Delivery note"), "code"),
        PackColumn("state", Text("状态", "State")),
        PackColumn("quantity", Text("数量", "Quantity"), "code"),
        PackColumn("finding", Text("到货异常", "Finding")),
        PackColumn("acceptance", Text("验收单", "Acceptance"), "code", 1.3),
        PackColumn("inspector", Text("验收人", "Inspected by")),
        PackColumn("accepted", Text("合格 / 不合格", "Qualified / rejected"), "code"),
    )
    return Chapter([PackTable("purchase_receipts", TITLE, columns, lines)])


def register() -> None:
    """Add purchasing to packs, retention and the auditor's desk, and name its commands."""
    name_commands(COMMANDS)
    register_section(Section("purchasing", TITLE, collect, 16))
    register_retention(
        RetentionRule(
            "purchasing",
            Text("采购、收货、验收记录", "Records of purchase, receipt and acceptance"),
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text(
                        "进货查验记录随批次保存;其中可能有植入类。",
                        "Records of what came in are kept with their lots, some of them implants.",
                    ),
                )
            ],
            order=17,
        )
    )
    for table, page, model in (
        ("purchasing_order", "order", Order),
        ("purchasing_receipt", "receipt", Receipt),
        ("purchasing_acceptance", "acceptance", Acceptance),
        ("purchasing_return", "return", Return),
        ("purchasing_invoice", "invoice", Invoice),
    ):
        record_kind(table, page=f"purchasing:{page}", find=_numbered(model))


def _numbered(model: Any) -> Callable[[str], Any]:
    """Finds documents by their number."""

    def find(text: str) -> Any:
        rows = model._default_manager.filter(number=text.strip().upper())
        return rows.values_list("pk", flat=True)[:FOUND_MAX]

    return find
