"""Forms of stock: move goods, reverse, hold and release, open a warehouse, close a month.

A refusal of a service comes back at its field or above the form, with all that was typed.
"""

import datetime as dt
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
from kintsugi.stock import selectors, services, services_hand
from kintsugi.stock.fields import PLACES_OFFERED, day_field, key_field, reason_field
from kintsugi.stock.kinds import (
    BLOCK_KINDS,
    LOCATION_KINDS,
    POSTING_KINDS,
    QUALITIES,
    TEMPERATURES,
    ZONES,
)
from kintsugi.stock.models import Block, Location, Period, Posting, Warehouse
from kintsugi.stock.pages import crumbs
from kintsugi.stock.screens import CODE, WAREHOUSE, block_url, posting_url
from kintsugi.stock.typed import HAND_KINDS, TypedLine
from kintsugi.stock.views import now, today

#: Kinds of places that somebody adds by hand: the world outside comes by itself.
OWN_KINDS = ("bin", "van", "in_transit", "vendor_repair")


def move_form() -> type[forms.Form]:
    """Product, what of it, from where, to where, why; in the language of the page."""
    places = selectors.place_codes(limit=PLACES_OFFERED)
    kinds = {kind: POSTING_KINDS[kind] for kind in HAND_KINDS}
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(label=gettext("What happens"), choices=choice_pairs(kinds)),
        "product_code": forms.CharField(
            label=gettext("Product code"), max_length=100,
            widget=forms.TextInput({"autofocus": True}),
        ),
        "source": forms.CharField(
            label=gettext("From"),
            max_length=80,
            required=False,
            widget=Offered(places, "places-from"),
            help_text=gettext("WAREHOUSE/LOCATION. An opening balance comes from nowhere."),
        ),
        "target": forms.CharField(
            label=gettext("To"),
            max_length=80,
            required=False,
            widget=Offered(places, "places-to"),
            help_text=gettext("WAREHOUSE/LOCATION"),
        ),
        "lot_no": forms.CharField(label=gettext("Lot"), max_length=60, required=False),
        "qty": forms.DecimalField(
            label=gettext("Quantity"),
            required=False,
            max_digits=18,
            decimal_places=4,
            min_value=Decimal("0.0001"),
            help_text=gettext("Serial numbers count themselves."),
        ),
        "serial_no": forms.CharField(
            label=gettext("Serial numbers"),
            required=False,
            max_length=60 * 500,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=gettext("One on each line."),
        ),
        "quality": forms.ChoiceField(
            label=gettext("Quality"),
            required=False,
            choices=[("", gettext("qualified, or the unit's own")), *choice_pairs(QUALITIES)],
        ),
        "expiry_date": day_field(
            gettext("Expiry"), required=False,
            help_text=gettext("Of a new lot or unit in an opening balance, as on its label."),
        ),
        "business_date": day_field(
            gettext("Date"), initial=today,
            help_text=gettext("An earlier day needs a reason and an open month."),
        ),
        "reason": reason_field(required=False, hint=gettext("Needed for an earlier day.")),
        "key": key_field(),
    }  # fmt: skip
    return type("MoveForm", (forms.Form,), made)


def typed_lines(given: dict[str, Any]) -> list[TypedLine]:
    """One line for each serial number, or one with the quantity. Raises KintsugiError
    ``stock.quantity``."""
    serials = str(given.pop("serial_no")).split("\n")
    serials = [one.strip() for one in serials if one.strip()]
    qty = given.pop("qty")
    if not serials and qty is None:
        raise KintsugiError(
            "stock.quantity",
            Text("没有数量,也没有序列号。", "There is neither a quantity nor a serial number."),
            Text("填写其中一项。", "Give one of the two."),
            field="qty",
        )
    if serials and qty is not None and qty != len(serials):
        raise KintsugiError(
            "stock.quantity",
            Text(f"数量 {qty} 与 {len(serials)} 个序列号不符。",
                 f"The quantity {qty} does not fit {len(serials)} serial numbers."),
            Text("数量留空,或补齐序列号。", "Leave the quantity empty, or scan what is missing."),
            field="qty",
        )  # fmt: skip
    if not serials:
        return [TypedLine(qty=qty, **given)]
    return [TypedLine(serial_no=serial, **given) for serial in serials]


def _move(
    *, user: Any, record: Any, version: Any, kind: str, key: str, reason: str,
    business_date: dt.date, **given: Any,
) -> Posting:  # fmt: skip
    needed = {"transfer": ("source", "target"), "opening": ("target",)}[kind]
    for field in ("source", "target"):
        if field not in needed:
            given[field] = ""
        elif not given[field].strip():
            raise KintsugiError(
                "stock.place-missing",
                Text("没有填写库位。", "The location is missing."),
                Text("扫描或输入库位。", "Scan or type it."),
                field=field,
            )
    return services_hand.post_by_hand(
        actor=user, kind=kind, lines=typed_lines(given), key=key, at=now(), reason=reason,
        business_date=business_date,
    )  # fmt: skip


