"""Forms of orders: taking and changing them, and each step with its reason."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.offered import Offered
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.sales import services, typed
from kintsugi.sales.entry import EntryScreen, RowForm, Rows
from kintsugi.sales.kinds import HOLD_REASONS, ORDER_KINDS
from kintsugi.sales.models import Order
from kintsugi.sales.pages_order import ORDERS_CRUMB
from kintsugi.sales.screens import NOTE, order_url
from kintsugi.sales.selectors import orders
from kintsugi.sales.services import Delivery
from kintsugi.sales.views import now, today
from kintsugi.stock import selectors as stock

REASON_CHARS = 400
AMOUNT = {"max_digits": 18, "decimal_places": 4}
LINES_TITLE = _("Lines")


def key_field() -> forms.Field:
    """Made with the page: the same form sent twice acts once."""
    return forms.CharField(widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex)


def reason_field(*, required: bool = True, hint: Any = "") -> forms.Field:
    """Why something is done."""
    return forms.CharField(
        label=gettext("Reason"), max_length=REASON_CHARS, required=required, help_text=hint
    )


def day_field(label: str, **options: Any) -> forms.Field:
    """A day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


def number_field(label: str, *, low: str | None = None, high: str | None = None,
                 places: int = 4, **options: Any) -> forms.Field:  # fmt: skip
    """A number, typed as text so that a keyboard with digits comes up and no wheel changes it."""
    return forms.DecimalField(
        label=label, max_digits=18, decimal_places=places, localize=False,
        min_value=None if low is None else Decimal(low),
        max_value=None if high is None else Decimal(high),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options,
    )  # fmt: skip


def text_field(label: str, chars: int, *, required: bool = False, **options: Any) -> forms.Field:
    """A short text."""
    return forms.CharField(label=label, max_length=chars, required=required, **options)


def _crumbs(record: Any) -> list[tuple[Words, str]]:
    found: list[tuple[Words, str]] = [(ORDERS_CRUMB[0], reverse(ORDERS_CRUMB[1]))]
    return [*found, (record.number, order_url(record))] if record else found


# -- taking and changing an order ------------------------------------------------------------------


def _warehouses() -> list[tuple[str, str]]:
    names = [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]
    return [("", gettext("any")), *names]


def order_head() -> type[forms.Form]:
    """Who wants it, until when, and where it goes; in the language of the page."""
    made: dict[str, forms.Field] = {
        "customer": text_field(
            gettext("Customer name or credit code"), 300, required=True,
            widget=Offered(typed.customer_names(), "customers"),
        ),
        "customer_ref": text_field(gettext("Their order number"), 80),
        "contract": text_field(
            gettext("Contract number"), 60,
            help_text=gettext("Prices and what is left come from the contract."),
        ),
        "wanted_on": day_field(gettext("Wanted"), initial=today),
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(ORDER_KINDS)),
        "warehouse": forms.ChoiceField(
            label=gettext("Ships from"), choices=_warehouses(), required=False
        ),
        "address": text_field(
            gettext("Delivery address"), 500, help_text=gettext("Empty: that of the customer.")
        ),
        "contact": text_field(gettext("Receiver"), 100),
        "phone": text_field(gettext("Telephone"), 60),
        "department": text_field(gettext("Department"), 100),
        "note": text_field(say(NOTE), 400),
        "key": key_field(),
    }  # fmt: skip
    return type("OrderHead", (forms.Form,), made)


def order_row() -> type[RowForm]:
    """One line of an order."""
    made: dict[str, forms.Field] = {
        "product_code": text_field(gettext("Product code"), 60, required=True),
        "qty": number_field(gettext("Quantity"), low="0.0001"),
        "price": number_field(gettext("Price with tax"), low="0", required=False),
        "discount": number_field(gettext("Discount %"), low="0", high="100", required=False),
        "tax_rate": number_field(gettext("Tax %"), low="0", high="100", required=False),
        "min_remaining_days": forms.IntegerField(
            label=gettext("Days of life"), min_value=0, max_value=3650, required=False
        ),
        "lot_no": text_field(gettext("Lot wanted"), 60),
        "serials": text_field(gettext("Serials wanted"), 2_000),
        "choice_reason": text_field(gettext("Reason of the choice"), 400),
    }
    return type("OrderRow", (RowForm,), made)


LINES = Rows(
    "lines",
    LINES_TITLE,
    order_row,
    ("product_code", "qty", "price"),
    _("Without a price the line takes the contract's or the list's. Blank lines are left out."),
)


