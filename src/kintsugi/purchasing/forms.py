"""Forms of purchasing: ask, order, announce, open a receipt, decide, end.

A refusal of a service comes back at its field or above the form, with all that was typed.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse

from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.parties import selectors as parties
from kintsugi.products import selectors as products
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.kinds import SOURCES
from kintsugi.purchasing.models import Order
from kintsugi.purchasing.pages import mine
from kintsugi.purchasing.refusals import refuse
from kintsugi.purchasing.rows import Cell, RowsField
from kintsugi.purchasing.screens import EXPECTED, WAREHOUSE, url_of
from kintsugi.purchasing.services import NoticeLineIn, OrderLineIn, RequestLineIn
from kintsugi.purchasing.views import now, today
from kintsugi.stock import selectors as stock

TEMPLATE = "purchasing/form.html"
CHOICES_MAX = 500
REASON = Text("原因", "Reason")
NOTE = Text("意见", "Note")
PRODUCT_CODE = Text("产品编码", "Product code")
QTY = Text("数量", "Quantity")


def made_form(**fields: forms.Field) -> type[forms.Form]:
    """A form of these fields, and the key that makes it act once however often it is sent."""
    key = forms.CharField(widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex)
    return type("MadeForm", (forms.Form,), {**fields, "key": key})


def text(label: Text, *, required: bool = True, chars: int = 80, **options: Any) -> forms.Field:
    """A line of text."""
    return forms.CharField(label=say(label), required=required, max_length=chars, **options)


def reason(label: Text = REASON, *, required: bool = True, hint: Text | None = None) -> forms.Field:
    """A sentence or two."""
    return forms.CharField(
        label=say(label), required=required, max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=say(hint) if hint else "",
    )  # fmt: skip


def day(label: Text, *, required: bool = True, **options: Any) -> forms.Field:
    """A date."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=say(label), required=required, widget=widget, **options)


def number(label: Text, *, required: bool = False, **options: Any) -> forms.Field:
    """A number with decimals."""
    return forms.DecimalField(label=say(label), required=required, **options)


def warehouse_field() -> forms.Field:
    """One of the warehouses within the person's reach."""
    names = [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:CHOICES_MAX]]
    return forms.ChoiceField(label=say(WAREHOUSE), choices=names)