MOVE = FormScreen(
    permission="stock.create",
    title=lambda _record: gettext("Move goods"),
    form=move_form,
    save=_move,
    done=posting_url,
    saved=_("Posted."),
    submit=_("Post"),
    cancel=lambda _record: reverse("stock:list"),
    breadcrumbs=lambda _record: crumbs(),
)


def reverse_form() -> type[forms.Form]:
    """Why it is reversed."""
    hint = gettext("All its lines go back, at their own value. It stays in the record.")
    return type(
        "ReverseForm", (forms.Form,), {"reason": reason_field(hint=hint), "key": key_field()}
    )


def _reverse(*, user: Any, record: Posting, version: Any, reason: str, key: str) -> Posting:
    return services_hand.reverse_by_hand(
        actor=user, posting=record, reason=reason, key=key, at=now()
    )


REVERSE = FormScreen(
    permission="stock.create",
    find=lambda _user, pk: selectors.posting(pk),
    title=lambda posting: gettext("Reverse %(posting)s") % {"posting": posting.number},
    form=reverse_form,
    values=lambda _posting: {"key": uuid7().hex},
    save=_reverse,
    done=posting_url,
    saved=_("Reversed."),
    submit=_("Reverse"),
    cancel=posting_url,
    breadcrumbs=lambda posting: [
        *crumbs((_("Postings"), "stock:postings")),
        (posting.number, posting_url(posting)),
    ],
)


# -- holds and recalls -----------------------------------------------------------------------------


def block_form() -> type[forms.Form]:
    """What is held or recalled, and why."""
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(BLOCK_KINDS)),
        "product_code": forms.CharField(label=gettext("Product code"), max_length=100),
        "lot_no": forms.CharField(
            label=gettext("Lot"), max_length=60, required=False,
            help_text=gettext("Empty: all lots of the product."),
        ),
        "serial_no": forms.CharField(
            label=gettext("Serial number"), max_length=60, required=False,
            help_text=gettext("Empty: all units."),
        ),
        "reason": reason_field(),
    }  # fmt: skip
    return type("BlockForm", (forms.Form,), made)


def _place(*, user: Any, record: Any, version: Any, **given: str) -> Block:
    return services_hand.block_by_hand(actor=user, at=now(), **given)


def release_form() -> type[forms.Form]:
    """What the release rests on."""
    return type(
        "ReleaseForm", (forms.Form,), {"reason": reason_field(gettext("Reason of release"))}
    )


def _release(*, user: Any, record: Block, version: Any, reason: str) -> Block:
    return services.release_block(actor=user, block=record.pk, reason=reason, at=now())


def _block_crumbs(_record: Any) -> list[tuple[Words, str]]:
    return crumbs((_("Holds and recalls"), "stock:blocks"))


PLACE_BLOCK = FormScreen(
    permission="block.create",
    title=lambda _record: gettext("Hold or recall"),
    form=block_form,
    save=_place,
    done=block_url,
    saved=_("In force: nothing of it goes out."),
    submit=_("Put in force"),
    cancel=lambda _record: reverse("stock:blocks"),
    breadcrumbs=_block_crumbs,
)
RELEASE = FormScreen(
    permission="block.approve",
    find=lambda _user, pk: selectors.block(pk),
    title=lambda block: gettext("Release: %(block)s") % {"block": _named(block)},
    form=release_form,
    values=lambda _block: {},
    save=_release,
    done=block_url,
    saved=_("Released."),
    submit=_("Release"),
    cancel=lambda _block: reverse("stock:blocks"),
    breadcrumbs=_block_crumbs,
)


def _named(block: Block) -> str:
    parts = (block.product.product_code, block.lot, block.unit)
    return " ".join(str(part) for part in parts if part)


# -- places ----------------------------------------------------------------------------------------


def warehouse_form() -> type[forms.Form]:
    """A warehouse."""
    made: dict[str, forms.Field] = {
        "code": forms.CharField(label=say(CODE), max_length=30),
        "name": forms.CharField(label=gettext("Name"), max_length=200),
        "region_code": forms.RegexField(
            r"^[0-9]{2,20}$", label=gettext("Region"), max_length=20, required=False,
            help_text=gettext("GB/T 2260, six digits; limits by region follow it."),
        ),
        "address": forms.CharField(label=gettext("Address"), max_length=500, required=False),
    }  # fmt: skip
    return type("WarehouseForm", (forms.Form,), made)


def _open(*, user: Any, record: Any, version: Any, **given: str) -> Warehouse:
    return services.open_warehouse(actor=user, **given)


