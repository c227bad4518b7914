"""Lists of stock: what is where, lots, units, postings, lines, places, holds, months."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import language
from kintsugi.engine.text import Text
from kintsugi.stock import selectors
from kintsugi.stock.kinds import (
    BLOCK_KINDS,
    LOCATION_KINDS,
    OURS,
    POSTING_KINDS,
    QUALITIES,
    TEMPERATURES,
    ZONES,
)
from kintsugi.stock.models import Balance, Block, Location, Lot, Posting, Unit
from kintsugi.stock.views import today

QUALITY_TONES = {"pending": "warn", "qualified": "good", "rejected": "bad"}
BLOCK_TONES = {"hold": "warn", "recall": "bad"}
STANDING = {"standing": Text("生效中", "in force"), "released": Text("已解除", "released")}
STANDING_TONES = {"standing": "warn", "released": ""}
#: Not ``_``: elsewhere the same English words mean something else in Chinese.
HOLD = Text("冻结", "Hold")
WAREHOUSE = Text("仓库", "Warehouse")
CODE = Text("编码", "Code")
MOVED = Text("流水", "Moves")
#: How soon something expires, as the tabs and the API name it.
WITHIN = ("expired", "30", "60", "90")


def product_url(row: Any) -> str:
    """The product's page."""
    return reverse("products:detail", args=[row.product_id])


def lot_url(row: Any) -> str:
    """The page of the row's lot."""
    return reverse("stock:lot", args=[row.lot_id]) if row.lot_id else ""


def unit_url(row: Any) -> str:
    """The page of the row's unit."""
    return reverse("stock:unit", args=[row.unit_id]) if row.unit_id else ""


def posting_url(row: Posting) -> str:
    """The posting's page."""
    return reverse("stock:posting", args=[row.pk])


def place(location: Location | None) -> str:
    """A place in words: its code, a customer's or supplier's by name; a place that the person does
    not see is somewhere else."""
    if location is None:
        return gettext("elsewhere")
    if location.party_id and location.party:
        return location.party.name
    if location.warehouse_id or location.party_id:
        return str(location)
    return LOCATION_KINDS[location.kind].get(language())


def at(name: str) -> Callable[[Any], str]:
    """Reads a place of a row. One that is hidden from the person is missing, not an error."""
    return lambda row: place(getattr(row, name, None))


def near(path: str) -> Callable[..., dict[str, Any]]:
    """Tabs by time to expiry; ``path`` names the list and, with a prefix, its tabs."""

    def page(_request: HttpRequest, within: str = "") -> dict[str, Any]:
        names = {
            "": gettext("All"),
            "30": gettext("Expires in 30 days"),
            "60": gettext("Expires in 60 days"),
            "90": gettext("Expires in 90 days"),
            "expired": gettext("Expired"),
        }
        return {
            "tabs": [
                {
                    "label": name,
                    "url": reverse(f"{path}-expiring", args=[code]) if code else reverse(path),
                    "active": code == within,
                }
                for code, name in names.items()
            ]
        }

    return page


def balance_rows(_user: Any, within: str = "") -> QuerySet[Balance]:
    """What is ours and where; with ``within`` only what expires so soon."""
    day = today()
    rows = selectors.stocked(today=day)
    return selectors.expiring(rows, "lot__expiry_date", within, today=day) if within else rows


def lot_rows(_user: Any, within: str = "") -> QuerySet[Lot]:
    """Lots; with ``within`` only those that expire so soon."""
    rows = selectors.lots()
    return selectors.expiring(rows, "expiry_date", within, today=today()) if within else rows


def unit_rows(_user: Any, within: str = "") -> QuerySet[Unit]:
    """Units; with ``within`` only those that expire so soon."""
    rows = selectors.units()
    return selectors.expiring(rows, "expiry_date", within, today=today()) if within else rows


def _warehouses(_user: Any) -> list[tuple[str, str]]:
    return [(str(one.pk), str(one)) for one in selectors.warehouses().order_by("code")[:500]]


def _warehouse(path: str) -> Filter:
    return Filter("warehouse", lookup=path, choices_of=_warehouses, label=WAREHOUSE)


def block_states(row: Balance) -> str:
    """Whether a hold or recall stands on the row's product or lot."""
    return "standing" if row.is_blocked else ""  # type: ignore[attr-defined]


def block_state(row: Block) -> str:
    """standing or released."""
    return "standing" if row.released_at is None else "released"


def block_url(row: Block) -> str:
    """The page of what is held."""
    if row.unit_id:
        return reverse("stock:unit", args=[row.unit_id])
    if row.lot_id:
        return reverse("stock:lot", args=[row.lot_id])
    return reverse("products:detail", args=[row.product_id])


