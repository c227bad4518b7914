"""Reads of purchasing shared with other apps, and those of its pages."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum

from kintsugi.purchasing.models import (
    Acceptance,
    Invoice,
    InvoiceLine,
    Notice,
    NoticeLine,
    Order,
    Receipt,
    ReceiptLine,
    Request,
    Return,
    ReturnLine,
    Scan,
)
from kintsugi.stock import selectors as stock


def accepted_net(order_lines: Sequence[UUID]) -> dict[UUID, Decimal]:
    """What was accepted of lines of orders and did not go back, by line. Rejected goods that go
    back were never accepted, so only what was returned as qualified counts against it."""
    rows = ReceiptLine.objects.filter(order_line__in=order_lines)
    good = dict(
        rows.exclude(receipt__status="reversed")
        .values("order_line").annotate(n=Sum("qualified")).values_list("order_line", "n")
    )  # fmt: skip
    back = (
        ReturnLine.objects.filter(
            receipt_line__order_line__in=order_lines, quality="qualified",
            goods_return__status__in=("shipped", "credited"),
        )
        .values("receipt_line__order_line").annotate(n=Sum("qty"))
        .values_list("receipt_line__order_line", "n")
    )  # fmt: skip
    for line, qty in back:
        good[line] = good.get(line, Decimal(0)) - qty
    return good


def invoiced(order_lines: Sequence[UUID], *, but: UUID | None = None) -> dict[UUID, Decimal]:
    """What invoices that stand ask for of lines of orders, other than one of them."""
    rows = InvoiceLine.objects.filter(order_line__in=order_lines)
    rows = rows.exclude(invoice__status="rejected").exclude(invoice=but)
    return dict(rows.values("order_line").annotate(n=Sum("qty")).values_list("order_line", "n"))


def returned_unplaced(lines: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Accepted goods of lines of receipts that went back before they were put on a shelf."""
    rows = ReturnLine.objects.filter(
        receipt_line__in=lines, quality="qualified", location=F("receipt_line__location"),
        goods_return__status__in=("shipped", "credited"),
    )  # fmt: skip
    return dict(rows.values("receipt_line").annotate(n=Sum("qty")).values_list("receipt_line", "n"))


def units_of(lines: Sequence[UUID]) -> dict[UUID, dict[str, UUID]]:
    """The serial units of lines of receipts: ids by serial number; one query."""
    found: dict[UUID, dict[str, UUID]] = {}
    rows = stock.moves().filter(document_line__in=lines, posting__kind="receipt")
    rows = rows.exclude(unit=None).order_by("seq").prefetch_related(None)
    for line, serial, unit in rows.values_list("document_line", "unit__serial_no", "unit_id"):
        if line is not None and unit is not None:
            found.setdefault(line, {})[serial] = unit
    return found


def scanned_by_line(receipt: Receipt) -> dict[UUID, Decimal]:
    """What was counted into a receipt, by line of its order."""
    rows = Scan.objects.filter(receipt=receipt, is_void=False)
    return dict(rows.values("order_line").annotate(n=Sum("qty")).values_list("order_line", "n"))


# -- documents -------------------------------------------------------------------------------------


def requests() -> QuerySet[Request]:
    """Purchase requests within the scope at work."""
    return Request.objects.select_related("warehouse")


def orders() -> QuerySet[Order]:
    """Purchase orders within the scope at work."""
    return Order.objects.select_related("warehouse", "request")


def notices() -> QuerySet[Notice]:
    """Advance notices within the scope at work."""
    return Notice.objects.select_related("order", "warehouse")


def in_transit() -> QuerySet[NoticeLine]:
    """What suppliers say is on its way."""
    return NoticeLine.objects.filter(notice__status="announced").select_related(
        "notice__order", "notice__warehouse", "order_line__product"
    )


def receipts() -> QuerySet[Receipt]:
    """Goods receipts within the scope at work."""
    return Receipt.objects.select_related("order", "warehouse", "notice")


def scans(receipt: Receipt) -> QuerySet[Scan]:
    """What was counted into a receipt and stands, the newest first."""
    rows = Scan.objects.filter(receipt=receipt, is_void=False).select_related("product")
    return rows.order_by("-scanned_at", "-pk")


def receipt_lines(receipt: Receipt) -> QuerySet[ReceiptLine]:
    """The lines of a posted receipt."""
    rows = ReceiptLine.objects.filter(receipt=receipt)
    return rows.select_related("product", "lot", "location__warehouse", "order_line").order_by(
        "line"
    )


def acceptances() -> QuerySet[Acceptance]:
    """Acceptances within the scope at work."""
    return Acceptance.objects.select_related("receipt__order", "warehouse")


def returns() -> QuerySet[Return]:
    """Returns to suppliers within the scope at work."""
    return Return.objects.select_related("warehouse")


def invoices() -> QuerySet[Invoice]:
    """Suppliers' invoices."""
    return Invoice.objects.select_related("supplier", "order")


def found_orders(rows: QuerySet[Order], text: str) -> QuerySet[Order]:
    """Orders by the beginning of their number, or a part of the supplier's name."""
    return rows.filter(Q(number__istartswith=text) | Q(supplier_name__icontains=text))
