"""Lists of deliveries, waves and returns."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.sales.kinds_delivery import (
    DELIVERY,
    DELIVERY_TONES,
    MODES,
    RETURN,
    RETURN_KINDS,
    RETURN_REASONS,
    RETURN_TONES,
)
from kintsugi.sales.models import Delivery, Return
from kintsugi.sales.screens import CUSTOMER, KIND, WAREHOUSE, customer_url
from kintsugi.sales.selectors import deliveries, returns
from kintsugi.stock import selectors as stock

DELIVERY_LABEL = _("Delivery")


def delivery_url(row: Delivery) -> str:
    """The delivery's page."""
    return reverse("sales:delivery", args=[row.pk])


def wave_url(row: Any) -> str:
    """The wave's page."""
    return reverse("sales:wave", args=[row.pk])


def return_url(row: Return) -> str:
    """The return's page."""
    return reverse("sales:return", args=[row.pk])


def _wave_no(row: Delivery) -> str:
    return row.wave.number if row.wave else ""


def _wave_of(row: Delivery) -> str:
    return reverse("sales:wave", args=[row.wave_id]) if row.wave_id else ""


def _warehouses(_user: Any) -> list[tuple[str, str]]:
    return [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]


def delivery_rows(_user: Any, what: str = "") -> QuerySet[Delivery]:
    """Deliveries; with ``what`` those for which that is to be done."""
    rows = deliveries.deliveries()
    return deliveries.deliveries_to_do(rows, what) if what else rows


def delivery_tabs(_request: HttpRequest, what: str = "") -> dict[str, Any]:
    """What is to be done with deliveries."""
    names = {
        "": gettext("All"),
        "to_assign": gettext("To assign"),
        "to_pick": gettext("To pick"),
        "to_check": gettext("To check"),
        "to_ship": gettext("To ship"),
        "to_sign": gettext("On their way"),
    }
    return {
        "tabs": [
            {
                "label": name,
                "url": reverse("sales:deliveries-to-do", args=[code])
                if code
                else reverse("sales:deliveries"),
                "active": code == what,
            }
            for code, name in names.items()
        ]
    }


DELIVERY_COLUMNS = (
    Column("number", label=DELIVERY_LABEL, kind="code", link=delivery_url),
    Column("customer_name", label=CUSTOMER, link=customer_url),
    Column("status", label=_("State"), kind="state", choices=DELIVERY, tones=DELIVERY_TONES),
    Column("wanted_on", label=_("Wanted"), kind="date"),
    Column("house", label=WAREHOUSE, kind="code"),
    Column("picker_name", label=_("Picker")),
    Column("checker_name", label=_("Checker")),
    Column("shipped_on", label=_("Shipped on"), kind="date"),
    Column("mode", label=_("Transport"), choices=MODES),
    Column("carrier", label=_("Carrier")),
    Column("waybill", label=_("Waybill"), kind="code"),
    Column("wave__number", label=_("Wave"), kind="code", value=_wave_no, link=_wave_of),
)
DELIVERIES = ListScreen(
    name="deliveries",
    title=_("Deliveries"),
    subtitle=_("What leaves the warehouses, and how far it is."),
    rows=delivery_rows,
    permission="delivery.read",
    export_permission="delivery.export",
    columns=DELIVERY_COLUMNS,
    find=deliveries.found_deliveries,
    search_hint=_("Number, order, customer, serial, lot, waybill"),
    filters=(
        Filter("status", label=_("State"), choices=DELIVERY),
        Filter("warehouse", choices_of=_warehouses, label=WAREHOUSE),
        Filter("wanted_on", kind="days", label=_("Wanted")),
        Filter("shipped_on", kind="days", label=_("Shipped on")),
    ),
    order=("-number",),
    page=delivery_tabs,
    actions=(Action(_("Plan a wave"), lambda _r: reverse("sales:make-wave"), "route", True),),
    empty=Empty(
        _("No deliveries yet"),
        _("Reserve goods for an order, then plan a wave."),
        icon="truck",
        action=_("Plan a wave"),
        url=lambda: reverse("sales:make-wave"),
    ),
)

WAVES = ListScreen(
    name="waves",
    title=_("Waves"),
    subtitle=_("Deliveries that are picked on one walk."),
    rows=lambda _user: deliveries.waves(),
    permission="delivery.read",
    export_permission="delivery.export",
    columns=(
        Column("number", label=_("Wave"), kind="code", link=wave_url),
        Column("house", label=WAREHOUSE, kind="code"),
        Column("picker_name", label=_("Picker")),
        Column("wanted_by", label=_("Wanted by"), kind="date"),
        Column("region", label=_("Region"), kind="code"),
        Column("made_at", label=_("Made"), kind="moment"),
    ),
    search=("number",),
    search_hint=_("Number"),
    order=("-number",),
    actions=(Action(_("Plan a wave"), lambda _r: reverse("sales:make-wave"), "route", True),),
    empty=Empty(
        _("No waves yet"),
        _("A wave makes deliveries of what is reserved and wanted by a day."),
        icon="route",
        action=_("Plan a wave"),
        url=lambda: reverse("sales:make-wave"),
    ),
)

RETURN_COLUMNS = (
    Column("number", label=_("Return"), kind="code", link=return_url),
    Column("customer_name", label=CUSTOMER, link=customer_url),
    Column("status", label=_("State"), kind="state", choices=RETURN, tones=RETURN_TONES),
    Column("kind", label=KIND, choices=RETURN_KINDS),
    Column("reason", label=_("Reason"), choices=RETURN_REASONS),
    Column("delivery__number", label=DELIVERY_LABEL, kind="code",
           link=lambda row: reverse("sales:delivery", args=[row.delivery_id])),
    Column("requested_by_name", label=_("Requested by")),
    Column("requested_at", label=_("Requested"), kind="moment"),
)  # fmt: skip
RETURNS = ListScreen(
    name="returns",
    title=_("Returns and exchanges"),
    subtitle=_("Goods that come back, and what was decided about them."),
    rows=lambda _user: returns.returns(),
    permission="return.read",
    export_permission="return.export",
    columns=RETURN_COLUMNS,
    find=returns.found_returns,
    search_hint=_("Number, delivery, customer, serial, lot"),
    filters=(
        Filter("status", label=_("State"), choices=RETURN),
        Filter("kind", label=KIND, choices=RETURN_KINDS),
        Filter("reason", label=_("Reason"), choices=RETURN_REASONS),
    ),
    order=("-number",),
    empty=Empty(
        _("No returns yet"),
        _("A return begins on the page of the delivery that brought the goods."),
        icon="arrow-back-up",
    ),
)