PRODUCT = Column("product__product_code", label=_("Product code"), kind="code", link=product_url)
NAME = Column("product__name", label=_("Product"), sort=("product__name_sort",))
LOT = Column("lot__lot_no", label=_("Lot"), kind="code", link=lot_url)
EXPIRY = Column("lot__expiry_date", label=_("Expiry"), kind="date")
QUALITY = Column(
    "quality", label=_("Quality"), kind="state", choices=QUALITIES, tones=QUALITY_TONES
)
MOVE_GOODS = Action(_("Move goods"), lambda _r: reverse("stock:move"), "transform", True)

STOCK = ListScreen(
    name="stock",
    title=_("Stock"),
    subtitle=_("What lies where. Every figure is the sum of the moves that made it."),
    rows=balance_rows,
    permission="stock.read",
    export_permission="stock.export",
    columns=(
        PRODUCT,
        NAME,
        LOT,
        EXPIRY,
        Column(
            "location",
            label=_("Location"),
            kind="code",
            value=at("location"),
            sort=("location__warehouse__code", "location__code"),
        ),
        QUALITY,
        Column("on_hand", label=_("On hand"), kind="number"),
        Column("reserved", label=_("Reserved"), kind="number"),
        Column(
            "free",
            label=_("Free"),
            kind="number",
            sort=(),
            help=_(
                "What may be promised: qualified, on a shelf for qualified goods or in a van, not "
                "reserved, not on hold, not expired."
            ),
        ),
        Column(
            "blocked",
            label=HOLD,
            kind="state",
            value=block_states,
            choices=STANDING,
            tones=STANDING_TONES,
        ),
    ),
    find=selectors.found_stock,
    search_hint=_("Product code or name, lot, serial number"),
    filters=(
        _warehouse("location__warehouse"),
        Filter("zone", lookup="location__zone", choices=ZONES, label=_("Zone")),
        Filter("quality", choices=QUALITIES, label=_("Quality")),
        Filter("product", kind="exact", lookup="product__product_code", label=_("Product code")),
    ),
    order=("product__product_code", "lot__expiry_date", "location__code"),
    actions=(MOVE_GOODS,),
    page=near("stock:list"),
    empty=Empty(
        _("Nothing here"),
        _("Stock appears with the first posting: an opening balance, or a receipt."),
        icon="packages",
        action=_("Move goods"),
        url=lambda: f"{reverse('stock:move')}?kind=opening",
    ),
)

LOTS = ListScreen(
    name="lots",
    title=_("Lots"),
    subtitle=_("Units made together, with the dates of their label."),
    rows=lot_rows,
    permission="stock.read",
    export_permission="stock.export",
    columns=(
        Column(
            "lot_no",
            label=_("Lot"),
            kind="code",
            link=lambda row: reverse("stock:lot", args=[row.pk]),
        ),
        PRODUCT,
        NAME,
        Column("mfg_date", label=_("Made on"), kind="date"),
        Column("expiry_date", label=_("Expiry"), kind="date"),
    ),
    find=selectors.found_lots,
    search_hint=_("Lot, product code or name"),
    filters=(Filter("expiry_date", kind="days", label=_("Expiry")),),
    order=("expiry_date", "lot_no"),
    page=near("stock:lots"),
    empty=Empty(
        _("No lots"), _("A lot is known from the first time its number is read."), icon="tag"
    ),
)

UNITS = ListScreen(
    name="units",
    title=_("Serial units"),
    subtitle=_("Each is in exactly one place, and only the ledger moves it."),
    rows=unit_rows,
    permission="stock.read",
    export_permission="stock.export",
    columns=(
        Column(
            "serial_no",
            label=_("Serial number"),
            kind="code",
            link=lambda row: reverse("stock:unit", args=[row.pk]),
        ),
        PRODUCT,
        NAME,
        LOT,
        Column("expiry_date", label=_("Expiry"), kind="date"),
        Column(
            "location",
            label=_("Location"),
            kind="code",
            value=at("location"),
            sort=("location__warehouse__code", "location__code"),
        ),
        QUALITY,
    ),
    find=selectors.found_units,
    search_hint=_("Serial number, lot, product code or name"),
    filters=(
        _warehouse("location__warehouse"),
        Filter("kind", lookup="location__kind", choices=LOCATION_KINDS, label=_("Kind of place")),
        Filter("quality", choices=QUALITIES, label=_("Quality")),
    ),
    order=("serial_no",),
    page=near("stock:units"),
    empty=Empty(
        _("No serial units"),
        _("A unit is known from the first time its serial number is read."),
        icon="barcode",
    ),
)

