"""A temperature log as a drawing. Pure: numbers in, coordinates out."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 260, 48, 12, 12, 28


@dataclass(frozen=True)
class Mark:
    """A number or day beside an axis."""

    text: str
    x: int
    y: int


@dataclass(frozen=True)
class Chart:
    """Lines, the band of what is allowed, and the marks of the axes."""

    lines: Sequence[str]
    band: tuple[int, int, int, int]
    marks: Sequence[Mark]
    days: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    points: Sequence[Mapping[str, Any]],
    *,
    low: float | None,
    high: float | None,
    gap_s: float,
    zone: dt.tzinfo,
) -> Chart | None:
    """The mean of each piece of time, broken where there is no data for longer than ``gap_s``
    (seconds). None without data."""
    if not points:
        return None
    times = [one["at"].timestamp() for one in points]
    limits = [one for one in (low, high) if one is not None]
    bottom = min([float(one["low"]) for one in points] + limits) - 1
    top = max([float(one["high"]) for one in points] + limits) + 1
    first, span = times[0], max(1.0, times[-1] - times[0])

    def x(seconds: float) -> int:
        return int(LEFT + (WIDTH - LEFT - RIGHT) * (seconds - first) / span + 0.5)

    def y(degrees: float) -> int:
        return int(TOP + (HEIGHT - TOP - BOTTOM) * (top - degrees) / (top - bottom) + 0.5)

    lines: list[list[str]] = []
    before: float | None = None
    for seconds, one in zip(times, points, strict=True):
        if before is None or seconds - before > gap_s:
            lines.append([])
        lines[-1].append(f"{x(seconds)},{y(float(one['mean']))}")
        before = seconds
    upper, lower = y(high if high is not None else top), y(low if low is not None else bottom)
    steps = sorted(
        {round(bottom + 1), round((bottom + top) / 2), round(top - 1), *map(round, limits)}
    )
    days = []
    moment = dt.datetime.fromtimestamp(first, zone).replace(hour=0, minute=0, second=0)
    while (moment := moment + dt.timedelta(days=1)).timestamp() < times[-1]:
        days.append(Mark(f"{moment:%m-%d}", x(moment.timestamp()), HEIGHT - 8))
    return Chart(
        [" ".join(points if len(points) > 1 else points * 2) for points in lines],
        (LEFT, upper, WIDTH - LEFT - RIGHT, max(0, lower - upper)),
        [Mark(f"{step} °C", 4, y(step) + 4) for step in steps],
        days[:14],
    )
