"""The list of devices and the serial passport."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import RecordPanel, Registered, Together
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    Related,
    Value,
)
from kintsugi.core.screens.corrections import correction_form
from kintsugi.core.screens.parts import contract_choices, contract_field
from kintsugi.devices import selectors, views
from kintsugi.devices.corrections import CORRECTION

STATUS_TONES = {
    "installed": "good",
    "in_stock": "live",
    "reserved": "live",
    "in_transit": "live",
    "under_repair": "warn",
    "loaned": "warn",
    "returned": "warn",
    "recalled": "bad",
}


def url_of(row: Any) -> str:
    """The serial passport."""
    return reverse("devices:detail", args=[row.pk])


def _product_url(row: Any) -> str:
    return reverse("products:detail", args=[row.product_id])


def _party_url(name: str) -> Any:
    def url(row: Any) -> str:
        pk = getattr(row, f"{name}_id")
        return reverse("parties:detail", args=[pk]) if pk else ""

    return url


def day(record: Any, name: str) -> Any:
    """A date as precisely as it is known: ``2023-05`` where only the month is."""
    value: dt.date | None = getattr(record, name)
    if value is None or name not in (record.partial_dates or []):
        return value
    evidence = getattr(record, "evidence", None)
    text = evidence.texts.get(name, "") if evidence else ""
    iso = value.isoformat()
    return text if text and len(text) < len(iso) and iso.startswith(text) else iso[:7]


def _days(*names: str) -> tuple[Value, ...]:
    def reader(name: str) -> Any:
        return lambda record: day(record, name)

    return tuple(Value(name, kind="date", value=reader(name)) for name in names)


SERIAL = Column("serial_no", kind="code", link=url_of)
STATUS = Column("status", kind="state", tones=STATUS_TONES)
WARRANTY = Column(
    "warranty",
    label=_("Warranty"),
    help=_("As of today. An end known to the month only lasts to the end of that month."),
    kind="state",
    choices=selectors.WARRANTY,
    tones=selectors.WARRANTY_TONES,
    sort=("warranty_end",),
)
WARRANTY_END = Column(
    "warranty_end", kind="date", value=lambda row: day(row, "warranty_end"), sort=("warranty_end",)
)

DEVICES = ListScreen(
    name="devices",
    title=_("Devices"),
    subtitle=_("One row a physical unit. A serial number is unique with its product, never alone."),
    rows=views.rows,
    permission="device.read",
    export_permission="device.export",
    entity="device",
    columns=(
        SERIAL,
        Column("product__name", field="product", link=_product_url, sort=("product__name_sort",)),
        Column("product__model", label=_("Model"), sort=("product__model",)),
        Column(
            "product__manufacturer__name",
            label=_("Maker"),
            sort=("product__manufacturer__name_sort",),
        ),
        Column(
            "customer__name",
            field="customer",
            link=_party_url("customer"),
            sort=("customer__name_sort",),
        ),
        Column("department"),
        STATUS,
        WARRANTY_END,
        WARRANTY,
        Column(
            "source_records",
            label=_("Fragments"),
            help=_("How many source records this device was joined from."),
            kind="number",
            sort=(),
        ),
    ),
    find=selectors.searched,
    search_hint=_("Serial number, device number, or a scanned UDI"),
    filters=(
        Filter("status"),
        Filter("warranty", label=_("Warranty"), choices=selectors.WARRANTY),
        Filter("warranty_end", kind="days"),
        Filter("risk_level"),
        Filter("department", kind="exact"),
        Filter("product", kind="exact", lookup="product__product_code", label=_("Product code")),
        Filter("customer", kind="exact", lookup="customer__name"),
    ),
    order=("serial_no",),
    empty=Empty(
        _("No devices yet"),
        _("Upload a device register, a service export or a stock list: any of them will do."),
        icon="device-heart-monitor",
        action=_("Upload files"),
        url=lambda: reverse("onboarding:upload"),
    ),
)


def gold(record: Any) -> dict[str, str]:
    """The source cell of each value."""
    return dict(record.evidence.gold)


def mended(record: Any) -> dict[str, Any]:
    """The act that corrected a value."""
    return dict(record.evidence.mended)


def evidence(record: Any) -> dict[str, Any]:
    """For the panels about evidence."""
    return {"evidence": record.evidence}


def _price(record: Any) -> Any:
    if record.purchase_price is None:
        return None
    amount = f"{record.purchase_price:,.2f}"
    return f"{amount} {record.currency}" if record.currency else amount


#: Every field of the contract stands in exactly one group; a test holds this.
GROUPS = (
    Fields(
        _("Identity and UDI"),
        (
            "serial_no",
            Value("product", value=lambda record: str(record.product), link=_product_url),
            "product_model",
            "device_no",
            "udi_full",
            "lot_no",
            *_days("mfg_date", "expiry_date"),
            "software_version",
            Value("risk_level"),
        ),
        entity="device",
        gold=gold,
        mended=mended,
    ),
    Fields(
        _("Where it is"),
        (
            Value("status", kind="state", tones=STATUS_TONES),
            Value("customer", value=lambda r: r.customer, link=_party_url("customer")),
            "department",
            "install_site",
            *_days("install_accepted_on"),
            "notes",
        ),
        entity="device",
        gold=gold,
        mended=mended,
    ),
    Fields(
        _("Warranty and purchase"),
        (
            Value(
                "warranty",
                label=_("Warranty today"),
                kind="state",
                choices=selectors.WARRANTY,
                tones=selectors.WARRANTY_TONES,
            ),
            *_days("warranty_start", "warranty_end"),
            "warranty_terms",
            *_days("purchase_date"),
            Value("purchase_price", value=_price),
            "currency",
            Value("supplier", value=lambda r: r.supplier, link=_party_url("supplier")),
        ),
        entity="device",
        gold=gold,
        mended=mended,
    ),
)


def _pills(record: Any) -> list[tuple[Any, str]]:
    words = dict(contract_choices(contract_field("device", "status")))
    pills: list[tuple[Any, str]] = []
    if record.status:
        pills.append((words.get(record.status, record.status), STATUS_TONES.get(record.status, "")))
    warranty = selectors.WARRANTY[record.warranty]
    if record.warranty != "unknown":
        pills.append((warranty, selectors.WARRANTY_TONES.get(record.warranty, "")))
    return pills


def span(record: Any) -> dict[str, Any] | None:
    """The warranty as a bar from start (or installation, purchase) to end, with today on it."""
    begin = record.warranty_start or record.install_accepted_on or record.purchase_date
    end = record.warranty_end
    if begin is None or end is None or begin >= end:
        return None
    total = (end - begin).days
    gone = min(max((record.today - begin).days, 0), total)
    names = ("warranty_start", "install_accepted_on", "purchase_date")
    basis = next(name for name in names if getattr(record, name) == begin)
    return {
        "begin": day(record, basis),
        "end": day(record, "warranty_end"),
        "x": round(1000 * gone / total),
        "days": (end - record.today).days,
        "basis": "" if basis == "warranty_start" else basis,
    }


def page(request: HttpRequest, record: Any) -> dict[str, Any]:
    """What the passport's head needs."""
    joined = len(record.evidence.records)
    sources = len(record.evidence.sources)
    return {
        "joined": joined,
        "source_count": sources,
        "span": span(record),
        "evidence": record.evidence,
        "warranty_words": selectors.WARRANTY[record.warranty],
    }