def _take(*, user: Any, record: Any, version: Any, head: dict[str, Any], rows: Any) -> Order:
    return services.create_order(
        actor=user,
        customer=typed.customer(head["customer"]),
        lines=typed.order_lines(rows["lines"]),
        wanted_on=head["wanted_on"],
        kind=head["kind"],
        contract=typed.contract(head["contract"]),
        warehouse=typed.warehouse(head["warehouse"]),
        delivery=Delivery(head["address"], head["contact"], head["phone"], head["department"]),
        customer_ref=head["customer_ref"],
        note=head["note"],
        key=head["key"],
        at=now(),
    )


TAKE = EntryScreen(
    title=lambda _record: gettext("Take an order"),
    permission="order.create",
    head=order_head,
    tables=(LINES,),
    save=_take,
    done=order_url,
    saved=_("The order is taken as a draft. Submit it for approval."),
    submit=_("Save as a draft"),
    cancel=lambda _record: reverse("sales:orders"),
    breadcrumbs=_crumbs,
)


def change_head() -> type[forms.Form]:
    """What of an order may change beside its lines, and why it does."""
    made: dict[str, forms.Field] = {
        "wanted_on": day_field(gettext("Wanted")),
        "warehouse": forms.ChoiceField(
            label=gettext("Ships from"), choices=_warehouses(), required=False
        ),
        "note": text_field(say(NOTE), 400),
        "reason": reason_field(
            required=False, hint=gettext("Needed once it was submitted; it is approved again.")
        ),
        "key": key_field(),
    }
    return type("ChangeHead", (forms.Form,), made)


def plain(value: Any) -> str:
    """A number as people type it."""
    return "" if value is None else f"{Decimal(value).normalize():f}"


def _row_values(record: Order) -> dict[str, list[dict[str, Any]]]:
    return {
        "lines": [
            {
                "product_code": one.product.product_code,
                "qty": plain(one.qty),
                "price": plain(one.price),
                "discount": plain(one.discount * 100),
                "tax_rate": plain(one.tax_rate * 100),
                "min_remaining_days": one.min_remaining_days or "",
                "lot_no": one.lot.lot_no if one.lot else "",
                "serials": " ".join(one.serials),
                "choice_reason": one.choice_reason,
            }
            for one in orders.lines_of(record)
        ]
    }


def _change(
    *, user: Any, record: Order, version: int | None, head: dict[str, Any], rows: Any
) -> Order:
    return services.change_order(
        actor=user, order=record.pk, lines=typed.order_lines(rows["lines"]), version=version,
        wanted_on=head["wanted_on"], warehouse=typed.warehouse(head["warehouse"]),
        note=head["note"], reason=head["reason"], key=head["key"], at=now(),
    )  # fmt: skip


def _find(_user: Any, pk: UUID) -> Order:
    return orders.order(pk)


CHANGE = EntryScreen(
    title=lambda record: gettext("Change %(order)s") % {"order": record.number},
    permission="order.edit",
    find=_find,
    head=change_head,
    head_values=lambda record: {
        "wanted_on": record.wanted_on, "warehouse": str(record.warehouse_id or ""),
        "note": record.note,
    },
    tables=(LINES,),
    row_values=_row_values,
    save=_change,
    done=order_url,
    saved=_("Changed."),
    cancel=order_url,
    breadcrumbs=_crumbs,
)  # fmt: skip


# -- steps -----------------------------------------------------------------------------------------


def _step(
    name: str, label: Any, command: Callable[..., Order], permission: str, *, saved: Any,
    hint: Any = "", reason: bool = True, more: Callable[[], dict[str, forms.Field]] | None = None,
) -> FormScreen:  # fmt: skip
    """A page that asks for a reason, where one is needed, and does one step of an order."""

    def form() -> type[forms.Form]:
        made = more() if more else {}
        if reason:
            made["reason"] = reason_field(hint=str(hint))
        made["key"] = key_field()
        return type(f"{name.title()}Form", (forms.Form,), made)

    def save(*, user: Any, record: Order, version: Any, **given: Any) -> Order:
        return command(actor=user, order=record.pk, at=now(), **given)

    return FormScreen(
        permission=permission,
        find=_find,
        title=lambda record: f"{label} · {record.number}",
        form=form,
        values=lambda _record: {"key": uuid7().hex},
        save=save,
        done=order_url,
        saved=saved,
        submit=label,
        cancel=order_url,
        breadcrumbs=_crumbs,
    )


