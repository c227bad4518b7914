"""Forms of deliveries: planning, each step, shipment and receipts."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.parts import choice_pairs, say
from kintsugi.identity.selectors import active_users
from kintsugi.sales import services, things
from kintsugi.sales.entry import EntryScreen, RowForm, Rows
from kintsugi.sales.forms_order import (
    day_field,
    key_field,
    number_field,
    reason_field,
    text_field,
)
from kintsugi.sales.kinds_delivery import ASKED_KINDS, ASKED_REASONS, COMING_BACK, MODES, OUTCOMES
from kintsugi.sales.models import Delivery
from kintsugi.sales.pages_delivery import THINGS, delivery_crumbs, find_delivery
from kintsugi.sales.screens import NOTE, WAREHOUSE
from kintsugi.sales.screens_delivery import delivery_url, return_url, wave_url
from kintsugi.sales.services import Signature, Transport
from kintsugi.sales.views import now, today
from kintsugi.stock import selectors as stock

PEOPLE_MAX = 500
PHOTO_BYTES_MAX = 10 * 1024 * 1024


def _people() -> list[tuple[str, str]]:
    rows = active_users().exclude(person=None)[:PEOPLE_MAX]
    return [(str(one.person_id), str(one)) for one in rows]


def _step(
    name: str, label: Any, command: Callable[..., Delivery], permission: str, *, saved: Any,
    reason: bool = False, hint: Any = "", more: Callable[[], dict[str, forms.Field]] | None = None,
) -> FormScreen:  # fmt: skip
    """A page that does one step of a delivery."""

    def form() -> type[forms.Form]:
        made = more() if more else {}
        if reason:
            made["reason"] = reason_field(hint=str(hint))
        made["key"] = key_field()
        return type(f"{name.title()}Form", (forms.Form,), made)

    def save(*, user: Any, record: Delivery, version: Any, **given: Any) -> Delivery:
        return command(actor=user, delivery=record.pk, at=now(), **given)

    return FormScreen(
        permission=permission,
        find=find_delivery,
        title=lambda record: f"{label} · {record.number}",
        form=form,
        values=lambda _record: {"key": uuid7().hex},
        save=save,
        done=delivery_url,
        saved=saved,
        submit=label,
        cancel=delivery_url,
        breadcrumbs=delivery_crumbs,
    )


def _picker() -> dict[str, forms.Field]:
    return {"picker": forms.ChoiceField(label=gettext("Picker"), choices=_people())}


def _short() -> dict[str, forms.Field]:
    hint = gettext("Only where less was picked: what is missing stays kept for another delivery.")
    return {"short_reason": text_field(gettext("Why less was picked"), 400, help_text=hint)}


def _waybill() -> dict[str, forms.Field]:
    return {"waybill": text_field(gettext("Waybill"), 80)}


def _assign(*, actor: Any, delivery: UUID, picker: str, key: str, at: Any) -> Delivery:
    return services.assign_delivery(
        actor=actor, delivery=delivery, picker=UUID(picker), key=key, at=at
    )


ASSIGN = _step(
    "assign", _("Assign"), _assign, "delivery.create", more=_picker, saved=_("Assigned.")
)
FINISH = _step(
    "finish", _("Finish picking"), services.finish_picking, "delivery.create", more=_short,
    saved=_("Picked. Somebody else checks it now."),
)  # fmt: skip
REOPEN = _step(
    "reopen", _("Pick again"), services.reopen_picking, "delivery.create", reason=True,
    saved=_("It is picked again, and checked anew afterwards."),
)  # fmt: skip
START_CHECK = _step(
    "start_check", _("Begin the check"), services.start_check, "delivery.approve",
    saved=_("Scan everything that was picked."),
)  # fmt: skip
PASS_CHECK = _step(
    "pass_check", _("Pass the check"), services.pass_check, "delivery.approve",
    saved=_("Passed. It may be shipped."),
)  # fmt: skip
FAIL_CHECK = _step(
    "fail_check", _("Fail the check"), services.fail_check, "delivery.approve", reason=True,
    hint=_("What differs, or what is damaged."), saved=_("It is back with its picker."),
)  # fmt: skip
HAND_OVER = _step(
    "hand_over", _("Hand over to the carrier"), services.hand_over, "delivery.create",
    more=_waybill, saved=_("It is in transit."),
)  # fmt: skip
REVERSE = _step(
    "reverse", _("Reverse the shipment"), services.reverse_shipment, "delivery.approve",
    reason=True, hint=_("The goods are in the shipping zone again and are checked anew."),
    saved=_("Reversed."),
)  # fmt: skip
CANCEL_DELIVERY = _step(
    "cancel", _("Cancel the delivery"), services.cancel_delivery, "delivery.create", reason=True,
    hint=_("The goods stay kept for their orders."), saved=_("Cancelled."),
)  # fmt: skip


# -- planning --------------------------------------------------------------------------------------


def wave_form() -> type[forms.Form]:
    """Which orders are picked on one walk."""
    houses = [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]
    made: dict[str, forms.Field] = {
        "warehouse": forms.ChoiceField(label=say(WAREHOUSE), choices=houses),
        "wanted_by": day_field(gettext("Wanted by"), required=False, initial=today),
        "region": text_field(
            gettext("Region code"), 6,
            help_text=gettext("Beginning of the customers' region, such as 4403; empty: all."),
        ),
        "picker": forms.ChoiceField(
            label=gettext("Picker"), choices=[("", gettext("later")), *_people()], required=False
        ),
        "key": key_field(),
    }  # fmt: skip
    return type("WaveForm", (forms.Form,), made)


def _plan(*, user: Any, record: Any, version: Any, **given: Any) -> Any:
    return services.create_wave(
        actor=user, warehouse=UUID(given["warehouse"]), wanted_by=given["wanted_by"],
        region=given["region"].strip(), key=given["key"], at=now(),
        picker=UUID(given["picker"]) if given["picker"] else None,
    )  # fmt: skip


MAKE_WAVE = FormScreen(
    permission="delivery.create",
    title=lambda _record: gettext("Plan a wave"),
    form=wave_form,
    save=_plan,
    done=wave_url,
    saved=_("The wave has its deliveries."),
    submit=_("Plan"),
    cancel=lambda _record: reverse("sales:waves"),
    breadcrumbs=lambda _record: [(_("Waves"), reverse("sales:waves"))],
)


# -- shipment --------------------------------------------------------------------------------------


def ship_form() -> type[forms.Form]:
    """How it travels, and the serials that were loaded."""
    minutes = forms.IntegerField(
        label=gettext("Logging interval, min"), min_value=1, max_value=1440, required=False
    )
    made: dict[str, forms.Field] = {
        "mode": forms.ChoiceField(label=gettext("Transport"), choices=choice_pairs(MODES)),
        "carrier": text_field(gettext("Carrier"), 200),
        "waybill": text_field(gettext("Waybill"), 80),
        "cold_box": text_field(gettext("Cold box"), 80),
        "start_temp": number_field(
            gettext("Temperature at departure, °C"), places=2, required=False
        ),
        "log_interval_min": minutes,
        "serials": forms.CharField(
            label=gettext("Serials scanned while loading"), required=False, max_length=200_000,
            widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "data-scans": ""}),
            help_text=gettext("One each line. Empty: as they were checked."),
        ),
        "key": key_field(),
    }  # fmt: skip
    return type("ShipForm", (forms.Form,), made)


def _loaded(text: str) -> list[str] | None:
    """The serials of labels that were scanned or typed, one each line; None for none."""
    # GS is part of a label, and to Python it is the end of a line and a space.
    labels = [label for line in text.split("\n") if (label := line.strip(" \t\r"))]
    if not labels:
        return None
    read = stock.understand_many(labels, on=today())
    return [
        serial
        for label, one in zip(labels, read, strict=True)
        for serial in ([one.unit.serial_no] if one.unit is not None else label.split(" "))
    ]


def _ship(*, user: Any, record: Delivery, version: Any, **given: Any) -> Delivery:
    names = ("mode", "carrier", "waybill", "cold_box", "start_temp", "log_interval_min")
    return services.ship_delivery(
        actor=user, delivery=record.pk, key=given["key"], at=now(),
        transport=Transport(**{name: given[name] for name in names}),
        serials=_loaded(given["serials"]),
    )  # fmt: skip


SHIP = FormScreen(
    permission="delivery.create",
    find=find_delivery,
    title=lambda record: gettext("Ship %(number)s") % {"number": record.number},
    form=ship_form,
    values=lambda record: {"mode": "cold" if record.needs_cold else "self", "key": uuid7().hex},
    save=_ship,
    done=delivery_url,
    saved=_("Shipped."),
    submit=_("Ship"),
    cancel=delivery_url,
    breadcrumbs=delivery_crumbs,
)


# -- receipts --------------------------------------------------------------------------------------


def _signing(*, cold: bool = True) -> dict[str, forms.Field]:
    moment = forms.DateTimeField(
        label=gettext("Signed at"), initial=lambda: now().replace(second=0, microsecond=0),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
    )  # fmt: skip
    made: dict[str, forms.Field] = {
        "signer": text_field(gettext("Signed by"), 100, required=True),
        "signed_at": moment,
    }
    if cold:
        made["arrival_temp"] = number_field(
            gettext("Temperature at arrival, °C"), places=2, required=False
        )
    file = forms.FileInput
    made |= {
        "photo": forms.FileField(label=gettext("Photo"), required=False, widget=file),
        "paper": forms.FileField(label=gettext("Signed paper"), required=False, widget=file),
        "note": text_field(say(NOTE), 400),
    }
    return made


def sign_head() -> type[forms.Form]:
    """Who signed, and that the rest is in order."""
    made = _signing()
    made["rest"] = forms.BooleanField(
        label=gettext("Everything else arrived in order"), required=False, initial=True
    )
    made["key"] = key_field()
    return type("SignHead", (forms.Form,), made)


def custody_head() -> type[forms.Form]:
    """Who signed at the customer's."""
    return type("CustodyHead", (forms.Form,), {**_signing(cold=False), "key": key_field()})


