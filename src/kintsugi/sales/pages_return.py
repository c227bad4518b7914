"""The page and the forms of one return."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.ids import uuid7
from kintsugi.core.panels import Registered
from kintsugi.core.screens import (
    Column,
    DetailScreen,
    Fields,
    FormScreen,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
)
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.sales import services, things
from kintsugi.sales.entry import EntryScreen, RowForm, Rows
from kintsugi.sales.forms_order import key_field, number_field, reason_field, text_field
from kintsugi.sales.kinds_delivery import (
    DECISIONS,
    RETURN,
    RETURN_KINDS,
    RETURN_REASONS,
    RETURN_TONES,
    UNSIGNED,
)
from kintsugi.sales.models import Return
from kintsugi.sales.screens import CUSTOMER, KIND, NOTE, customer_url
from kintsugi.sales.screens_delivery import delivery_url, return_url
from kintsugi.sales.selectors import returns
from kintsugi.sales.services import Back, Decision
from kintsugi.sales.views import now
from kintsugi.stock import selectors as stock

SCANS_CHARS = 200_000


def find_return(_user: Any, pk: UUID) -> Return:
    """The return."""
    return returns.return_of(pk)


def return_crumbs(record: Any) -> list[tuple[Words, str]]:
    """Where a page about a return lies."""
    found: list[tuple[Words, str]] = [(_("Returns and exchanges"), reverse("sales:returns"))]
    return [*found, (record.number, return_url(record))] if record is not None else found


def return_steps(record: Return) -> list[Step]:
    """What may be done from its state."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"sales:{name}", args=[record.pk]), icon, **more)

    reject = step(_("Reject"), "reject-return", "x")
    if record.status == "requested":
        return [step(_("Approve"), "approve-return", "check", primary=True), reject]
    if record.status == "awaited":
        return [step(_("Receive by scanning"), "receive-return", "scan", primary=True), reject]
    if record.status == "received":
        return [step(_("Inspect"), "inspect-return", "checklist", primary=True)]
    if record.status == "inspected":
        close = step(_("Settle"), "close-return", "check", primary=True)
        if returns.return_lines(record.pk).filter(decision="exchange").exists():
            return [step(_("Ship the replacement"), "exchange", "truck"), close]
        return [close]
    return []


def happened(record: Return) -> list[dict[str, Any]]:
    """Who did what, the newest first."""
    if record.kind == UNSIGNED:
        start = [
            (record.received_at, gettext("Came back"), record.received_by_name, record.note),
        ]
    else:
        start = [
            (
                record.requested_at,
                say(Text("申请", "Requested")),
                record.requested_by_name,
                record.note,
            ),
            (record.approved_at, gettext("Approved"), record.approved_by_name, ""),
            (record.received_at, gettext("Came back"), record.received_by_name, ""),
        ]
    found = [
        {"at": at, "title": title, "who": who, "why": why}
        for at, title, who, why in (
            *start,
            (record.inspected_at, gettext("Inspected"), record.inspected_by_name, ""),
        )
        if at is not None
    ]
    return sorted(found, key=lambda one: one["at"], reverse=True)


LINE_COLUMNS = (
    Column("item__product__product_code", label=_("Product code"), kind="code",
           link=lambda row: reverse("products:detail", args=[row.item.product_id])),
    Column("thing", label=_("Thing"), kind="code", value=lambda row: things.name_of(row.item)),
    Column("qty", label=_("Asked back"), kind="number"),
    Column("received", label=_("Came back"), kind="number"),
    Column("decision", label=_("Decision"), choices=DECISIONS),
    Column("finding", label=_("Finding")),
)  # fmt: skip
RETURN_PAGE = DetailScreen(
    permission="return.read",
    find=find_return,
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name,
    pills=lambda record: [
        (RETURN.states[record.status], RETURN_TONES.get(record.status, "")),
        (RETURN_KINDS[record.kind], ""),
    ],
    breadcrumbs=lambda _record: [(_("Returns and exchanges"), reverse("sales:returns"))],
    panels=(
        Related(_("Lines"), lambda record: returns.return_lines(record.pk), LINE_COLUMNS),
        Fields(
            _("Return"),
            (
                Value("customer_name", label=CUSTOMER, link=customer_url),
                Value("delivery", label=_("Delivery"), kind="code",
                      value=lambda r: r.delivery.number, link=lambda r: delivery_url(r.delivery)),
                Value("kind", label=KIND, value=lambda r: say(RETURN_KINDS[r.kind])),
                Value("reason", label=_("Reason"), value=lambda r: say(RETURN_REASONS[r.reason])),
                Value("note", label=NOTE),
                Value("credit_amount", label=_("Credit with tax"), kind="number"),
                Value("end_reason", label=_("Why it ended")),
            ),
            hide_empty=True,
        ),
        Registered("return", side=False),
        NextSteps(return_steps),
        Registered("return"),
        Timeline(_("Time line"), happened, side=True),
    ),
)  # fmt: skip


# -- forms -----------------------------------------------------------------------------------------