def _hold_kinds() -> dict[str, forms.Field]:
    return {
        "kind": forms.ChoiceField(label=gettext("Because of"), choices=choice_pairs(HOLD_REASONS))
    }


def _until() -> dict[str, forms.Field]:
    return {
        "expires_at": forms.DateTimeField(
            label=gettext("Kept until"), required=False,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            input_formats=["%Y-%m-%dT%H:%M"],
            help_text=gettext("Empty: until it is picked or let go of."),
        )
    }  # fmt: skip


def _lines_to(label: Any) -> Callable[[], dict[str, forms.Field]]:
    return lambda: {"line": forms.IntegerField(label=str(label), min_value=1)}


SUBMIT = _step(
    "submit", _("Submit"), services.submit_order, "order.edit", reason=False,
    saved=_("It waits for approval."),
)  # fmt: skip
APPROVE = _step(
    "approve", _("Approve"), services.approve_order, "order.approve", reason=False,
    saved=_("Approved."),
)  # fmt: skip
SEND_BACK = _step(
    "send_back", _("Send back"), services.send_back, "order.approve",
    saved=_("It is a draft again."),
)  # fmt: skip
AGREE_CREDIT = _step(
    "agree_credit", _("Agree to the credit"), services.agree_credit, "invoice.approve",
    hint=_("It is kept with the order, and so is what the check found."), saved=_("Agreed."),
)  # fmt: skip
AGREE_CHOICE = _step(
    "agree_choice", _("Agree to the customer's choice"), services.agree_choice, "order.approve",
    reason=False, more=_lines_to(_("Line")), saved=_("Agreed."),
)  # fmt: skip
RESERVE = _step(
    "reserve", _("Reserve goods"), services.reserve_order, "order.edit", reason=False,
    more=_until, saved=_("Kept: first expiring first."),
)  # fmt: skip
RELEASE = _step(
    "release", _("Let go of the goods"), services.release_order, "order.edit",
    saved=_("The goods are free again."),
)  # fmt: skip
CANCEL = _step(
    "cancel", _("Cancel the order"), services.cancel_order, "order.edit",
    hint=_("Everything kept for it is free again."), saved=_("Cancelled."),
)  # fmt: skip
HOLD = _step(
    "hold", _("Put on hold"), services.hold_order, "order.edit", more=_hold_kinds,
    hint=_("What is kept for it becomes free."), saved=_("On hold."),
)  # fmt: skip
RESUME = _step(
    "resume", _("Let it go on"), services.resume_order, "order.approve", saved=_("It goes on."),
)  # fmt: skip
CLOSE = _step(
    "close", _("Close"), services.close_order, "order.edit", reason=False, saved=_("Closed."),
)  # fmt: skip


def reduce_row() -> type[RowForm]:
    """A line and its smaller quantity."""
    made: dict[str, forms.Field] = {
        "line": forms.IntegerField(label=gettext("Line"), min_value=1),
        "qty": number_field(gettext("New quantity"), low="0"),
    }
    return type("ReduceRow", (RowForm,), made)


def _reduce(*, user: Any, record: Order, version: Any, head: dict[str, Any], rows: Any) -> Order:
    now_ = {one.line_no: one.qty for one in orders.lines_of(record)}
    wanted = {row["line"]: row["qty"] for row in rows["lines"]}
    changed = {line: qty for line, qty in wanted.items() if now_.get(line) != qty}
    if not changed:
        raise KintsugiError(
            "sales.not-less",
            Text("没有任何行减少。", "No line was made smaller."),
            Text("把要减少的行改为新的数量。", "Type the new quantity of a line."),
        )
    return services.reduce_order(
        actor=user, order=record.pk, quantities=changed, reason=head["reason"], key=head["key"],
        at=now(),
    )  # fmt: skip


def reduce_head() -> type[forms.Form]:
    """Why less is delivered."""
    hint = gettext("No line below what was picked. What remains is given up.")
    made = {"reason": reason_field(hint=hint), "key": key_field()}
    return type("ReduceHead", (forms.Form,), made)


REDUCE = EntryScreen(
    title=lambda record: gettext("Reduce %(order)s") % {"order": record.number},
    permission="order.edit",
    find=_find,
    head=reduce_head,
    tables=(Rows("lines", LINES_TITLE, reduce_row, blank=0),),
    row_values=lambda record: {
        "lines": [{"line": one.line_no, "qty": plain(one.qty)} for one in orders.lines_of(record)]
    },
    save=_reduce,
    done=order_url,
    saved=_("Reduced."),
    cancel=order_url,
    breadcrumbs=_crumbs,
)