def place_form() -> type[forms.Form]:
    """A place in a warehouse, or a van."""
    names = [(str(one.pk), str(one)) for one in selectors.warehouses().order_by("code")[:500]]
    kinds = {kind: LOCATION_KINDS[kind] for kind in OWN_KINDS}
    made: dict[str, forms.Field] = {
        "warehouse": forms.ChoiceField(label=say(WAREHOUSE), choices=names),
        "code": forms.CharField(label=gettext("Location"), max_length=30),
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(kinds)),
        "zone": forms.ChoiceField(
            label=gettext("Zone"), choices=choice_pairs(ZONES), initial="qualified"
        ),
        "temp_zone": forms.ChoiceField(
            label=gettext("Temperature"), required=False,
            choices=[("", gettext("any")), *choice_pairs(TEMPERATURES)],
            help_text=gettext("Goods that must be kept otherwise are refused there."),
        ),
        "name": forms.CharField(label=gettext("Name"), max_length=200, required=False),
    }  # fmt: skip
    return type("PlaceForm", (forms.Form,), made)


def _add(*, user: Any, record: Any, version: Any, warehouse: str, **given: Any) -> Location:
    found = selectors.warehouses().get(pk=UUID(warehouse))
    return services.add_location(actor=user, warehouse=found, **given)


def _place_crumbs(_record: Any) -> list[tuple[Words, str]]:
    return crumbs((_("Warehouses"), "stock:warehouses"))


OPEN_WAREHOUSE = FormScreen(
    permission="place.create",
    title=lambda _record: gettext("Open a warehouse"),
    form=warehouse_form,
    save=_open,
    done=lambda made: f"{reverse('stock:places')}?warehouse={made.pk}",
    saved=_("The warehouse is open, with its zones."),
    submit=_("Open"),
    cancel=lambda _record: reverse("stock:warehouses"),
    breadcrumbs=_place_crumbs,
)
ADD_PLACE = FormScreen(
    permission="place.create",
    title=lambda _record: gettext("Add a location"),
    form=place_form,
    save=_add,
    done=lambda made: f"{reverse('stock:places')}?warehouse={made.warehouse_id}",
    saved=_("Added."),
    submit=_("Add"),
    cancel=lambda _record: reverse("stock:places"),
    breadcrumbs=_place_crumbs,
)


def edit_place_form() -> type[forms.Form]:
    """What may be changed of a place: never its code, kind or warehouse."""
    made: dict[str, forms.Field] = {
        "name": forms.CharField(label=gettext("Name"), max_length=200, required=False),
        "zone": forms.ChoiceField(
            label=gettext("Zone"), required=False, choices=[("", "–"), *choice_pairs(ZONES)]
        ),
        "temp_zone": forms.ChoiceField(
            label=gettext("Temperature"), required=False,
            choices=[("", gettext("any")), *choice_pairs(TEMPERATURES)],
            help_text=gettext("Refused where goods lie there that must be kept otherwise."),
        ),
    }  # fmt: skip
    return type("EditPlaceForm", (forms.Form,), made)


def _edit(*, user: Any, record: Location, version: Any, **given: str) -> Location:
    return services.change_location(actor=user, location=record.pk, **given)


EDIT_PLACE = FormScreen(
    permission="place.edit",
    find=lambda _user, pk: selectors.own_place(pk),
    title=lambda place: gettext("Change %(place)s") % {"place": place},
    form=edit_place_form,
    save=_edit,
    done=lambda made: f"{reverse('stock:places')}?warehouse={made.warehouse_id}",
    saved=_("Saved."),
    submit=_("Save"),
    cancel=lambda _place: reverse("stock:places"),
    breadcrumbs=_place_crumbs,
)


# -- months ----------------------------------------------------------------------------------------


def month_form() -> type[forms.Form]:
    """Which month."""
    widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")
    last = today().replace(day=1) - dt.timedelta(days=1)
    made = {
        "month": forms.DateField(
            label=gettext("Month"), widget=widget, input_formats=["%Y-%m"], initial=last,
            help_text=gettext("Nothing is posted into it afterwards. It stays closed."),
        )
    }  # fmt: skip
    return type("MonthForm", (forms.Form,), made)


def _close(*, user: Any, record: Any, version: Any, month: dt.date) -> Period:
    return services.close_month(actor=user, month=month, at=now())


CLOSE_MONTH = FormScreen(
    permission="month.approve",
    title=lambda _record: gettext("Close a month"),
    form=month_form,
    save=_close,
    done=lambda _period: reverse("stock:months"),
    saved=_("The month is closed."),
    submit=_("Close for good"),
    cancel=lambda _record: reverse("stock:months"),
    breadcrumbs=lambda _record: crumbs((_("Closed months"), "stock:months")),
)
