"""Pages of one lot, one unit and one posting."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, DetailScreen, Fields, Value
from kintsugi.core.screens.detail import Related
from kintsugi.core.screens.parts import Words, language
from kintsugi.engine.text import Text
from kintsugi.stock import selectors
from kintsugi.stock.kinds import BLOCK_KINDS, LOCATION_KINDS, POSTING_KINDS, QUALITIES
from kintsugi.stock.lines import REVERSED_AS_SUCH
from kintsugi.stock.models import Block, Lot, Posting, Unit
from kintsugi.stock.reading import own_item
from kintsugi.stock.screens import (
    BLOCK_COLUMNS,
    BLOCK_TONES,
    HOLD,
    MOVE_COLUMNS,
    MOVE_HEAD,
    MOVED,
    QUALITY_TONES,
    at,
    lot_url,
    move_list,
    posting_url,
    product_url,
)
from kintsugi.stock.views import today

#: Buttons to release; the others are in the list of what stands.
RELEASES_SHOWN = 3
STOCK_CRUMB = (_("Stock"), "stock:list")


def crumbs(*parts: tuple[Words, str]) -> list[tuple[Words, str]]:
    """The way back: stock, and what lies between."""
    return [(words, reverse(name)) for words, name in (STOCK_CRUMB, *parts)]


def trace_action(kind: str, key: UUID) -> Action:
    """The way to the trace of what a page shows."""
    address = f"{reverse('stock:trace')}?{urlencode({'kind': kind, 'id': str(key)})}"
    return Action(Text("追溯", "Trace"), address, "route")


def block_actions(
    code: str, standing: Sequence[Block], *, lot_no: str = "", serial_no: str = ""
) -> list[Action]:
    """To hold or recall what a page shows, and to release what stands on it."""
    named = {"product_code": code, "lot_no": lot_no, "serial_no": serial_no}
    release = [
        Action(
            Text(f"解除{BLOCK_KINDS[one.kind].zh}", f"Release {BLOCK_KINDS[one.kind].en}"),
            reverse("stock:release", args=[one.pk]),
            "check",
        )
        for one in standing[:RELEASES_SHOWN]
    ]
    return release + [
        Action(
            words,
            f"{reverse('stock:place-block')}?{urlencode({'kind': kind, **named})}",
            icon,
        )
        for kind, words, icon in (
            ("hold", HOLD, "lock"),
            ("recall", _("Recall"), "alert-triangle"),
        )
    ]


def label_action(code: str) -> Action:
    """To the label of what a page shows."""
    return Action(_("Label"), f"{reverse('stock:labels')}?{urlencode({'what': code})}", "printer")


def pills(standing: Sequence[Block], expiry: Any) -> list[tuple[Words, str]]:
    """What stops a lot or unit from leaving."""
    found: list[tuple[Words, str]] = [
        (BLOCK_KINDS[kind], BLOCK_TONES[kind]) for kind in sorted({one.kind for one in standing})
    ]
    if expiry and expiry < today():
        found.append((_("expired"), "bad"))
    return found


# -- a lot -----------------------------------------------------------------------------------------


def find_lot(_user: Any, pk: UUID) -> Lot:
    """The lot with what stands on it and how much of it is ours."""
    record = selectors.lot(pk)
    record.standing = selectors.blocks_of(record.product_id, lot=pk)  # type: ignore[attr-defined]
    ours = selectors.balances().filter(lot=record, is_ours=True).aggregate(n=Sum("on_hand"))
    record.on_hand = ours["n"] or Decimal(0)  # type: ignore[attr-defined]
    return record


def holder(row: dict[str, Any]) -> str:
    """A place of the trace in words."""
    if row["party"]:
        return str(row["party"])
    if row["warehouse"]:
        return f"{row['warehouse']}/{row['code']}"
    return LOCATION_KINDS[row["kind"]].get(language())


def party_url(row: dict[str, Any]) -> str:
    """The page of a party in the trace."""
    return reverse("parties:detail", args=[row["party_id"]]) if row["party_id"] else ""


LOT = DetailScreen(
    permission="stock.read",
    find=find_lot,
    title=lambda lot: lot.lot_no,
    subtitle=lambda lot: f"{lot.product.product_code} {lot.product.name}",
    pills=lambda lot: pills(lot.standing, lot.expiry_date),
    breadcrumbs=lambda _lot: crumbs((_("Lots"), "stock:lots")),
    actions=lambda lot: [
        *block_actions(lot.product.product_code, lot.standing, lot_no=lot.lot_no),
        label_action(own_item(lot.product.product_code, lot_no=lot.lot_no)),
        trace_action("lot", lot.pk),
    ],
    panels=(
        Fields(
            _("Lot"),
            (
                Value("product", label=_("Product"), value=lambda lot: str(lot.product),
                      link=product_url),
                Value("lot_no", label=_("Lot"), kind="code"),
                Value("mfg_date", label=_("Made on"), kind="date"),
                Value("expiry_date", label=_("Expiry"), kind="date",
                      help=_("Usable through this day.")),
                Value("on_hand", label=_("On hand"), kind="number"),
            ),
        ),
        Related(
            _("Where it is now"),
            lambda lot: selectors.holders_of_lot(lot.pk),
            (
                Column("place", label=_("Location"), value=holder, link=party_url),
                Column("kind", label=_("Kind"), choices=LOCATION_KINDS),
                Column("quality", label=_("Quality"), kind="state", choices=QUALITIES,
                       tones=QUALITY_TONES),
                Column("on_hand", label=_("Quantity"), kind="number"),
            ),
            empty=_("None of it is here."),
        ),
        Related(
            _("Who got it"),
            lambda lot: selectors.receivers_of_lot(lot.pk),
            (
                Column("party", label=_("Customer"), link=party_url),
                Column("kind", label=_("Kind"), choices=LOCATION_KINDS),
                Column("received", label=_("Received"), kind="number"),
                Column("returned", label=_("Returned"), kind="number"),
                Column("first_on", label=_("First"), kind="date"),
                Column("last_on", label=_("Last"), kind="date"),
            ),
            empty=_("Nobody got any of it."),
        ),
        Related(
            _("Holds and recalls"),
            lambda lot: selectors.blocks_on(lot.product_id, lot=lot.pk),
            BLOCK_COLUMNS,
            empty=_("Nothing stands on it."),
        ),
        Related(
            MOVED,
            lambda lot: selectors.moves_of_lot(lot.pk),
            (*MOVE_HEAD, *MOVE_COLUMNS[3:]),
            more=lambda lot: move_list(product=lot.product.product_code, lot=lot.lot_no),
        ),
    ),
)  # fmt: skip


# -- a unit ----------------------------------------------------------------------------------------


def find_unit(_user: Any, pk: UUID) -> Unit:
    """The unit with what stands on it."""
    record = selectors.unit(pk)
    record.standing = selectors.blocks_of(  # type: ignore[attr-defined]
        record.product_id, lot=record.lot_id, unit=pk
    )
    return record


UNIT = DetailScreen(
    permission="stock.read",
    find=find_unit,
    title=lambda unit: unit.serial_no,
    subtitle=lambda unit: f"{unit.product.product_code} {unit.product.name}",
    pills=lambda unit: [
        (QUALITIES[unit.quality], QUALITY_TONES[unit.quality]),
        *pills(unit.standing, unit.expiry_date),
    ],
    breadcrumbs=lambda _unit: crumbs((_("Serial units"), "stock:units")),
    actions=lambda unit: [
        *block_actions(unit.product.product_code, unit.standing, serial_no=unit.serial_no),
        label_action(own_item(unit.product.product_code, serial_no=unit.serial_no)),
        trace_action("unit", unit.pk),
    ],
    panels=(
        Fields(
            _("Unit"),
            (
                Value("location", label=_("Location"), value=at("location")),
                Value("product", label=_("Product"), value=lambda unit: str(unit.product),
                      link=product_url),
                Value("serial_no", label=_("Serial number"), kind="code"),
                Value("lot", label=_("Lot"), value=lambda unit: unit.lot and unit.lot.lot_no,
                      link=lot_url),
                Value("mfg_date", label=_("Made on"), kind="date"),
                Value("expiry_date", label=_("Expiry"), kind="date",
                      help=_("Usable through this day.")),
            ),
        ),
        Related(
            _("Holds and recalls"),
            lambda unit: selectors.blocks_on(unit.product_id, lot=unit.lot_id, unit=unit.pk),
            BLOCK_COLUMNS,
            empty=_("Nothing stands on it."),
        ),
        Related(
            MOVED,
            lambda unit: selectors.moves_of_unit(unit.pk),
            (*MOVE_HEAD, *MOVE_COLUMNS[4:]),
            empty=_("It has not moved yet."),
            more=lambda unit: move_list(
                product=unit.product.product_code, serial=unit.serial_no
            ),
        ),
    ),
)  # fmt: skip


# -- a posting -------------------------------------------------------------------------------------


def find_posting(_user: Any, pk: UUID) -> Posting:
    """The posting with what reversed it."""
    record = selectors.posting(pk)
    record.reversal = selectors.reversal_of(record)  # type: ignore[attr-defined]
    return record


def reverse_action(posting: Any) -> list[Action]:
    """The way to its trace, and to a reversal, for what can be reversed."""
    follow = trace_action("posting", posting.pk)
    is_over = posting.reversal is not None or posting.kind == "reversal"
    if is_over or posting.document_kind not in REVERSED_AS_SUCH:
        return [follow]
    return [
        follow,
        Action(_("Reverse"), reverse("stock:reverse", args=[posting.pk]), "arrow-back-up"),
    ]


def posting_pills(posting: Any) -> list[tuple[Words, str]]:
    """Its kind, and whether it was reversed."""
    found: list[tuple[Words, str]] = [(POSTING_KINDS[posting.kind], "")]
    return [*found, (_("reversed"), "warn")] if posting.reversal else found


def _number(name: str) -> Any:
    return lambda posting: getattr(posting, name) and getattr(posting, name).number


def _url(name: str) -> Any:
    return lambda posting: posting_url(getattr(posting, name)) if getattr(posting, name) else ""


POSTING = DetailScreen(
    permission="stock.read",
    find=find_posting,
    title=lambda posting: posting.number,
    subtitle=lambda posting: posting.reason,
    pills=posting_pills,
    breadcrumbs=lambda _posting: crumbs((_("Postings"), "stock:postings")),
    actions=reverse_action,
    panels=(
        Fields(
            _("Who and when"),
            (
                Value("business_date", label=_("Date"), kind="date"),
                Value("reason", label=_("Reason")),
                Value("document_no", label=_("Document"), kind="code"),
                Value("person_name", label=_("Posted by")),
                Value("posted_at", label=_("Posted"), kind="moment"),
                Value("reverses", label=_("Reverses"), value=_number("reverses"),
                      link=_url("reverses")),
                Value("reversal", label=_("Reversed by"), value=_number("reversal"),
                      link=_url("reversal")),
            ),
            hide_empty=True,
        ),
        Related(
            _("Lines"),
            selectors.moves_of,
            (Column("line", label=_("Line"), kind="number"), *MOVE_COLUMNS),
            more=lambda posting: move_list(posting=posting.number),
        ),
    ),
)  # fmt: skip