def thing_row(outcomes: Sequence[str]) -> Callable[[], type[RowForm]]:
    """A thing, how many, and what became of it."""

    def row() -> type[RowForm]:
        chosen = {name: OUTCOMES[name] for name in outcomes}
        made: dict[str, forms.Field] = {
            "thing": text_field(gettext("Serial, lot or product code"), 100, required=True),
            "qty": number_field(gettext("Quantity"), low="0.0001", required=False),
            "outcome": forms.ChoiceField(label=gettext("Outcome"), choices=choice_pairs(chosen)),
            "reason": text_field(gettext("Reason"), 400),
        }
        return type("ThingRow", (RowForm,), made)

    return row


def _hash(file: Any) -> str:
    """The SHA-256 of a file's bytes: what proves it later. Raises KintsugiError
    ``sales.file-too-large``."""
    if file is None:
        return ""
    if file.size > PHOTO_BYTES_MAX:
        raise KintsugiError(
            "sales.file-too-large",
            Text("文件超过 10 MB。", "The file is larger than 10 MB."),
            Text("缩小照片后再上传。", "Make the picture smaller, then upload it."),
        )
    made = hashlib.sha256()
    for chunk in file.chunks():
        made.update(chunk)
    return made.hexdigest()


def _signature(head: dict[str, Any]) -> Signature:
    return Signature(
        signer=head["signer"], signed_at=head["signed_at"], note=head["note"],
        arrival_temp=head.get("arrival_temp"), photo_sha256=_hash(head["photo"]),
        signature_sha256=_hash(head["paper"]),
    )  # fmt: skip


