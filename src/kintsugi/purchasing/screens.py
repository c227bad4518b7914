"""Lists of purchasing: requests, orders, notices, receipts, acceptances, returns, invoices."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors
from kintsugi.purchasing.kinds import (
    INVOICE,
    NOTICE,
    ORDER,
    RECEIPT,
    REQUEST,
    RETURN,
    RETURN_REASONS,
    SOURCES,
    TONES,
)
from kintsugi.stock import selectors as stock

NUMBER = Text("单号", "Number")
STATE = Text("状态", "State")
SUPPLIER = Text("供应商", "Supplier")
WAREHOUSE = Text("仓库", "Warehouse")
EXPECTED = Text("预计到货", "Expected")
PURCHASE = Text("采购订单", "Purchase order")
CREATED = Text("建单", "Created")


def url_of(name: str, path: str = "") -> Callable[[Any], str]:
    """The page of a document, or of the one that ``path`` leads to."""

    def url(row: Any) -> str:
        for part in path.split("__") if path else ():
            row = getattr(row, part, None)
        return reverse(f"purchasing:{name}", args=[row.pk]) if row is not None else ""

    return url


def _number(name: str) -> Column:
    return Column("number", label=NUMBER, kind="code", link=url_of(name))


def _state(machine: Any) -> Column:
    return Column("status", label=STATE, kind="state", choices=machine, tones=TONES)


def _order(path: str = "order") -> Column:
    return Column(f"{path}__number", label=PURCHASE, kind="code", link=url_of("order", path))


def _warehouses(_user: Any) -> list[tuple[str, str]]:
    return [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]


WAREHOUSE_FILTER = Filter("warehouse", choices_of=_warehouses, label=WAREHOUSE)
WAREHOUSE_COLUMN = Column("warehouse", label=WAREHOUSE, sort=("warehouse__code",))


def _supplier(path: str) -> Column:
    return Column(
        f"{path}_name",
        label=SUPPLIER,
        link=lambda row: reverse(
            "parties:detail", args=[_read(row, path.rpartition("__")[0]).supplier_id]
        ),
    )


def _read(row: Any, path: str) -> Any:
    for part in path.split("__") if path else ():
        row = getattr(row, part)
    return row


REQUESTS = ListScreen(
    name="requisitions",
    title=Text("请购", "Purchase requests"),
    subtitle=Text("谁需要什么、为何;由另一人批准。",
                  "Who needs what and why; another person approves."),
    rows=lambda _user: selectors.requests(),
    permission="requisition.read",
    export_permission="requisition.export",
    columns=(
        _number("request"),
        _state(REQUEST),
        Column("why", label=Text("事由", "Why")),
        Column("source", label=Text("来源", "Source"), choices=SOURCES),
        WAREHOUSE_COLUMN,
        Column("requested_by_name", label=Text("申请人", "Requested by")),
        Column("created_at", label=CREATED, kind="moment"),
    ),
    search=("number", "why", "requested_by_name", "source_ref"),
    search_hint=Text("单号、事由或申请人", "Number, why or who"),
    filters=(
        Filter("status", choices=REQUEST, label=STATE),
        Filter("source", choices=SOURCES, label=Text("来源", "Source")),
        WAREHOUSE_FILTER,
    ),
    order=("-created_at",),
    actions=(
        Action(Text("新建请购", "New request"), lambda _r: reverse("purchasing:new-request"),
               "plus",
               True),
    ),
    empty=Empty(
        Text("没有请购单", "No purchase requests"),
        Text("缺货时在此申请采购。", "Ask here for what is needed."),
        icon="clipboard-list",
        action=Text("新建请购", "New request"),
        url=lambda: reverse("purchasing:new-request"),
    ),
)  # fmt: skip

ORDERS = ListScreen(
    name="purchase-orders",
    title=Text("采购订单", "Purchase orders"),
    subtitle=Text(
        "供应商的资质、范围和授权逐项校验,由采购员以外的人批准。",
        "The supplier's licences, scope and authorisation are checked; somebody other than the "
        "buyer approves.",
    ),
    rows=lambda _user: selectors.orders(),
    permission="purchase.read",
    export_permission="purchase.export",
    columns=(
        _number("order"),
        _state(ORDER),
        _supplier("supplier"),
        WAREHOUSE_COLUMN,
        Column("expected_on", label=EXPECTED, kind="date"),
        Column("ordered_on", label=Text("下单", "Ordered"), kind="date"),
        Column("buyer_name", label=Text("采购员", "Buyer")),
    ),
    find=selectors.found_orders,
    search_hint=Text("单号或供应商", "Number or supplier"),
    filters=(
        Filter("status", choices=ORDER, label=STATE),
        WAREHOUSE_FILTER,
        Filter("expected_on", kind="days", label=EXPECTED),
    ),
    order=("-number",),
    actions=(
        Action(
            Text("新建订单", "New order"), lambda _r: reverse("purchasing:new-order"), "plus", True
        ),
    ),
    empty=Empty(
        Text("没有采购订单", "No purchase orders"),
        Text("货物只按订单收货。", "Goods are received for an order only."),
        icon="file-text",
        action=Text("新建订单", "New order"),
        url=lambda: reverse("purchasing:new-order"),
    ),
)

NOTICES = ListScreen(
    name="notices",
    title=Text("到货通知", "Advance notices"),
    subtitle=Text(
        "供应商已发出、尚未收到的货物。", "What suppliers have sent and we have not received."
    ),
    rows=lambda _user: selectors.notices(),
    permission="purchase.read",
    export_permission="purchase.export",
    columns=(
        _number("notice"),
        _state(NOTICE),
        _order(),
        _supplier("order__supplier"),
        WAREHOUSE_COLUMN,
        Column("shipment_no", label=Text("发货单号", "Shipment"), kind="code"),
        Column("carrier", label=Text("承运商", "Carrier")),
        Column("waybill", label=Text("运单号", "Waybill"), kind="code"),
        Column("expected_on", label=EXPECTED, kind="date"),
    ),
    search=("number", "shipment_no", "waybill", "order__number", "order__supplier_name"),
    search_hint=Text("单号、发货单号、运单号、供应商", "Number, shipment, waybill, supplier"),
    filters=(
        Filter("status", choices=NOTICE, label=STATE),
        WAREHOUSE_FILTER,
        Filter("expected_on", kind="days", label=EXPECTED),
    ),
    order=("expected_on", "number"),
    empty=Empty(
        Text("没有到货通知", "No advance notices"),
        Text(
            "在采购订单页登记供应商的发货信息。",
            "Record what a supplier sends from the order's page.",
        ),
        icon="truck",
    ),
)

RECEIPTS = ListScreen(
    name="receipts",
    title=Text("收货与验收", "Receipts and acceptance"),
    subtitle=Text(
        "从到货到上架,每一步由谁完成。", "From arrival to the shelf, and who did each step."
    ),
    rows=lambda _user: selectors.receipts(),
    permission="inbound.read",
    export_permission="inbound.export",
    columns=(
        _number("receipt"),
        _state(RECEIPT),
        _order(),
        _supplier("order__supplier"),
        WAREHOUSE_COLUMN,
        Column("delivery_note", label=Text("随货单号", "Delivery note"), kind="code"),
        Column("arrived_on", label=Text("到货", "Arrived"), kind="date"),
        Column("receiver_name", label=Text("收货人", "Received by")),
    ),
    search=("number", "delivery_note", "order__number", "order__supplier_name"),
    search_hint=Text("单号、随货单号、供应商", "Number, delivery note, supplier"),
    filters=(
        Filter("status", choices=RECEIPT, label=STATE),
        WAREHOUSE_FILTER,
        Filter("order", kind="exact", lookup="order__number", label=PURCHASE),
        Filter("arrived_on", kind="days", label=Text("到货", "Arrived")),
    ),
    order=("-number",),
    actions=(
        Action(
            Text("收货", "Receive goods"),
            lambda _r: reverse("purchasing:open-receipt"),
            "scan",
            True,
        ),
    ),
    empty=Empty(
        Text("没有收货单", "No receipts"),
        Text(
            "货物到达时按订单开收货单,逐件扫描。",
            "Open a receipt for the order and scan what arrives.",
        ),
        icon="packages",
        action=Text("收货", "Receive goods"),
        url=lambda: reverse("purchasing:open-receipt"),
    ),
)

ACCEPTANCES = ListScreen(
    name="acceptances",
    title=Text("验收记录", "Acceptances"),
    subtitle=Text("验收人既不是采购员,也不是收货人。",
                  "By somebody who neither bought nor received."),
    rows=lambda _user: selectors.acceptances(),
    permission="inbound.read",
    export_permission="inbound.export",
    columns=(
        _number("acceptance"),
        Column("receipt__number", label=Text("收货单", "Receipt"), kind="code",
               link=url_of("receipt", "receipt")),
        _supplier("receipt__order__supplier"),
        WAREHOUSE_COLUMN,
        Column("inspected_on", label=Text("验收日", "Day"), kind="date"),
        Column("inspector_name", label=Text("验收人", "Inspected by")),
    ),
    search=("number", "receipt__number", "inspector_name"),
    search_hint=Text("单号、收货单或验收人", "Number, receipt or inspector"),
    filters=(WAREHOUSE_FILTER,
             Filter("inspected_on", kind="days", label=Text("验收日", "Day"))),
    order=("-number",),
    empty=Empty(
        Text("没有验收记录", "No acceptances"),
        Text("收货过账后即可验收。", "What was received can be inspected."),
        icon="clipboard-check",
    ),
)  # fmt: skip

RETURNS = ListScreen(
    name="supplier-returns",
    title=Text("退供应商", "Returns to suppliers"),
    rows=lambda _user: selectors.returns(),
    permission="inbound.read",
    export_permission="inbound.export",
    columns=(
        _number("return"),
        _state(RETURN),
        _supplier("supplier"),
        WAREHOUSE_COLUMN,
        Column("reason", label=Text("原因", "Reason"), choices=RETURN_REASONS),
        Column("shipped_on", label=Text("退出", "Sent back"), kind="date"),
        Column("credit_no", label=Text("红字凭证", "Credit note"), kind="code"),
    ),
    search=("number", "supplier_name", "credit_no", "waybill"),
    search_hint=Text("单号、供应商、红字凭证", "Number, supplier, credit note"),
    filters=(
        Filter("status", choices=RETURN, label=STATE),
        Filter("reason", choices=RETURN_REASONS, label=Text("原因", "Reason")),
        WAREHOUSE_FILTER,
    ),
    order=("-number",),
    empty=Empty(
        Text("没有退供单", "No returns"),
        Text("在收货单页发起退供。", "A return starts from the page of the receipt."),
        icon="arrow-back-up",
    ),
)

INVOICES = ListScreen(
    name="supplier-invoices",
    title=Text("供应商发票", "Suppliers' invoices"),
    subtitle=Text(
        "逐行与订单单价和验收数量核对;有差异不能审核。",
        "Each line is held against the price ordered and the quantity accepted; nothing with an "
        "open difference is approved.",
    ),
    rows=lambda _user: selectors.invoices(),
    permission="payable.read",
    export_permission="payable.export",
    columns=(
        _number("invoice"),
        _state(INVOICE),
        Column(
            "supplier",
            label=SUPPLIER,
            sort=("supplier__name_sort",),
            link=lambda row: reverse("parties:detail", args=[row.supplier_id]),
        ),
        Column("invoice_no", label=Text("发票号", "Invoice number"), kind="code"),
        Column("invoiced_on", label=Text("开票日", "Date"), kind="date"),
        _order(),
        Column("entered_by_name", label=Text("录入人", "Entered by")),
    ),
    search=("number", "invoice_no", "supplier__name", "order__number"),
    search_hint=Text("单号、发票号、供应商", "Number, invoice number, supplier"),
    filters=(
        Filter("status", choices=INVOICE, label=STATE),
        Filter("invoiced_on", kind="days", label=Text("开票日", "Date")),
    ),
    order=("-number",),
    empty=Empty(
        Text("没有发票", "No invoices"),
        Text("在采购订单页录入供应商的发票。", "Enter a supplier's invoice from the order's page."),
        icon="report",
    ),
)


def receipts_of(order: Any) -> str:
    """The address of an order's receipts."""
    return f"{reverse('purchasing:receipts')}?{urlencode({'order': order.number})}"
