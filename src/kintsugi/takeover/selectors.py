"""Reads of what other systems state, and of takeovers."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from kintsugi.core.lookups import by_number
from kintsugi.core.queries import query
from kintsugi.takeover.models import StatedLevel, StatedMovement, StatedPlace, Takeover

#: Rows of one takeover; a larger system comes over in several.
LEVELS_MAX = 50_000
#: Faults and differences that a page or answer lists.
LISTED_MAX = 5_000
SYSTEMS_MAX = 200


def systems() -> list[dict[str, Any]]:
    """Each system: levels, taken, empty, counted_on, movements."""
    return _rows("systems", limit=SYSTEMS_MAX)


def system(name: str) -> dict[str, Any] | None:
    """One of them, or None."""
    return next((one for one in systems() if one["system"] == name), None)


def faults(system: str) -> list[dict[str, Any]]:
    """What does not come over of the levels that wait: id, item_ref, product_code, code, value; a
    level may be there several times."""
    return _rows("faults", system=system)


def sound(system: str, *, faulty: Sequence[UUID]) -> list[dict[str, Any]]:
    """The levels that come over, as lines; at most ``LEVELS_MAX`` and one."""
    return _rows("sound", system=system, faulty=list(faulty), limit=LEVELS_MAX + 1)


def differences(system: str, *, limit: int = LISTED_MAX) -> list[dict[str, Any]]:
    """What does not agree within the system's own levels and movements: code, item_ref,
    movement_ref, product_code, stated, other."""
    return _rows("differences", system=system, limit=limit)


def disagreements(takeover: Takeover, *, limit: int = LISTED_MAX) -> list[dict[str, Any]]:
    """Stated and posted quantities of a posted takeover where they differ; none when all came."""
    return _rows("disagreements", takeover=takeover.pk, number=takeover.number, limit=limit)


def digest_of(lines: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of what a takeover shows: the levels with their versions."""
    text = "\n".join(f"{one['id']} {one['version']}" for one in sorted(lines, key=_by_id))
    return hashlib.sha256(text.encode()).hexdigest()


def place_names(system: str) -> dict[str, str]:
    """What the system calls its locations, by code."""
    found = StatedPlace.objects.filter(system=system, is_void=False)
    return {code: name for code, name in found.values_list("code", "name") if name}


def levels(system: str) -> QuerySet[StatedLevel]:
    """What a system states."""
    return StatedLevel.objects.filter(system=system, is_void=False).select_related(
        "product", "takeover"
    )


def movements(system: str) -> QuerySet[StatedMovement]:
    """The changes a system recorded."""
    return StatedMovement.objects.filter(system=system, is_void=False)


def takeovers() -> QuerySet[Takeover]:
    """All takeovers."""
    return Takeover.objects.filter(is_void=False)


def takeover(number: str) -> Takeover | None:
    """The takeover with this number or id."""
    return by_number(takeovers(), number)


def _by_id(one: dict[str, Any]) -> str:
    return str(one["id"])


def _rows(name: str, **params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query("takeover", name), params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