POSTINGS = ListScreen(
    name="postings",
    title=_("Postings"),
    subtitle=_("What moved, when, by whom and why. None is ever changed; a mistake is reversed."),
    rows=lambda _user: selectors.postings(),
    permission="stock.read",
    export_permission="stock.export",
    columns=(
        Column("number", label=_("Posting"), kind="code", link=posting_url),
        Column("kind", label=_("Kind"), kind="state", choices=POSTING_KINDS),
        Column("business_date", label=_("Date"), kind="date"),
        Column("document_no", label=_("Document"), kind="code"),
        Column("reason", label=_("Reason")),
        Column("person_name", label=_("Posted by")),
        Column("posted_at", label=_("Posted"), kind="moment"),
    ),
    search=("number", "document_no", "reason", "person_name"),
    search_hint=_("Number, document, reason or person"),
    filters=(
        Filter("kind", choices=POSTING_KINDS, label=_("Kind")),
        Filter("business_date", kind="days", label=_("Date")),
    ),
    order=("-business_date", "-number"),
    actions=(MOVE_GOODS,),
    empty=Empty(
        _("No postings"),
        _("Every move of goods is posted here, whole or not at all."),
        icon="list-details",
    ),
)

MOVE_COLUMNS = (
    PRODUCT,
    NAME,
    LOT,
    Column("unit__serial_no", label=_("Serial number"), kind="code", link=unit_url),
    Column("source", label=_("From"), kind="code", value=at("source")),
    Column("target", label=_("To"), kind="code", value=at("target")),
    Column(
        "target_quality",
        label=_("Quality"),
        kind="state",
        choices=QUALITIES,
        tones=QUALITY_TONES,
    ),
    Column("qty", label=_("Quantity"), kind="number"),
)
MOVE_HEAD = (
    Column(
        "posting__number",
        label=_("Posting"),
        kind="code",
        link=lambda row: posting_url(row.posting),
    ),
    Column("posting__business_date", label=_("Date"), kind="date"),
    Column("posting__kind", label=_("Kind"), kind="state", choices=POSTING_KINDS),
)

MOVES = ListScreen(
    name="moves",
    title=MOVED,
    subtitle=_("The lines of the ledger, the newest first."),
    rows=lambda _user: selectors.moves(),
    permission="stock.read",
    export_permission="stock.export",
    columns=(*MOVE_HEAD, *MOVE_COLUMNS),
    filters=(
        Filter("posting", kind="exact", lookup="posting__number", label=_("Posting")),
        Filter("product", kind="exact", lookup="product__product_code", label=_("Product code")),
        Filter("lot", kind="exact", lookup="lot__lot_no", label=_("Lot")),
        Filter("serial", kind="exact", lookup="unit__serial_no", label=_("Serial number")),
        Filter("kind", lookup="posting__kind", choices=POSTING_KINDS, label=_("Kind")),
        Filter("date", kind="days", lookup="posting__business_date", label=_("Date")),
    ),
    order=("-seq",),
    empty=Empty(_("No moves"), _("The ledger is empty."), icon="list-details"),
)


def move_list(**narrowed: str) -> str:
    """The address of these lines of the ledger."""
    return f"{reverse('stock:moves')}?{urlencode(narrowed)}"


def _place_url(row: Location) -> str:
    return f"{reverse('stock:list')}?warehouse={row.warehouse_id}" if row.warehouse_id else ""


def _place_name(row: Location) -> str:
    """A customer's site has his name."""
    return row.party.name if row.party else row.name


def _edit_url(row: Location) -> str:
    return reverse("stock:edit-place", args=[row.pk]) if row.kind in OURS else ""


PLACES = ListScreen(
    name="places",
    title=_("Locations"),
    subtitle=_("Where goods may lie, and what may lie there."),
    rows=lambda _user: selectors.locations().exclude(kind="supplier"),
    permission="place.read",
    export=False,
    columns=(
        Column("code", label=_("Location"), kind="code", link=_edit_url),
        Column("warehouse", label=WAREHOUSE, sort=("warehouse__code",), link=_place_url),
        Column("kind", label=_("Kind"), choices=LOCATION_KINDS),
        Column("zone", label=_("Zone"), choices=ZONES),
        Column("temp_zone", label=_("Temperature"), choices=TEMPERATURES),
        Column("name", label=_("Name"), value=_place_name, sort=("party__name", "name")),
    ),
    search=("code", "name", "warehouse__code", "warehouse__name"),
    search_hint=_("Code or name"),
    filters=(
        _warehouse("warehouse"),
        Filter("kind", choices=LOCATION_KINDS, label=_("Kind")),
        Filter("zone", choices=ZONES, label=_("Zone")),
        Filter("temp_zone", choices=TEMPERATURES, label=_("Temperature")),
    ),
    order=("warehouse__code", "code"),
    actions=(
        Action(_("Open a warehouse"), lambda _r: reverse("stock:open-warehouse"), "plus"),
        Action(_("Add a location"), lambda _r: reverse("stock:add-place"), "plus", True),
    ),
    empty=Empty(
        _("No locations"),
        _("Open a warehouse first: its zones come with it."),
        icon="building-warehouse",
        action=_("Open a warehouse"),
        url=lambda: reverse("stock:open-warehouse"),
    ),
)

