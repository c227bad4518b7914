"""Pages of a return to a supplier and of a supplier's invoice."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.core.screens import Column, DetailScreen, NextSteps, Related, Timeline, Value
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors
from kintsugi.purchasing.kinds import (
    INVOICE,
    MATCH_TONES,
    MATCHES,
    RETURN,
    RETURN_REASONS,
)
from kintsugi.purchasing.models import InvoiceLine
from kintsugi.purchasing.pages import (
    HAPPENED,
    LINE,
    LINES,
    ORDER_VALUE,
    QTY,
    WAREHOUSE_VALUE,
    crumbs,
    document,
    mine,
    money,
    pill,
    posting_value,
    story,
    supplier_value,
)
from kintsugi.purchasing.screens import SUPPLIER, url_of
from kintsugi.purchasing.steps import invoice_steps, return_steps
from kintsugi.stock import selectors as stock

# -- returns and invoices --------------------------------------------------------------------------

RETURN_PAGE = DetailScreen(
    permission="inbound.read",
    find=mine(selectors.returns),
    title=lambda record: str(record.number),
    subtitle=lambda record: f"{record.supplier_name} · {record.why}",
    pills=pill(RETURN),
    breadcrumbs=crumbs(Text("退供应商", "Returns to suppliers"), "returns"),
    panels=(
        Related(
            LINES,
            lambda record: record.lines.select_related(
                "receipt_line__product", "receipt_line__lot", "receipt_line__receipt",
                "location__warehouse", "unit",
            ).order_by("line"),
            (LINE,
             Column("receipt_line__product__product_code", label=Text("产品编码", "Product code"),
                    kind="code"),
             Column("receipt_line__product__name", label=Text("产品", "Product")),
             Column("receipt_line__lot__lot_no", label=Text("批号", "Lot"), kind="code"),
             Column("unit__serial_no", label=Text("序列号", "Serial number"), kind="code"),
             QTY,
             Column("location", label=Text("库位", "Location"), kind="code", sort=()),
             Column("quality", label=Text("质量", "Quality"), kind="state",
                    choices=stock.QUALITIES),
             Column("receipt_line__receipt__number", label=Text("收货单", "Receipt"), kind="code",
                    link=url_of("receipt", "receipt_line__receipt"))),
        ),
        NextSteps(return_steps),
        document(
            supplier_value(),
            WAREHOUSE_VALUE,
            Value("reason", label=Text("原因", "Reason"), choices=RETURN_REASONS),
            Value("requested_by_name", label=Text("申请人", "Requested by")),
            Value("decided_by_name", label=Text("审批人", "Decided by")),
            Value("decision_note", label=Text("审批意见", "Note")),
            Value("carrier", label=Text("承运商", "Carrier")),
            Value("waybill", label=Text("运单号", "Waybill"), kind="code"),
            Value("shipped_on", label=Text("退出", "Sent back"), kind="date"),
            Value("credit_expected", label=Text("应收红字金额", "Credit expected"),
                  value=lambda record: money(record.credit_expected)
                  if record.credit_expected else ""),
            Value("credit_no", label=Text("红字凭证", "Credit note"), kind="code"),
            Value("credited_on", label=Text("红冲日", "Credited"), kind="date"),
            posting_value("posting", Text("过账", "Posting")),
        ),
        Timeline(
            HAPPENED,
            story(
                (Text("申请", "Requested"), "created_at", "requested_by_name", "why", ""),
                (Text("审批", "Decided"), "decided_at", "decided_by_name", "decision_note", "good"),
            ),
            side=True,
        ),
    ),
)  # fmt: skip


def _resolve_url(row: InvoiceLine) -> str:
    """Where a difference is resolved; nowhere when there is none."""
    if row.result == "matched" or row.resolved_by_name or row.invoice.status != "entered":
        return ""
    return reverse("purchasing:resolve", args=[row.pk])


def find_invoice(user: Any, pk: UUID) -> Any:
    """The invoice with its totals and open differences."""
    record: Any = mine(selectors.invoices)(user, pk)
    lines = list(record.lines.all())
    record.net = sum((one.qty * one.unit_price for one in lines), Decimal(0))
    record.tax = sum((one.qty * one.unit_price * one.tax_rate for one in lines), Decimal(0))
    record.open = sum(one.result != "matched" and not one.resolved_by_name for one in lines)
    return record


INVOICE_PAGE = DetailScreen(
    permission="payable.read",
    find=find_invoice,
    title=lambda record: str(record.number),
    subtitle=lambda record: f"{record.supplier} · {record.invoice_no}",
    pills=lambda record: [
        *pill(INVOICE)(record),
        *([(Text(f"{record.open} 行差异", f"{record.open} differ"), "bad")] if record.open else []),
    ],
    breadcrumbs=crumbs(Text("供应商发票", "Suppliers' invoices"), "invoices"),
    panels=(
        Related(
            Text("三单匹配", "Three-way match"),
            lambda record: record.lines.select_related("order_line__product", "invoice")
            .order_by("line"),
            (Column("order_line__line", label=Text("行", "Line"), kind="number"),
             Column("order_line__product__name", label=Text("产品", "Product")),
             Column("result", label=Text("匹配", "Match"), kind="state", choices=MATCHES,
                    tones=MATCH_TONES, link=_resolve_url),
             Column("qty", label=Text("发票数量", "Invoiced"), kind="number"),
             Column("qty_open", label=Text("已验收未开票", "Accepted, not invoiced"),
                    kind="number"),
             Column("unit_price", label=Text("发票单价", "Price"), kind="number"),
             Column("price_ordered", label=Text("订单单价", "Price ordered"), kind="number"),
             Column("resolution", label=Text("处理", "Resolved as")),
             Column("resolved_by_name", label=Text("处理人", "Resolved by"))),
        ),
        NextSteps(invoice_steps),
        document(
            ORDER_VALUE,
            Value("supplier", label=SUPPLIER, value=lambda record: str(record.supplier),
                  link=lambda record: reverse("parties:detail", args=[record.supplier_id])),
            Value("invoice_no", label=Text("发票号", "Invoice number"), kind="code"),
            Value("invoiced_on", label=Text("开票日", "Date"), kind="date"),
            Value("net", label=Text("不含税金额", "Net"),
                  value=lambda record: f"{record.currency} {money(record.net)}"),
            Value("gross", label=Text("价税合计", "With tax"),
                  value=lambda record: f"{record.currency} {money(record.net + record.tax)}"),
            Value("price_tolerance_percent", label=Text("单价容差 %", "Price tolerance, %"),
                  kind="number"),
            Value("amount_tolerance", label=Text("金额容差", "Amount tolerance"),
                  value=lambda record: money(record.amount_tolerance)),
            Value("entered_by_name", label=Text("录入人", "Entered by")),
            Value("decided_by_name", label=Text("审核人", "Approved by")),
            Value("decision_note", label=Text("审核意见", "Note")),
        ),
        Timeline(
            HAPPENED,
            story(
                (Text("录入", "Entered"), "created_at", "entered_by_name", "", ""),
                (Text("审核", "Decided"), "decided_at", "decided_by_name", "decision_note", "good"),
            ),
            side=True,
        ),
    ),
)  # fmt: skip
