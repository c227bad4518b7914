"""An invoice on paper: a print of our record, which says that it is not the tax invoice itself."""

import datetime as dt

from kintsugi.billing.kinds import INVOICE, INVOICE_KINDS, ISSUED
from kintsugi.billing.models import Invoice
from kintsugi.billing.selectors import invoices
from kintsugi.billing.services import LINES_MAX
from kintsugi.core.printing import Parties, document
from kintsugi.core.printing import papers as frames
from kintsugi.core.printing.paper import Cell
from kintsugi.engine.text import Text

NOT_A_TAX_INVOICE = Text(
    "本页为系统记录的打印件,不是税务发票,不作抵扣凭证。",
    "This is a print of the record. It is no tax invoice and gives no right to deduct tax.",
)


def invoice_pdf(record: Invoice, *, at: dt.datetime, printed_by: str, language: str) -> bytes:
    """The record as PDF; the same record, time and person give the same bytes. Raises KintsugiError
    ``print.too-many-lines``."""
    lines = []
    for one in invoices.lines_of(record.pk)[:LINES_MAX]:
        item = one.receipt_line.item
        lines.append(
            frames.GoodsLine(
                product_code=one.product.product_code,
                name=one.product.name or "",
                spec=" ".join(filter(None, (one.product.spec, one.product.model))),
                lot_no=item.lot.lot_no if item.lot else "",
                serials=[item.unit.serial_no] if item.unit else [],
                qty=one.qty,
                uom=str(one.product.base_uom or ""),
                unit_price=one.price * (1 - one.discount),
                amount=one.net,
                tax_rate=f"{(one.tax_rate * 100).normalize():f}%",
                tax=one.tax,
                total=one.gross,
            )
        )
    facts: list[tuple[Text, Cell]] = [
        (Text("类型", "Kind"), INVOICE_KINDS[record.kind]),
        (Text("发票代码", "Code"), record.tax_code),
        (Text("发票号码", "Tax invoice no."), record.tax_number),
        (Text("开票日期", "Invoiced on"), record.invoiced_on),
    ]
    if record.original is not None:
        facts.append((Text("红冲原发票", "Credits"), record.original.tax_number))
        facts.append((Text("原因", "Reason"), record.reason))
    paper = frames.invoice(
        number=record.number,
        parties=[Parties(Text("购货单位", "Buyer"), [record.customer_name])],
        facts=[(name, value) for name, value in facts if value],
        lines=lines,
        currency=record.currency,
        is_credit=record.kind == "credit",
        notes=[NOT_A_TAX_INVOICE],
        state=None if record.status in ISSUED else INVOICE.states[record.status],
    )
    return document(paper, at=at, printed_by=printed_by, language=language)