WAREHOUSES = ListScreen(
    name="warehouses",
    title=_("Warehouses"),
    rows=lambda _user: selectors.warehouses(),
    permission="place.read",
    export=False,
    columns=(
        Column(
            "code",
            label=CODE,
            kind="code",
            link=lambda row: f"{reverse('stock:places')}?warehouse={row.pk}",
        ),
        Column("name", label=_("Name")),
        Column("region_code", label=_("Region"), kind="code"),
        Column("address", label=_("Address")),
    ),
    search=("code", "name", "address"),
    search_hint=_("Code, name or address"),
    order=("code",),
    actions=(
        Action(_("Locations"), lambda _r: reverse("stock:places"), "map-pin"),
        Action(_("Open a warehouse"), lambda _r: reverse("stock:open-warehouse"), "plus", True),
    ),
    empty=Empty(
        _("No warehouses"),
        _("A warehouse comes with its zones: receiving, quarantine, rejected, returns, shipping."),
        icon="building-warehouse",
        action=_("Open a warehouse"),
        url=lambda: reverse("stock:open-warehouse"),
    ),
)


def release_url(row: Block) -> str:
    """Where it is released; nowhere once it is."""
    return "" if row.released_at else reverse("stock:release", args=[row.pk])


BLOCK_COLUMNS = (
    Column("kind", label=_("Kind"), kind="state", choices=BLOCK_KINDS, tones=BLOCK_TONES),
    Column("lot__lot_no", label=_("Lot"), kind="code"),
    Column("unit__serial_no", label=_("Serial number"), kind="code"),
    Column("reason", label=_("Reason")),
    Column("placed_by_name", label=_("Placed by")),
    Column("placed_at", label=_("Placed"), kind="moment"),
    Column(
        "state",
        label=_("Status"),
        kind="state",
        value=block_state,
        choices=STANDING,
        tones=STANDING_TONES,
        sort=("released_at",),
        link=release_url,
    ),
    Column("released_by_name", label=_("Released by")),
    Column("release_reason", label=_("Reason of release")),
)
BLOCKS = ListScreen(
    name="blocks",
    title=_("Holds and recalls"),
    subtitle=_("While one stands, nothing of it goes out. Another person releases it."),
    rows=lambda _user: selectors.blocks(),
    permission="block.read",
    export=False,
    columns=(
        Column("product__product_code", label=_("Product code"), kind="code", link=block_url),
        *BLOCK_COLUMNS,
    ),
    search=(
        "product__product_code", "product__name", "lot__lot_no", "unit__serial_no", "reason",
        "placed_by_name",
    ),
    search_hint=_("Product, lot, serial number, reason or person"),
    filters=(
        Filter("kind", choices=BLOCK_KINDS, label=_("Kind")),
        Filter("placed_at", kind="days", lookup="placed_at__date", label=_("Placed")),
    ),
    order=("-placed_at",),
    actions=(Action(_("Hold or recall"), lambda _r: reverse("stock:place-block"), "lock", True),),
    empty=Empty(
        _("Nothing is on hold"),
        _("A hold or a recall stops a product, a lot or a unit at once."),
        icon="lock",
        action=_("Hold or recall"),
        url=lambda: reverse("stock:place-block"),
    ),
)  # fmt: skip

MONTHS = ListScreen(
    name="months",
    title=_("Closed months"),
    subtitle=_("Nothing is posted into a closed month any more, and none is opened again."),
    rows=lambda _user: selectors.periods(),
    permission="month.read",
    export=False,
    columns=(
        Column("month", label=_("Month"), kind="code", value=lambda row: f"{row.month:%Y-%m}",
               sort=("month",)),
        Column("closed_by_name", label=_("Closed by")),
        Column("closed_at", label=_("Closed"), kind="moment"),
    ),
    order=("-month",),
    actions=(Action(_("Close a month"), lambda _r: reverse("stock:close-month"), "lock", True),),
    empty=Empty(
        _("No month is closed"),
        _("Close a month when its figures are final."),
        icon="calendar",
        action=_("Close a month"),
        url=lambda: reverse("stock:close-month"),
    ),
)  # fmt: skip