def products_named(rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The products of typed rows, in their order. Raises ``purchasing.unknown-product``."""
    typed = [str(row["product_code"]) for row in rows]
    known = products.by_codes({*typed, *(one.upper() for one in typed)})
    found = []
    for code in typed:
        one = known.get(code) or known.get(code.upper())
        if one is None:
            raise refuse("unknown-product", value=code, field="lines")
        found.append(one)
    return found


def values_of(_record: Any) -> dict[str, Any]:
    """A fresh key: FormScreen asks for the present values of a record."""
    return {"key": uuid7().hex}


# -- requests --------------------------------------------------------------------------------------


def request_form() -> type[forms.Form]:
    """What is needed, by when and why."""
    cells = (
        Cell("product_code", PRODUCT_CODE, required=True),
        Cell("qty", QTY, "number", required=True),
        Cell("wanted_by", Text("需用日", "Wanted by"), "date"),
        Cell("why", Text("用途", "Why"), wide=True),
    )
    return made_form(
        warehouse=warehouse_field(),
        source=forms.ChoiceField(label=say(Text("来源", "Source")), choices=choice_pairs(SOURCES)),
        source_ref=text(Text("来源单号", "From document"), required=False),
        why=reason(Text("事由", "Why")),
        lines=RowsField(cells, label=say(Text("明细", "Lines"))),
    )


def _ask(
    *, user: Any, record: Any, version: Any, warehouse: str, lines: Sequence[Mapping[str, Any]],
    **given: Any,
) -> Any:  # fmt: skip
    found = products_named(lines)
    return services.make_request(
        actor=user, warehouse=UUID(warehouse), at=now(),
        lines=[
            RequestLineIn(product.pk, row["qty"], row["wanted_by"], row["why"])
            for product, row in zip(found, lines, strict=True)
        ],
        **given,
    )  # fmt: skip


NEW_REQUEST = FormScreen(
    permission="requisition.create",
    title=lambda _record: say(Text("新建请购", "New purchase request")),
    form=request_form,
    save=_ask,
    done=url_of("request"),
    saved=Text("已提交审批。", "Handed in for approval."),
    submit=Text("提交", "Hand in"),
    cancel=lambda _record: reverse("purchasing:requests"),
    template=TEMPLATE,
)


# -- orders ----------------------------------------------------------------------------------------

ORDER_CELLS = (
    Cell("product_code", PRODUCT_CODE, required=True),
    Cell("qty", QTY, "number", required=True),
    Cell("unit_price", Text("不含税单价", "Net price"), "number", required=True),
    Cell("tax_percent", Text("税率 %", "Tax, %"), "number", required=True, initial="13"),
    Cell("expected_on", EXPECTED, "date"),
    Cell("over_percent", Text("可超收 %", "May be over, %"), "number", initial="0"),
    Cell("min_remaining_days", Text("最少剩余效期 天", "Days to expiry at least"), "number",
         initial="0"),
)  # fmt: skip


def order_form() -> type[forms.Form]:
    """From whom, where to, what, at which price."""
    suppliers = parties.parties().filter(roles__contains=["supplier"]).order_by("name_sort")
    names = [("", "–"), *((str(one.pk), one.name) for one in suppliers[:CHOICES_MAX])]
    return made_form(
        supplier=forms.ChoiceField(label=say(Text("供应商", "Supplier")), choices=names),
        warehouse=warehouse_field(),
        expected_on=day(EXPECTED, required=False),
        currency=forms.RegexField(r"^[A-Z]{3}$", label=say(Text("币种", "Currency")),
                                  initial="CNY"),
        request=text(Text("请购单", "Purchase request"), required=False, chars=40),
        terms=reason(Text("条款", "Terms"), required=False),
        lines=RowsField(ORDER_CELLS, label=say(Text("明细", "Lines"))),
    )  # fmt: skip


def order_lines(rows: Sequence[Mapping[str, Any]]) -> list[OrderLineIn]:
    """Lines of an order from typed rows. Raises ``purchasing.unknown-product``."""
    found = products_named(rows)
    return [
        OrderLineIn(
            product.pk, row["qty"], row["unit_price"], row["tax_percent"] / 100,
            row["expected_on"], row["over_percent"] or Decimal(0),
            int(row["min_remaining_days"] or 0),
        )
        for product, row in zip(found, rows, strict=True)
    ]  # fmt: skip


def _draft(
    *, user: Any, record: Any, version: Any, supplier: str, warehouse: str, request: str,
    lines: Sequence[Mapping[str, Any]], **given: Any,
) -> Order:  # fmt: skip
    for line, row in enumerate(lines, 1):
        if not 0 <= row["tax_percent"] <= 100 or not 0 <= (row["over_percent"] or 0) <= 100:
            raise refuse("percent", line=line, field="lines")
        if row["unit_price"] < 0 or (row["min_remaining_days"] or 0) < 0:
            raise refuse("quantity", line=line, field="lines")
    asked = None
    if request.strip():
        asked = selectors.requests().filter(number=request.strip().upper()).first()
        if asked is None:
            raise refuse("no-request", value=request.strip(), field="request")
    return services.draft_order(
        actor=user, supplier=parties.parties().get(pk=UUID(supplier)), warehouse=UUID(warehouse),
        lines=order_lines(lines), at=now(), request=asked.pk if asked else None, **given,
    )  # fmt: skip


NEW_ORDER = FormScreen(
    permission="purchase.create",
    title=lambda _record: say(Text("新建采购订单", "New purchase order")),
    form=order_form,
    save=_draft,
    done=url_of("order"),
    saved=Text("已保存为草稿。", "Saved as a draft."),
    submit=Text("保存草稿", "Save as a draft"),
    cancel=lambda _record: reverse("purchasing:orders"),
    template=TEMPLATE,
)


def _asked(record: Any) -> dict[str, Any]:
    """What a request asks for, as the rows of an order; prices are the buyer's to find."""
    blank = {cell.name: cell.initial for cell in ORDER_CELLS}
    lines = record.lines.select_related("product").order_by("line")
    return {
        **values_of(record),
        "warehouse": str(record.warehouse_id),
        "request": record.number,
        "currency": "CNY",
        "lines": [
            {
                **blank,
                "product_code": one.product.product_code,
                "qty": f"{one.qty.normalize():f}",
                "expected_on": one.wanted_by.isoformat() if one.wanted_by else "",
            }
            for one in lines
        ],
    }


ORDER_REQUEST = FormScreen(
    permission="purchase.create",
    find=mine(selectors.requests),
    title=lambda record: say(
        Text(f"采购订单 · {record.number}", f"Purchase order · {record.number}")
    ),
    form=order_form,
    values=_asked,
    save=_draft,
    done=url_of("order"),
    saved=Text("已保存为草稿。", "Saved as a draft."),
    submit=Text("保存草稿", "Save as a draft"),
    cancel=url_of("request"),
    template=TEMPLATE,
)


# -- notices ---------------------------------------------------------------------------------------

NOTICE_CELLS = (
    Cell("order_line", Text("订单行", "Line of the order"), "number", required=True),
    Cell("qty", QTY, "number", required=True),
    Cell("lot_no", Text("批号", "Lot")),
    Cell("mfg_date", Text("生产日期", "Made on"), "date"),
    Cell("expiry_date", Text("有效期", "Expiry"), "date"),
    Cell("serials", Text("序列号(逗号分隔)", "Serial numbers, with commas"), wide=True),
)


def notice_form() -> type[forms.Form]:
    """What is on its way, with whom, until when."""
    return made_form(
        shipment_no=text(Text("供应商发货单号", "Supplier's shipment number")),
        carrier=text(Text("承运商", "Carrier"), required=False, chars=120),
        waybill=text(Text("运单号", "Waybill"), required=False),
        shipped_on=day(Text("发货日", "Shipped"), required=False),
        expected_on=day(EXPECTED),
        lines=RowsField(NOTICE_CELLS, label=say(Text("明细", "Lines"))),
    )


def serials_in(typed: str) -> list[str]:
    """Serial numbers between commas, blanks or line ends."""
    spaced = typed.replace(",", " ").replace(",", " ").replace(";", " ").replace("、", " ")
    return spaced.split()


def _announce(
    *, user: Any, record: Any, version: Any, lines: Sequence[Mapping[str, Any]], **given: Any
) -> Any:
    return services.announce(
        actor=user, order=record.pk, at=now(),
        lines=[
            NoticeLineIn(
                int(row["order_line"]), row["qty"], row["lot_no"][:60], row["mfg_date"],
                row["expiry_date"], serials_in(row["serials"]),
            )
            for row in lines
        ],
        **given,
    )  # fmt: skip


ANNOUNCE = FormScreen(
    permission="purchase.edit",
    find=mine(selectors.orders),
    title=lambda order: say(Text(f"到货通知 · {order.number}", f"Advance notice · {order.number}")),
    form=notice_form,
    values=values_of,
    save=_announce,
    done=url_of("notice"),
    saved=Text("已登记在途。", "Recorded as on its way."),
    submit=Text("登记", "Record"),
    cancel=url_of("order"),
    template=TEMPLATE,
)


# -- receipts --------------------------------------------------------------------------------------


def receipt_form() -> type[forms.Form]:
    """For which order, with which papers, how warm."""
    return made_form(
        order_no=text(
            Text("采购订单号", "Purchase order"), chars=40,
            widget=forms.TextInput({"autofocus": True}),
            help_text=say(Text("扫描或输入;没有订单不能收货。",
                               "Scan or type it; nothing is received without an order.")),
        ),
        notice=text(Text("到货通知单号", "Advance notice"), required=False, chars=40),
        delivery_note=text(Text("随货同行单号", "Delivery note")),
        arrived_on=day(Text("到货日", "Arrived"), initial=today),
        arrival_temp=number(Text("到货温度 °C(冷链必填)", "Temperature on arrival, °C (chilled)"),
                            max_digits=5, decimal_places=2),
        transport_hours=number(Text("运输时长 h(冷链必填)", "Transport, h (chilled)"),
                               min_value=Decimal(0), max_digits=6, decimal_places=1),
        late_reason=reason(Text("补录原因", "Why it is recorded late"), required=False,
                           hint=Text("到货日早于今天时填写。", "When it arrived before today.")),
    )  # fmt: skip


def _open(
    *, user: Any, record: Any, version: Any, notice: str, arrived_on: dt.date, **given: Any
) -> Any:
    told = None
    if notice.strip():
        told = selectors.notices().filter(number=notice.strip().upper()).first()
        if told is None:
            raise refuse("no-notice", value=notice.strip(), field="notice")
    return services.open_receipt(
        actor=user, at=now(), arrived_on=arrived_on, notice=told.pk if told else None, **given
    )


OPEN_RECEIPT = FormScreen(
    permission="inbound.create",
    title=lambda _record: say(Text("收货", "Receive goods")),
    form=receipt_form,
    save=_open,
    done=url_of("receive"),
    saved=Text("收货单已开,请扫描。", "The receipt is open: scan the goods."),
    submit=Text("开始扫描", "Start scanning"),
    cancel=lambda _record: reverse("purchasing:receipts"),
    template=TEMPLATE,
)


# -- one question: why, or which way ---------------------------------------------------------------


def reason_page(title: Text, submit: Text, permission: str, rows: Any, back: str,
         act: Callable[[Any, Any, str, str], Any], label: Text = REASON,
         *, required: bool = True) -> FormScreen:  # fmt: skip
    """A page that asks for a reason (or a note) and does one thing."""

    def save(*, user: Any, record: Any, version: Any, said: str, key: str) -> Any:
        act(user, record, said, key)
        return record

    return FormScreen(
        permission=permission,
        find=mine(rows),
        title=lambda record: f"{say(title)} · {record.number}",
        form=lambda: made_form(said=reason(label, required=required)),
        values=values_of,
        save=save,
        done=url_of(back),
        submit=submit,
        cancel=url_of(back),
        template=TEMPLATE,
    )


def decision_page(title: Text, permission: str, rows: Any, back: str,
            act: Callable[[Any, Any, bool, str, str], Any]) -> FormScreen:  # fmt: skip
    """A page that asks yes or no."""

    def save(*, user: Any, record: Any, version: Any, decision: str, note: str, key: str) -> Any:
        act(user, record, decision == "yes", note, key)
        return record

    def form() -> type[forms.Form]:
        ways = {"yes": Text("批准", "approve"), "no": Text("驳回", "reject")}
        return made_form(
            decision=forms.ChoiceField(label=say(Text("决定", "Decision")),
                                       choices=choice_pairs(ways)),
            note=reason(NOTE, required=False, hint=Text("驳回时必填。", "Needed to reject.")),
        )  # fmt: skip

    return FormScreen(
        permission=permission,
        find=mine(rows),
        title=lambda record: f"{say(title)} · {record.number}",
        form=form,
        values=values_of,
        save=save,
        done=url_of(back),
        submit=Text("确定", "Decide"),
        cancel=url_of(back),
        template=TEMPLATE,
    )


CANCEL: Words = Text("取消", "Cancel")
DECIDE_REQUEST = decision_page(
    Text("审批请购", "Decide the request"), "requisition.approve", selectors.requests, "request",
    lambda user, record, yes, note, key: services.decide_request(
        actor=user, request=record.pk, approve=yes, note=note, key=key, at=now()
    ),
)  # fmt: skip
CANCEL_REQUEST = reason_page(
    Text("取消请购", "Cancel the request"), Text("取消请购", "Cancel the request"),
    "requisition.create", selectors.requests, "request",
    lambda user, record, said, key: services.cancel_request(
        actor=user, request=record.pk, reason=said, key=key
    ),
)  # fmt: skip
APPROVE_ORDER = reason_page(
    Text("批准并下单", "Approve and place"), Text("批准并下单", "Approve and place"),
    "purchase.approve", selectors.orders, "order",
    lambda user, record, said, key: services.approve_order(
        actor=user, order=record.pk, note=said, key=key, at=now()
    ),
    NOTE, required=False,
)  # fmt: skip
SEND_BACK_ORDER = reason_page(
    Text("退回修改", "Send back"), Text("退回", "Send back"), "purchase.approve",
    selectors.orders, "order",
    lambda user, record, said, key: services.send_back_order(
        actor=user, order=record.pk, reason=said, key=key
    ),
)  # fmt: skip
CANCEL_ORDER = reason_page(
    Text("取消订单", "Cancel the order"), Text("取消订单", "Cancel the order"), "purchase.edit",
    selectors.orders, "order",
    lambda user, record, said, key: services.cancel_order(
        actor=user, order=record.pk, reason=said, key=key
    ),
)  # fmt: skip
CLOSE_ORDER = reason_page(
    Text("关闭订单", "Close the order"), Text("关闭订单", "Close the order"), "purchase.edit",
    selectors.orders, "order",
    lambda user, record, said, key: services.close_order(
        actor=user, order=record.pk, reason=said, key=key
    ),
)  # fmt: skip
CANCEL_NOTICE = reason_page(
    Text("取消到货通知", "Cancel the notice"), Text("取消通知", "Cancel the notice"),
    "purchase.edit", selectors.notices, "notice",
    lambda user, record, said, key: services.cancel_notice(
        actor=user, notice=record.pk, reason=said, key=key
    ),
)  # fmt: skip
CANCEL_RECEIPT = reason_page(
    Text("取消收货单", "Cancel the receipt"), Text("取消收货单", "Cancel the receipt"),
    "inbound.create", selectors.receipts, "receipt",
    lambda user, record, said, key: services.cancel_receipt(
        actor=user, receipt=record.pk, reason=said, key=key
    ),
)  # fmt: skip
REVERSE_RECEIPT = reason_page(
    Text("冲销收货", "Reverse the receipt"), Text("冲销", "Reverse"), "inbound.create",
    selectors.receipts, "receipt",
    lambda user, record, said, key: services.reverse_receipt(
        actor=user, receipt=record.pk, reason=said, key=key, at=now()
    ),
)  # fmt: skip