def _sign(*, user: Any, record: Delivery, version: Any, head: dict[str, Any], rows: Any) -> Any:
    services.sign_delivery(
        actor=user, delivery=record.pk, signature=_signature(head), key=head["key"], at=now(),
        lines=things.arrived(record, rows["lines"]), rest="signed" if head["rest"] else "",
    )  # fmt: skip
    return record


def _custody(command: Callable[..., Any]) -> Callable[..., Any]:
    def save(*, user: Any, record: Delivery, version: Any, head: dict[str, Any], rows: Any) -> Any:
        command(
            actor=user, delivery=record.pk, signature=_signature(head), key=head["key"],
            lines=things.arrived(record, rows["lines"]), at=now(),
        )  # fmt: skip
        return record

    return save


def _entry(title: Any, save: Any, head: Any, rows: Rows, saved: Any) -> EntryScreen:
    return EntryScreen(
        title=lambda record: f"{title} · {record.number}",
        permission="delivery.create",
        find=find_delivery,
        head=head,
        tables=(rows,),
        save=save,
        done=delivery_url,
        saved=saved,
        submit=title,
        cancel=delivery_url,
        breadcrumbs=delivery_crumbs,
    )


SIGN = _entry(
    _("Record a receipt"), _sign, sign_head,
    Rows("lines", _("Differences"), thing_row(tuple(OUTCOMES)),
         hint=_("Only what was damaged, refused or lost, or the few things that arrived so far."),
         blank=3),
    _("Recorded."),
)  # fmt: skip
REPORT_USE = _entry(
    _("Report what was used"), _custody(services.report_use), custody_head,
    Rows("lines", THINGS, thing_row(("signed", "lost")), blank=5), _("Recorded."),
)  # fmt: skip
TAKE_BACK = _entry(
    _("Take goods back"), _custody(services.take_back), custody_head,
    Rows("lines", THINGS, thing_row(COMING_BACK), blank=5), _("Recorded."),
)  # fmt: skip


# -- asking for a return ---------------------------------------------------------------------------


def ask_head() -> type[forms.Form]:
    """What is wanted, and why."""
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(ASKED_KINDS)),
        "reason": forms.ChoiceField(label=gettext("Reason"), choices=choice_pairs(ASKED_REASONS)),
        "note": text_field(say(NOTE), 400),
        "key": key_field(),
    }
    return type("AskHead", (forms.Form,), made)


def ask_row() -> type[RowForm]:
    """A thing that is to come back."""
    made: dict[str, forms.Field] = {
        "thing": text_field(gettext("Serial, lot or product code"), 100, required=True),
        "qty": number_field(gettext("Quantity"), low="0.0001", required=False),
    }
    return type("AskRow", (RowForm,), made)


def _ask(*, user: Any, record: Delivery, version: Any, head: dict[str, Any], rows: Any) -> Any:
    return services.request_return(
        actor=user, delivery=record.pk, kind=head["kind"], reason=head["reason"],
        note=head["note"], lines=things.asked(record, rows["lines"]), key=head["key"], at=now(),
    )  # fmt: skip


ASK_RETURN = EntryScreen(
    title=lambda record: gettext("Ask for a return of %(number)s") % {"number": record.number},
    permission="return.create",
    find=find_delivery,
    head=ask_head,
    tables=(Rows("lines", THINGS, ask_row, blank=3),),
    save=_ask,
    done=return_url,
    saved=_("It waits for approval."),
    submit=_("Ask for a return"),
    cancel=delivery_url,
    breadcrumbs=delivery_crumbs,
)