def correct(record: Any) -> list[Action]:
    """The way to a correction."""
    return [Action(_("Correct"), reverse("devices:correct", args=[record.pk]), icon="pencil")]


PASSPORT = DetailScreen(
    find=views.find,
    permission="device.read",
    title=lambda record: record.serial_no,
    pills=_pills,
    breadcrumbs=lambda record: [(_("Devices"), reverse("devices:list"))],
    actions=correct,
    panels=(
        Together(GROUPS),
        Custom("audit/matrix.html", evidence, permission="evidence.read"),
        Registered("device", side=False),
        Registered("device"),
        Custom("audit/sources.html", evidence, side=True, permission="evidence.read"),
        Custom("audit/timeline.html", evidence, side=True, permission="history.read"),
    ),
    page=page,
    template="devices/passport.html",
)

_SHORT = (
    SERIAL,
    Column("product__name", field="product", link=_product_url),
    Column("customer__name", field="customer", link=_party_url("customer")),
    Column("department"),
    STATUS,
    WARRANTY_END,
    WARRANTY,
)

AT_PARTY = RecordPanel(
    "devices-at-party",
    "party",
    Related(
        _("Devices here"),
        views.at_party,
        tuple(column for column in _SHORT if column.name != "customer__name"),
        entity="device",
        empty=_("No device names this party as its user."),
    ),
    permission="device.read",
    order=10,
)
OF_PRODUCT = RecordPanel(
    "devices-of-product",
    "product",
    Related(
        _("Devices of this product"),
        views.of_product,
        tuple(column for column in _SHORT if column.name != "product__name"),
        entity="device",
        empty=_("No device of this product is known."),
        more=lambda record: f"{reverse('devices:list')}?product={record.product_code}",
    ),
    permission="device.read",
    order=10,
)

CORRECT = FormScreen(
    permission="act.create",
    title=lambda record: gettext("Correct %(record)s") % {"record": record},
    form=lambda: correction_form("device", CORRECTION.fields),
    find=views.to_correct,
    values=views.typed,
    save=views.propose,
    done=lambda act: reverse("acts:detail", args=[act.pk]),
    saved=_("The correction is written as a draft. Submit it; another person approves it."),
    submit=_("Write the correction"),
    cancel=lambda record: reverse("devices:detail", args=[record.pk]),
    breadcrumbs=lambda record: [
        (_("Devices"), reverse("devices:list")),
        (str(record), reverse("devices:detail", args=[record.pk])),
    ],
)
