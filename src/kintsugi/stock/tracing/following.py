"""The trace itself: ways between places, where things were, and what they were; read set-based.

A unit is followed by itself. Within a lot goods are not told apart: what a document or a customer
had of a lot is followed as the lot, by the order of its moves.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from kintsugi.core.queries import query
from kintsugi.stock import selectors
from kintsugi.stock.kinds import LOCATION_KINDS
from kintsugi.stock.models import Location, Lot, Move, Posting, Unit
from kintsugi.stock.tracing.asking import Subject

#: Bounds of one answer; ``is_cut`` says that there was more.
WAYS_MAX, THINGS_MAX, NOW_MAX = 5_000, 2_000, 5_000
DIRECTIONS = ("both", "forward", "backward")


@dataclass(frozen=True)
class Place:
    """An end of a way. A place that the person does not see has neither kind nor name."""

    id: UUID
    kind: str = ""
    code: str = ""
    warehouse: str = ""
    party_id: UUID | None = None
    party: str = ""

    def name(self, language: str) -> str:
        """In words."""
        if self.party:
            return self.party
        if self.warehouse:
            return f"{self.warehouse}/{self.code}"
        if self.kind in LOCATION_KINDS:
            return LOCATION_KINDS[self.kind].get(language)
        return "别处" if language.startswith("zh") else "elsewhere"


@dataclass(frozen=True)
class Way:
    """All moves from one place to another."""

    source: Place
    target: Place
    qty: Decimal
    moves: int
    first_seq: int
    last_seq: int
    first_on: dt.date
    last_on: dt.date


@dataclass
class Trace:
    """The answer: what was followed, its ways in the order they were first taken, and where it was
    at the instant asked for."""

    subject: Subject
    direction: str
    at: dt.datetime | None
    ways: list[Way] = field(default_factory=list)
    now: list[dict[str, Any]] = field(default_factory=list)
    lots: list[UUID] = field(default_factory=list)
    units: list[UUID] = field(default_factory=list)
    is_cut: bool = False

    def things(self) -> list[dict[str, Any]]:
        """What was followed: product, lot, serial; at most 200 of each."""
        units = Unit.objects.filter(pk__in=self.units[:200]).select_related("product", "lot")
        lots = Lot.objects.filter(pk__in=self.lots[:200]).select_related("product")
        return [
            *({"product": one.product, "lot": one, "unit": None} for one in lots),
            *({"product": one.product, "lot": one.lot, "unit": one} for one in units),
        ]

    def parties(self, kind: str) -> list[dict[str, Any]]:
        """Customers or suppliers among its places, with what went there and came back."""
        found: dict[UUID, dict[str, Any]] = {}
        kinds = ("customer", "consignment") if kind == "customer" else ("supplier",)
        for way in self.ways:
            for end, name in ((way.target, "to"), (way.source, "from")):
                if end.kind not in kinds or end.party_id is None:
                    continue
                row = found.setdefault(
                    end.party_id,
                    {"party_id": end.party_id, "party": end.party, "to": Decimal(0),
                     "from": Decimal(0), "first_on": way.first_on, "last_on": way.last_on},
                )  # fmt: skip
                row[name] += way.qty
                row["first_on"] = min(row["first_on"], way.first_on)
                row["last_on"] = max(row["last_on"], way.last_on)
        return sorted(found.values(), key=lambda row: row["party"])


def trace(subject: Subject, *, direction: str = "both", at: dt.datetime | None = None) -> Trace:
    """Follow something, as of an instant (none: now). ``direction``: where it came from, where it
    went, or both. A fixed number of statements whatever the number of moves."""
    assert direction in DIRECTIONS, f"unknown direction {direction}"
    found = Trace(subject, direction, at)
    starts: set[UUID] = set()
    if subject.kind == "unit":
        found.units = [UUID(subject.id)]
    elif subject.kind == "lot":
        found.lots = [UUID(subject.id)]
    else:
        starts = _things_of(subject, found)
    ways = _ways(found)
    found.is_cut = found.is_cut or len(ways) > WAYS_MAX
    found.ways = _directed(ways[:WAYS_MAX], starts, direction) if starts else ways[:WAYS_MAX]
    found.now = _rows("trace_now" if at else "trace_held", _asked(found, NOW_MAX))
    return found


def moves_of(found: Trace) -> QuerySet[Move]:
    """The moves of what was followed, newest first."""
    rows = selectors.moves().filter(Q(lot__in=found.lots) | Q(unit__in=found.units))
    rows = rows if found.at is None else rows.filter(posting__posted_at__lte=found.at)
    return rows.order_by("-seq")


def _things_of(subject: Subject, found: Trace) -> set[UUID]:
    """Fills in what a document moved, or what went to or from a place or a party; gives the places
    from which its ways are followed."""
    postings: list[UUID] = []
    places: list[UUID] = []
    if subject.kind in ("posting", "document"):
        wanted = {"pk": subject.id} if subject.kind == "posting" else {"document_no": subject.id}
        postings = list(Posting.objects.filter(**wanted).values_list("pk", flat=True)[:THINGS_MAX])
    else:
        by = {"party": subject.id} if subject.kind == "party" else {"pk": subject.id}
        places = list(Location.objects.filter(**by).values_list("pk", flat=True)[:THINGS_MAX])
    rows = _rows("trace_things", {"postings": postings, "places": places, "limit": THINGS_MAX + 1})
    found.is_cut = len(rows) > THINGS_MAX
    for row in rows[:THINGS_MAX]:
        (found.units if row["unit_id"] else found.lots).append(row["unit_id"] or row["lot_id"])
    if places:
        return set(places)
    ends = Move.objects.filter(posting__in=postings).values_list("source", "target")
    pairs = list(ends.order_by().distinct()[:WAYS_MAX])
    if found.direction == "forward":
        return {target for _, target in pairs}
    if found.direction == "backward":
        return {source for source, _ in pairs}
    return {place for pair in pairs for place in pair}


def _directed(ways: Sequence[Way], starts: set[UUID], direction: str) -> list[Way]:
    """Those of the ways that lead on from the starts, or to them, in the order of the moves."""
    kept: set[tuple[UUID, UUID]] = set()
    if direction in ("both", "forward"):
        # When something first came to a place; what left it before is not of it.
        came: dict[UUID, int] = dict.fromkeys(starts, 0)
        for way in _settled(ways, came, forward=True):
            kept.add((way.source.id, way.target.id))
    if direction in ("both", "backward"):
        left: dict[UUID, int] = dict.fromkeys(starts, 2**63)
        for way in _settled(ways, left, forward=False):
            kept.add((way.source.id, way.target.id))
    return [way for way in ways if (way.source.id, way.target.id) in kept]


def _settled(ways: Sequence[Way], reached: dict[UUID, int], *, forward: bool) -> list[Way]:
    """Ways on which something gets from (or to) the places reached; ``reached`` grows until
    nothing new is found. Each round is one pass, and there are no more rounds than places."""
    found: dict[tuple[UUID, UUID], Way] = {}
    changed = True
    while changed:
        changed = False
        for way in ways:
            here, there = (way.source, way.target) if forward else (way.target, way.source)
            limit = reached.get(here.id)
            if limit is None:
                continue
            goes = way.last_seq > limit if forward else way.first_seq < limit
            if not goes:
                continue
            found[way.source.id, way.target.id] = way
            # Not before it came here, nor before the first move of this way.
            mark = max(limit, way.first_seq) if forward else min(limit, way.last_seq)
            known = reached.get(there.id)
            if known is None or (mark < known if forward else mark > known):
                reached[there.id] = mark
                changed = True
    return list(found.values())


def _ways(found: Trace) -> list[Way]:
    return [
        Way(
            _place(row, "source"), _place(row, "target"), row["qty"], row["moves"],
            row["first_seq"], row["last_seq"], row["first_on"], row["last_on"],
        )
        for row in _rows("trace_edges", _asked(found, WAYS_MAX + 1))
    ]  # fmt: skip


def _place(row: dict[str, Any], end: str) -> Place:
    return Place(
        row[f"{end}_id"], row[f"{end}_kind"] or "", row[f"{end}_code"] or "",
        row[f"{end}_warehouse"] or "", row[f"{end}_party_id"], row[f"{end}_party"] or "",
    )  # fmt: skip


def _asked(found: Trace, limit: int) -> dict[str, Any]:
    return {"lots": found.lots, "units": found.units, "at": found.at, "limit": limit}


def _rows(name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query("stock", name), params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
