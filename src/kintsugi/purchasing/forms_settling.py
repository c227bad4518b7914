"""Forms of returns and invoices."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse

from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.parts import choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.forms import (
    NOTE,
    QTY,
    TEMPLATE,
    day,
    decision_page,
    made_form,
    reason,
    reason_page,
    serials_in,
    text,
    values_of,
)
from kintsugi.purchasing.kinds import RETURN_REASONS
from kintsugi.purchasing.models import InvoiceLine
from kintsugi.purchasing.pages import mine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.rows import Cell, RowsField
from kintsugi.purchasing.screens import url_of
from kintsugi.purchasing.services import InvoiceLineIn, ReturnLineIn
from kintsugi.purchasing.views import now, today
from kintsugi.stock import selectors as stock

RETURN_CELLS = (
    Cell("line", Text("收货行", "Line of the receipt"), "number", required=True),
    Cell("place", Text("现在库位", "Where it lies now"), required=True),
    Cell("quality", Text("质量", "Quality"), "choice", required=True, initial="rejected",
         choices=[(code, stock.QUALITIES[code]) for code in ("rejected", "qualified", "pending")]),
    Cell("qty", QTY, "number"),
    Cell("serials", Text("序列号(逗号分隔)", "Serial numbers, with commas"), wide=True),
)  # fmt: skip


def return_form() -> type[forms.Form]:
    """What goes back, from where and why."""
    return made_form(
        reason=forms.ChoiceField(label=say(Text("原因", "Reason")),
                                 choices=choice_pairs(RETURN_REASONS)),
        why=reason(Text("说明", "What happened")),
        lines=RowsField(RETURN_CELLS, label=say(Text("明细", "Lines"))),
    )  # fmt: skip


def _return(
    *, user: Any, record: Any, version: Any, lines: Sequence[Mapping[str, Any]], **given: Any
) -> Any:
    known = dict(record.lines.values_list("line", "pk"))
    made = []
    for number, row in enumerate(lines, 1):
        serials = serials_in(row["serials"])
        if row["line"] not in known or (not serials and row["qty"] is None):
            raise refuse("quantity", line=number, field="lines")
        made.append(
            ReturnLineIn(known[int(row["line"])], row["place"], row["quality"],
                         row["qty"] or Decimal(len(serials)), serials)
        )  # fmt: skip
    return services.request_return(actor=user, lines=made, at=now(), **given)


NEW_RETURN = FormScreen(
    permission="inbound.create",
    find=mine(selectors.receipts),
    title=lambda record: say(Text(f"退供应商 · {record.number}",
                                  f"Return to the supplier · {record.number}")),
    form=return_form,
    values=values_of,
    save=_return,
    done=url_of("return"),
    saved=Text("已提交审批。", "Handed in for approval."),
    submit=Text("提交", "Hand in"),
    cancel=url_of("receipt"),
    template=TEMPLATE,
)  # fmt: skip
DECIDE_RETURN = decision_page(
    Text("审批退货", "Decide the return"), "purchase.approve", selectors.returns, "return",
    lambda user, record, yes, note, key: services.decide_return(
        actor=user, goods_return=record.pk, approve=yes, note=note, key=key, at=now()
    ),
)  # fmt: skip
CANCEL_RETURN = reason_page(
    Text("取消退货", "Cancel the return"), Text("取消退货", "Cancel the return"),
    "inbound.create", selectors.returns, "return",
    lambda user, record, said, key: services.cancel_return(
        actor=user, goods_return=record.pk, reason=said, key=key
    ),
)  # fmt: skip


def ship_form() -> type[forms.Form]:
    """With whom it goes."""
    return made_form(
        carrier=text(Text("承运商", "Carrier"), required=False, chars=120),
        waybill=text(Text("运单号", "Waybill"), required=False),
    )


def credit_form() -> type[forms.Form]:
    """The supplier's credit note."""
    return made_form(
        credit_no=text(Text("红字凭证号", "Number of the credit note")),
        credited_on=day(Text("红冲日", "Credited"), initial=today),
    )