def _step(
    label: Any, save: Callable[..., Any], permission: str, saved: Any,
    fields: Callable[[], dict[str, forms.Field]] = dict, done: Callable[[Any], str] = return_url,
) -> FormScreen:  # fmt: skip
    def form() -> type[forms.Form]:
        return type("ReturnForm", (forms.Form,), {**fields(), "key": key_field()})

    def saving(*, user: Any, record: Return, version: Any, **given: Any) -> Any:
        return save(actor=user, return_of=record.pk, at=now(), **given)

    return FormScreen(
        permission=permission,
        find=find_return,
        title=lambda record: f"{label} · {record.number}",
        form=form,
        values=lambda _record: {"key": uuid7().hex},
        save=saving,
        done=done,
        saved=saved,
        submit=label,
        cancel=return_url,
        breadcrumbs=return_crumbs,
    )


def _reason() -> dict[str, forms.Field]:
    return {"reason": reason_field()}


def _scans() -> dict[str, forms.Field]:
    return {
        "scans": forms.CharField(
            label=gettext("What came back"), max_length=SCANS_CHARS,
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "data-scans": ""}),
            help_text=gettext(
                "Scan one label each line; for goods without serials a quantity may follow after *."
            ),
        )
    }  # fmt: skip


def _receive(*, scans: str, **given: Any) -> Return:
    backs = []
    # GS is part of a label, and to Python it is the end of a line and a space.
    for line in scans.split("\n"):
        label = line.strip(" \t\r")
        text, star, count = label.rpartition("*")
        if star and count.strip().isdecimal():
            backs.append(Back(text.rstrip(" "), Decimal(count.strip()[:12])))
        elif label:
            backs.append(Back(label))
    return services.receive_return(scans=backs, **given)


def _credit() -> dict[str, forms.Field]:
    return {"credit_amount": number_field(gettext("Credit with tax"), low="0", required=False)}


def _exchange(**given: Any) -> Any:
    return services.exchange(**given)


APPROVE_RETURN = _step(
    _("Approve"), services.approve_return, "return.approve", _("Approved: the goods are awaited.")
)
REJECT_RETURN = _step(
    _("Reject"), services.reject_return, "return.approve", _("Rejected."), _reason
)
RECEIVE_RETURN = _step(
    _("Receive by scanning"), _receive, "return.create",
    _("It lies in the returns zone and waits for inspection."), _scans,
)  # fmt: skip
EXCHANGE = _step(
    _("Ship the replacement"), _exchange, "delivery.create", _("The replacement is kept for it."),
    done=delivery_url,
)  # fmt: skip
CLOSE_RETURN = _step(_("Settle"), services.close_return, "return.approve", _("Settled."), _credit)


def inspect_row(record: Return) -> type[RowForm]:
    """A thing that came back, and what is decided about it: a shelf of the warehouse that sent it,
    or a repairer."""
    house = record.delivery.warehouse_id
    places = [
        (str(one.pk), str(one))
        for one in stock.locations()
        .filter(Q(kind="bin", warehouse=house) | Q(kind="vendor_repair"))
        .order_by("kind", "code")[:2_000]
    ]
    made: dict[str, forms.Field] = {
        "line": forms.CharField(widget=forms.HiddenInput, max_length=40),
        "thing": text_field(gettext("Thing"), 100, disabled=True),
        "decision": forms.ChoiceField(
            label=gettext("Decision"), choices=[("", "—"), *choice_pairs(DECISIONS)]
        ),
        "finding": text_field(gettext("Finding"), 400, required=True),
        "place": forms.ChoiceField(
            label=gettext("Shelf or repairer"), choices=[("", "—"), *places], required=False
        ),
    }
    return type("InspectRow", (RowForm,), made)


def _inspect(*, user: Any, record: Return, version: Any, head: dict[str, Any], rows: Any) -> Any:
    return services.inspect_return(
        actor=user, return_of=record.pk, key=head["key"], at=now(),
        decisions=[
            Decision(UUID(row["line"]), row["decision"], row["finding"],
                     UUID(row["place"]) if row["place"] else None)
            for row in rows["lines"]
        ],
    )  # fmt: skip


INSPECT_RETURN = EntryScreen(
    title=lambda record: gettext("Inspect %(number)s") % {"number": record.number},
    permission="return.approve",
    find=find_return,
    head=lambda: type("InspectHead", (forms.Form,), {"key": key_field()}),
    tables=(
        Rows("lines", _("What came back"), inspect_row, blank=0, is_of_record=True,
             hint=_("Goods that are good again need a shelf, those to be repaired the repairer.")),
    ),
    row_values=lambda record: {
        "lines": [
            {"line": str(one.pk), "thing": things.name_of(one.item)}
            for one in returns.return_lines(record.pk).filter(received__gt=0)
        ]
    },
    save=_inspect,
    done=return_url,
    saved=_("Decided; the goods are where that says."),
    submit=Text("判定", "Decide"),
    cancel=return_url,
    breadcrumbs=return_crumbs,
)  # fmt: skip
