"""Pictures of numbers as SVG coordinates; the numbers themselves stand beside them as text."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kintsugi.projects.models import Measurement
from kintsugi.projects.selectors import Stone

WIDTH, HEIGHT, EDGE = 240, 48, 4


@dataclass(frozen=True)
class Spark:
    """A trend: polylines apart where a value is unknown, the target's height, the last point."""

    lines: list[str]
    target_y: float
    last: tuple[float, float] | None


def spark(series: Sequence[Measurement], target: Decimal) -> Spark | None:
    """The trend of at least one known value; None without any."""
    known = [one.value for one in series if one.value is not None]
    if not known:
        return None
    low, high = float(min(*known, target)), float(max(*known, target))
    span = high - low or 1.0
    step = (WIDTH - 2 * EDGE) / max(len(series) - 1, 1)

    def y(value: Decimal) -> float:
        return round(HEIGHT - EDGE - (float(value) - low) / span * (HEIGHT - 2 * EDGE), 1)

    pieces: list[list[tuple[float, float]]] = [[]]
    for number, one in enumerate(series):
        if one.value is None:
            pieces.append([])
        else:
            pieces[-1].append((round(EDGE + number * step, 1), y(one.value)))
    drawn = [piece for piece in pieces if piece]
    lines = [" ".join(f"{a},{b}" for a, b in piece) for piece in drawn]
    last = drawn[-1][-1] if series[-1].value is not None else None
    return Spark(lines, y(target), last)


@dataclass(frozen=True)
class Track:
    """A milestone on the project's time line; positions from 0 to 1000."""

    stone: Stone
    planned: int
    due: int
    reached: int | None
    late_from: int | None
    late_to: int | None


@dataclass(frozen=True)
class Tracks:
    """All milestones between two days, and where today is."""

    rows: list[Track]
    first: dt.date
    last: dt.date
    today: int | None


def tracks(rows: Sequence[Stone], first: dt.date, last: dt.date, *, on: dt.date) -> Tracks:
    """The time line from the project's start to its end, wider where something lies beyond."""
    days = [first, last]
    for one in rows:
        days += [one.row.planned_on, one.row.due_on]
        days += [one.row.reached_at.date()] if one.row.reached_at else []
    start, end = min(days), max(days)
    span = max((end - start).days, 1)

    def at(day: dt.date) -> int:
        return min(max(round((day - start).days * 1000 / span), 0), 1000)

    made = []
    for one in rows:
        late = one.late_days > 0
        until = one.row.due_on + dt.timedelta(days=one.late_days)
        made.append(
            Track(
                stone=one, planned=at(one.row.planned_on), due=at(one.row.due_on),
                reached=at(one.row.reached_at.date()) if one.row.reached_at else None,
                late_from=at(one.row.due_on) if late else None,
                late_to=at(until) if late else None,
            )
        )  # fmt: skip
    return Tracks(made, start, end, at(on) if start <= on <= end else None)