SHIP_RETURN = FormScreen(
    permission="inbound.create",
    find=mine(selectors.returns),
    title=lambda record: say(Text(f"发出 · {record.number}", f"Send back · {record.number}")),
    form=ship_form,
    values=lambda record: {**values_of(record), "carrier": "", "waybill": ""},
    save=lambda *, user, record, version, **given: services.ship_return(
        actor=user, goods_return=record.pk, at=now(), **given
    ),
    done=url_of("return"),
    submit=Text("发出", "Send it back"),
    cancel=url_of("return"),
    template=TEMPLATE,
)
CREDIT_RETURN = FormScreen(
    permission="payable.create",
    find=mine(selectors.returns),
    title=lambda record: say(Text(f"红字凭证 · {record.number}", f"Credit note · {record.number}")),
    form=credit_form,
    values=lambda record: {**values_of(record), "credited_on": today()},
    save=lambda *, user, record, version, **given: services.credit_return(
        actor=user, goods_return=record.pk, **given
    ),
    done=url_of("return"),
    submit=Text("登记", "Record"),
    cancel=url_of("return"),
    template=TEMPLATE,
)


# -- invoices --------------------------------------------------------------------------------------

INVOICE_CELLS = (
    Cell("order_line", Text("订单行", "Line of the order"), "number", required=True),
    Cell("qty", QTY, "number", required=True),
    Cell("unit_price", Text("不含税单价", "Net price"), "number", required=True),
    Cell("tax_percent", Text("税率 %", "Tax, %"), "number", required=True, initial="13"),
)


def invoice_form() -> type[forms.Form]:
    """What the supplier wants to be paid."""
    return made_form(
        invoice_no=text(Text("发票号", "Invoice number")),
        invoiced_on=day(Text("开票日", "Date"), initial=today),
        lines=RowsField(INVOICE_CELLS, label=say(Text("明细", "Lines"))),
    )


def _enter(
    *, user: Any, record: Any, version: Any, lines: Sequence[Mapping[str, Any]], **given: Any
) -> Any:
    for number, row in enumerate(lines, 1):
        if not 0 <= row["tax_percent"] <= 100:
            raise refuse("percent", line=number, field="lines")
        if row["unit_price"] < 0:
            raise refuse("quantity", line=number, field="lines")
    return services.enter_invoice(
        actor=user, order=record.pk, at=now(),
        lines=[
            InvoiceLineIn(int(row["order_line"]), row["qty"], row["unit_price"],
                          row["tax_percent"] / 100)
            for row in lines
        ],
        **given,
    )  # fmt: skip


ENTER_INVOICE = FormScreen(
    permission="payable.create",
    find=mine(selectors.orders),
    title=lambda record: say(
        Text(f"录入发票 · {record.number}", f"Enter an invoice · {record.number}")
    ),
    form=invoice_form,
    values=lambda record: {**values_of(record), "invoiced_on": today()},
    save=_enter,
    done=url_of("invoice"),
    saved=Text("已录入并匹配。", "Entered and matched."),
    submit=Text("录入并匹配", "Enter and match"),
    cancel=url_of("order"),
    template=TEMPLATE,
)
APPROVE_INVOICE = reason_page(
    Text("审核发票", "Approve the invoice"), Text("审核通过", "Approve"), "payable.approve",
    selectors.invoices, "invoice",
    lambda user, record, said, key: services.decide_invoice(
        actor=user, invoice=record.pk, approve=True, note=said, key=key, at=now()
    ),
    NOTE, required=False,
)  # fmt: skip
REJECT_INVOICE = reason_page(
    Text("退票", "Send the invoice back"), Text("退票", "Send back"), "payable.approve",
    selectors.invoices, "invoice",
    lambda user, record, said, key: services.decide_invoice(
        actor=user, invoice=record.pk, approve=False, note=said, key=key, at=now()
    ),
)  # fmt: skip


def _invoice_url(line: InvoiceLine) -> str:
    return reverse("purchasing:invoice", args=[line.invoice_id])


RESOLVE = FormScreen(
    permission="payable.create",
    find=lambda _user, pk: InvoiceLine.objects.select_related("invoice").get(pk=pk),
    title=lambda line: say(Text(f"处理差异 · {line.invoice.number} 第 {line.line} 行",
                                f"Resolve · {line.invoice.number}, line {line.line}")),
    form=lambda: made_form(resolution=reason(Text("如何处理", "How it is settled"))),
    values=lambda line: {**values_of(line), "resolution": ""},
    save=lambda *, user, record, version, **given: services.resolve_difference(
        actor=user, line=record.pk, at=now(), **given
    ),
    done=_invoice_url,
    submit=Text("登记", "Record"),
    cancel=_invoice_url,
    template=TEMPLATE,
)  # fmt: skip
