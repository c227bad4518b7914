"""Pages of one request, order, notice, receipt, acceptance, return and invoice: what it says, what
may happen next and why not, and what has happened."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.urls import reverse

from kintsugi.core.access import may
from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Fields,
    NextSteps,
    Related,
    Timeline,
    Value,
    Verdicts,
)
from kintsugi.core.screens.parts import Words, language
from kintsugi.core.verdicts import Verdict, from_kept
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import MEANINGS, signatures_of
from kintsugi.purchasing import selectors
from kintsugi.purchasing.kinds import (
    CHECKS,
    FINDINGS,
    NOTICE,
    ORDER,
    RECEIPT,
    REJECT_REASONS,
    REQUEST,
    SOURCES,
    TONES,
)
from kintsugi.purchasing.models import OrderLine
from kintsugi.purchasing.screens import (
    EXPECTED,
    NUMBER,
    PURCHASE,
    SUPPLIER,
    WAREHOUSE,
    receipts_of,
    url_of,
)
from kintsugi.purchasing.steps import (
    notice_steps,
    order_steps,
    receipt_steps,
    request_steps,
)
from kintsugi.purchasing.verdicts import order_verdicts
from kintsugi.purchasing.views import today
from kintsugi.stock import selectors as stock

CENT = Decimal("0.01")
LINES = Text("明细", "Lines")
HAPPENED = Text("经过", "What happened")
ABOUT = Text("单据", "Document")
LINE = Column("line", label=Text("行", "Line"), kind="number")
PRODUCT = Column(
    "product__product_code",
    label=Text("产品编码", "Product code"),
    kind="code",
    link=lambda row: reverse("products:detail", args=[row.product_id]),
)
NAME = Column("product__name", label=Text("产品", "Product"))
QTY = Column("qty", label=Text("数量", "Quantity"), kind="number")


def crumbs(words: Words, name: str) -> Any:
    """The way back to a list."""
    return lambda _record: [(words, reverse(f"purchasing:{name}"))]


def pill(machine: Any) -> Any:
    """The state of a document."""
    return lambda record: [(machine.states[record.status], TONES.get(record.status, ""))]


def money(value: Any) -> str:
    """An amount with two decimals."""
    return f"{Decimal(value).quantize(CENT, ROUND_HALF_UP):,}"


def document(*fields: Value) -> Fields:
    """Names and values of a document; what is empty is left out."""
    return Fields(ABOUT, fields, hide_empty=True)


def supplier_value(path: str = "") -> Value:
    """The supplier as it was called, from the document or from its order (``path``)."""

    def of(record: Any) -> Any:
        for part in path.split("__") if path else ():
            record = getattr(record, part)
        return record

    return Value("supplier", label=SUPPLIER, value=lambda record: of(record).supplier_name,
                 link=lambda record: reverse("parties:detail",
                                             args=[of(record).supplier_id]))  # fmt: skip


def mine(rows: Any) -> Any:
    """Finds a document and remembers who looks at it: some steps are for another person."""

    def find(user: Any, pk: UUID) -> Any:
        record = rows().get(pk=pk)
        record.me = getattr(user, "person_id", None)
        return record

    return find


def story(*events: tuple[Text, str, str, str, str]) -> Any:
    """Entries from (title, path of the moment, path of the name, path of the note, tone)."""

    def entries(record: Any) -> Iterable[Mapping[str, Any]]:
        found = [
            {
                "at": getattr(record, at),
                "title": title,
                "who": getattr(record, who) if who else "",
                "why": getattr(record, why) if why else "",
                "tone": tone,
            }
            for title, at, who, why, tone in events
            if getattr(record, at)
        ]
        return sorted(found, key=lambda one: one["at"], reverse=True)

    return entries


WAREHOUSE_VALUE = Value("warehouse", label=WAREHOUSE, value=lambda record: str(record.warehouse))
ORDER_VALUE = Value(
    "order__number", label=PURCHASE, kind="code",
    value=lambda record: record.order.number, link=url_of("order", "order"),
)  # fmt: skip


# -- requests and orders ---------------------------------------------------------------------------

REQUEST_PAGE = DetailScreen(
    permission="requisition.read",
    find=mine(selectors.requests),
    title=lambda record: str(record.number),
    subtitle=lambda record: str(record.why),
    pills=pill(REQUEST),
    breadcrumbs=crumbs(Text("请购", "Purchase requests"), "requests"),
    panels=(
        Related(
            LINES,
            lambda record: record.lines.select_related("product").order_by("line"),
            (LINE, PRODUCT, NAME, QTY,
             Column("wanted_by", label=Text("需用日", "Wanted by"), kind="date"),
             Column("why", label=Text("用途", "Why"))),
        ),
        Related(
            Text("采购订单", "Purchase orders"),
            lambda record: record.orders.order_by("number"),
            (Column("number", label=NUMBER, kind="code", link=url_of("order")),
             Column("status", label=Text("状态", "State"), kind="state", choices=ORDER,
                    tones=TONES)),
            empty=Text("还没有下单。", "Not ordered yet."),
        ),
        NextSteps(request_steps),
        document(
            WAREHOUSE_VALUE,
            Value("source", label=Text("来源", "Source"), choices=SOURCES),
            Value("source_ref", label=Text("来源单号", "From document"), kind="code"),
            Value("requested_by_name", label=Text("申请人", "Requested by")),
            Value("decided_by_name", label=Text("审批人", "Decided by")),
            Value("decision_note", label=Text("审批意见", "Note")),
        ),
        Timeline(
            HAPPENED,
            story(
                (Text("提出", "Requested"), "created_at", "requested_by_name", "why", ""),
                (Text("审批", "Decided"), "decided_at", "decided_by_name", "decision_note", "good"),
            ),
            side=True,
        ),
    ),
)  # fmt: skip


def find_order(user: Any, pk: UUID) -> Any:
    """The order with its totals and what its checks find today, or found when it was placed."""
    record: Any = mine(selectors.orders)(user, pk)
    record.net = sum((one.qty * one.unit_price for one in record.lines.all()), Decimal(0))
    record.tax = sum(
        (one.qty * one.unit_price * one.tax_rate for one in record.lines.all()), Decimal(0)
    )
    judges = may("purchase.create") or may("purchase.approve")
    live = record.status in ("draft", "submitted") and judges
    record.found = order_verdicts(record, on=today()) if live else from_kept(record.verdicts)
    return record


def _order_verdicts(record: Any) -> Sequence[Verdict]:
    found: Sequence[Verdict] = record.found
    return found


def _accepted(record: Any) -> list[OrderLine]:
    """The lines of an order with what of each was accepted, returned and invoiced."""
    lines = list(record.lines.select_related("product").order_by("line"))
    ids = [one.pk for one in lines]
    good, billed = selectors.accepted_net(ids), selectors.invoiced(ids)
    for one in lines:
        one.accepted = good.get(one.pk, Decimal(0))
        one.invoiced = billed.get(one.pk, Decimal(0))
    return lines


ORDER_PAGE = DetailScreen(
    permission="purchase.read",
    find=find_order,
    title=lambda record: str(record.number),
    subtitle=lambda record: str(record.supplier_name),
    pills=pill(ORDER),
    breadcrumbs=crumbs(Text("采购订单", "Purchase orders"), "orders"),
    actions=lambda record: [
        Action(Text("打印", "Print"), reverse("purchasing:order-paper", args=[record.pk]),
               "printer")
    ],
    panels=(
        Related(
            LINES,
            _accepted,
            (LINE, PRODUCT, NAME,
             Column("qty", label=Text("订购", "Ordered"), kind="number"),
             Column("unit_price", label=Text("不含税单价", "Net price"), kind="number"),
             Column("tax_rate", label=Text("税率", "Tax rate"),
                    value=lambda row: f"{(row.tax_rate * 100).normalize():f} %"),
             Column("received", label=Text("到货", "Received"), kind="number"),
             Column("accepted", label=Text("验收合格", "Accepted"), kind="number"),
             Column("invoiced", label=Text("已开票", "Invoiced"), kind="number")),
        ),
        Verdicts(Text("校验", "Checks"), _order_verdicts),
        Related(
            Text("到货通知", "Advance notices"),
            lambda record: record.notices.order_by("-number"),
            (Column("number", label=NUMBER, kind="code", link=url_of("notice")),
             Column("status", label=Text("状态", "State"), kind="state", choices=NOTICE,
                    tones=TONES),
             Column("shipment_no", label=Text("发货单号", "Shipment"), kind="code"),
             Column("expected_on", label=EXPECTED, kind="date")),
            empty=Text("没有在途货物的通知。", "Nothing is announced."),
        ),
        Related(
            Text("收货", "Receipts"),
            lambda record: record.receipts.order_by("-number"),
            (Column("number", label=NUMBER, kind="code", link=url_of("receipt")),
             Column("status", label=Text("状态", "State"), kind="state", choices=RECEIPT,
                    tones=TONES),
             Column("arrived_on", label=Text("到货", "Arrived"), kind="date"),
             Column("receiver_name", label=Text("收货人", "Received by"))),
            empty=Text("还没有到货。", "Nothing has arrived yet."),
            more=receipts_of,
        ),
        NextSteps(order_steps),
        document(
            supplier_value(),
            WAREHOUSE_VALUE,
            Value("buyer_name", label=Text("采购员", "Buyer")),
            Value("decided_by_name", label=Text("批准人", "Approved by")),
            Value("expected_on", label=EXPECTED, kind="date"),
            Value("net", label=Text("不含税金额", "Net"),
                  value=lambda record: f"{record.currency} {money(record.net)}"),
            Value("gross", label=Text("价税合计", "With tax"),
                  value=lambda record: f"{record.currency} {money(record.net + record.tax)}"),
            Value("terms", label=Text("条款", "Terms")),
            Value("request", label=Text("请购单", "Request"), kind="code",
                  value=lambda record: record.request and record.request.number,
                  link=url_of("request", "request")),
            Value("decision_note", label=Text("审批意见", "Note")),
            Value("end_reason", label=Text("结束原因", "Why it ended")),
        ),
        Timeline(
            HAPPENED,
            story(
                (Text("建单", "Drafted"), "created_at", "buyer_name", "", ""),
                (Text("批准并下单", "Approved and placed"), "decided_at", "decided_by_name",
                 "decision_note", "good"),
            ),
            side=True,
        ),
    ),
)  # fmt: skip

NOTICE_PAGE = DetailScreen(
    permission="purchase.read",
    find=mine(selectors.notices),
    title=lambda record: str(record.number),
    subtitle=lambda record: f"{record.order.supplier_name} · {record.shipment_no}",
    pills=pill(NOTICE),
    breadcrumbs=crumbs(Text("到货通知", "Advance notices"), "notices"),
    panels=(
        Related(
            LINES,
            lambda record: record.lines.select_related("order_line__product").order_by("line"),
            (LINE,
             Column("order_line__product__product_code", label=Text("产品编码", "Product code"),
                    kind="code"),
             Column("order_line__product__name", label=Text("产品", "Product")), QTY,
             Column("lot_no", label=Text("批号", "Lot"), kind="code"),
             Column("expiry_date", label=Text("有效期", "Expiry"), kind="date"),
             Column("serials", label=Text("序列号", "Serial numbers"),
                    value=lambda row: row.serials[:20], sort=())),
        ),
        NextSteps(notice_steps),
        document(
            ORDER_VALUE,
            WAREHOUSE_VALUE,
            Value("carrier", label=Text("承运商", "Carrier")),
            Value("waybill", label=Text("运单号", "Waybill"), kind="code"),
            Value("shipped_on", label=Text("发货", "Shipped"), kind="date"),
            Value("expected_on", label=EXPECTED, kind="date"),
            Value("announced_by_name", label=Text("登记人", "Recorded by")),
            Value("end_reason", label=Text("取消原因", "Why it was cancelled")),
        ),
    ),
)  # fmt: skip


# -- receipts and acceptances ----------------------------------------------------------------------


def find_receipt(user: Any, pk: UUID) -> Any:
    """The receipt with the number of things scanned into it."""
    record: Any = mine(selectors.receipts)(user, pk)
    record.scanned = selectors.scans(record).aggregate(n=Sum("qty"))["n"] or Decimal(0)
    return record


def posting_value(name: str, label: Text) -> Value:
    """The posting of the ledger that a document made."""
    return Value(
        name, label=label, kind="code",
        value=lambda record: getattr(record, name) and getattr(record, name).number,
        link=lambda record: reverse("stock:posting", args=[getattr(record, f"{name}_id")]),
    )  # fmt: skip


RECEIPT_PAGE = DetailScreen(
    permission="inbound.read",
    find=find_receipt,
    title=lambda record: str(record.number),
    subtitle=lambda record: f"{record.order.supplier_name} · {record.delivery_note}",
    pills=pill(RECEIPT),
    breadcrumbs=crumbs(Text("收货与验收", "Receipts and acceptance"), "receipts"),
    actions=lambda record: [
        Action(Text("打印", "Print"), reverse("purchasing:receipt-paper", args=[record.pk]),
               "printer")
    ] if record.posting_id else [],
    panels=(
        Related(
            LINES,
            lambda record: selectors.receipt_lines(record),
            (LINE, PRODUCT, NAME,
             Column("lot__lot_no", label=Text("批号", "Lot"), kind="code",
                    link=lambda row: reverse("stock:lot", args=[row.lot_id]) if row.lot_id else ""),
             Column("expiry_date", label=Text("有效期", "Expiry"), kind="date"),
             Column("qty", label=Text("到货", "Arrived"), kind="number"),
             Column("qualified", label=Text("合格", "Qualified"), kind="number"),
             Column("rejected", label=Text("不合格", "Rejected"), kind="number"),
             Column("put_away", label=Text("上架", "Put away"), kind="number"),
             Column("returned", label=Text("退供", "Returned"), kind="number"),
             Column("finding", label=Text("到货异常", "Finding"))),
            empty=Text("扫描后过账,明细在此出现。", "The lines appear when it is posted."),
        ),
        Related(
            Text("验收", "Acceptances"),
            lambda record: record.acceptances.order_by("number"),
            (Column("number", label=NUMBER, kind="code", link=url_of("acceptance")),
             Column("inspected_on", label=Text("验收日", "Day"), kind="date"),
             Column("inspector_name", label=Text("验收人", "Inspected by"))),
            empty=Text("还没有验收。", "Not inspected yet."),
        ),
        NextSteps(receipt_steps),
        document(
            ORDER_VALUE,
            supplier_value("order"),
            WAREHOUSE_VALUE,
            Value("delivery_note", label=Text("随货单号", "Delivery note"), kind="code"),
            Value("arrived_on", label=Text("到货", "Arrived"), kind="date"),
            Value("arrival_temp", label=Text("到货温度 °C", "Temperature on arrival, °C"),
                  kind="number"),
            Value("transport_hours", label=Text("运输时长 h", "Transport, h"), kind="number"),
            Value("late_reason", label=Text("补录原因", "Why it is recorded late")),
            Value("receiver_name", label=Text("收货人", "Received by")),
            Value("scanned", label=Text("已扫描", "Scanned"), kind="number"),
            posting_value("posting", Text("过账", "Posting")),
            posting_value("reversal", Text("冲销", "Reversal")),
            Value("void_reason", label=Text("原因", "Reason")),
        ),
        Timeline(HAPPENED, lambda record: receiptstory(record), side=True),
    ),
)  # fmt: skip


def receiptstory(record: Any) -> list[dict[str, Any]]:
    """What happened to a receipt, by its postings and acceptances, the newest first."""
    found: list[dict[str, Any]] = [
        {"at": record.created_at, "title": Text("开单", "Opened"), "who": record.receiver_name}
    ]
    rows = stock.postings().filter(document_id=record.pk).order_by("-posted_at")[:50]
    names = {
        "receipt": Text("收货过账", "Received"),
        "put_away": Text("上架", "Put away"),
        "reversal": Text("冲销", "Reversed"),
    }
    found += [
        {
            "at": one.posted_at, "title": names.get(one.kind, Text(one.kind, one.kind)),
            "who": one.person_name, "why": one.reason,
            "url": reverse("stock:posting", args=[one.pk]),
            "tone": "warn" if one.kind == "reversal" else "good",
        }
        for one in rows
    ]  # fmt: skip
    found += [
        {
            "at": one.inspected_at, "title": Text(f"验收 {one.number}", f"Accepted, {one.number}"),
            "who": one.inspector_name, "why": one.note, "tone": "good",
            "url": reverse("purchasing:acceptance", args=[one.pk]),
        }
        for one in record.acceptances.order_by("-inspected_at")[:50]
    ]  # fmt: skip
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _checks(row: Any) -> str:
    """What the checks of a line found, those that did not pass first."""
    spoken = language()
    parts = sorted(row.checks.items(), key=lambda one: one[1] != "fail")
    return "; ".join(f"{CHECKS[k].get(spoken)}: {FINDINGS[v].get(spoken)}" for k, v in parts)


def _signature(record: Any) -> Any:
    found = signatures_of(kind="purchasing.acceptance", object_ids=[record.pk])
    return found[0] if found else None


def signature_words(record: Any) -> str:
    """Who signed; empty where an acceptance came over the API, which names its inspector only."""
    found = _signature(record)
    return f"{found.printed_name} · {MEANINGS[found.meaning].get(language())}" if found else ""


def signature_url(record: Any) -> str:
    """The page of the signature."""
    found = _signature(record)
    return reverse("signatures:detail", args=[found.pk]) if found else ""


ACCEPTANCE_PAGE = DetailScreen(
    permission="inbound.read",
    find=mine(selectors.acceptances),
    title=lambda record: str(record.number),
    subtitle=lambda record: f"{record.receipt.number} · {record.receipt.order.supplier_name}",
    breadcrumbs=crumbs(Text("验收记录", "Acceptances"), "acceptances"),
    actions=lambda record: [
        Action(Text("打印", "Print"), reverse("purchasing:receipt-paper", args=[record.receipt_id]),
               "printer")
    ],
    panels=(
        Related(
            LINES,
            lambda record: record.lines.select_related(
                "receipt_line__product", "receipt_line__lot"
            ).order_by("receipt_line__line"),
            (Column("receipt_line__line", label=Text("行", "Line"), kind="number"),
             Column("receipt_line__product__name", label=Text("产品", "Product")),
             Column("receipt_line__lot__lot_no", label=Text("批号", "Lot"), kind="code"),
             Column("arrived", label=Text("到货", "Arrived"), kind="number"),
             Column("sample_planned", label=Text("方案抽样", "Sample by the plan"), kind="number"),
             Column("sample_size", label=Text("抽样", "Sample"), kind="number"),
             Column("checks", label=Text("检查", "Checks"), value=_checks, sort=()),
             Column("qualified", label=Text("合格", "Qualified"), kind="number"),
             Column("rejected", label=Text("不合格", "Rejected"), kind="number"),
             Column("reject_reason", label=Text("原因", "Reason"), choices=REJECT_REASONS),
             Column("note", label=Text("备注", "Note"))),
        ),
        document(
            Value("receipt", label=Text("收货单", "Receipt"), kind="code",
                  value=lambda record: record.receipt.number, link=url_of("receipt", "receipt")),
            WAREHOUSE_VALUE,
            Value("inspector_name", label=Text("验收人", "Inspected by")),
            Value("inspected_at", label=Text("验收时间", "Inspected"), kind="moment"),
            Value("signature", label=Text("电子签名", "Signature"), value=signature_words,
                  link=signature_url),
            Value("note", label=Text("备注", "Note")),
            posting_value("posting", Text("过账", "Posting")),
        ),
    ),
)  # fmt: skip
