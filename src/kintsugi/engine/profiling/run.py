"""A table profiled as a whole."""

import datetime as dt
from collections.abc import Mapping

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.profiling.between import dependences_of, keys_of, rules_of
from kintsugi.engine.profiling.columns import column_profile
from kintsugi.engine.profiling.model import Profile
from kintsugi.engine.profiling.scores import risks_of, scores_of
from kintsugi.engine.text import Text

COLUMNS_MAX = 2_000
#: Rules between columns are looked for in so many rows, evenly spread; columns in all.
BETWEEN_ROWS = 200_000


def profile_table(
    frame: pl.DataFrame,
    rows: pl.Series,
    *,
    source: str,
    table: str,
    at: dt.date,
    aside: int = 0,
    weights: Mapping[str, int] | None = None,
    dated_by: str | None = None,
    within_days: int | None = None,
) -> Profile:
    """Look at a table of texts (null for blank). ``rows`` are source rows, ``weights`` how much a
    column matters (1–3, 2 where not said), ``dated_by`` the column whose age in days against
    ``within_days`` is its timeliness.

    Raises KintsugiError ``profile.too-wide`` and ``profile.no-column``.
    """
    if frame.width > COLUMNS_MAX:
        raise KintsugiError(
            "profile.too-wide",
            Text(f"共 {frame.width:,} 列,最多 {COLUMNS_MAX:,} 列。",
                 f"There are {frame.width:,} columns; {COLUMNS_MAX:,} at most."),
            Text("请先选出需要的列。", "Choose the columns that matter first."),
            columns=frame.width,
            limit=COLUMNS_MAX,
        )  # fmt: skip
    for name in (*(weights or {}), *([dated_by] if dated_by else [])):
        if name not in frame.columns:
            raise KintsugiError(
                "profile.no-column",
                Text(f"没有“{name}”列。", f"There is no column “{name}”."),
                Text("从已有列中选择。", "Choose one of the columns there are."),
                column=name,
                columns=frame.columns[:100],
            )
    seen = [
        column_profile(name, position, frame[name], rows, at)
        for position, name in enumerate(frame.columns, start=1)
    ]
    columns = tuple(profile for profile, _ in seen)
    typed = [one for _, one in seen]
    keys = keys_of(frame, rows, columns)
    every = max(1, -(-frame.height // BETWEEN_ROWS))
    some = frame.gather_every(every)
    dependences = dependences_of(some, rows.gather_every(every))
    rules = rules_of(frame.columns, typed, rows)
    return Profile(
        source=source,
        table=table,
        at=at.isoformat(),
        rows=frame.height,
        aside=aside,
        columns=columns,
        keys=tuple(keys),
        dependences=tuple(dependences),
        rules=tuple(rules),
        scores=scores_of(
            columns, dependences, rules, dict(zip(frame.columns, typed, strict=True)),
            at=at, dated_by=dated_by, within_days=within_days,
        ),
        risks=risks_of(columns, keys, dependences, rules, weights or {}),
    )  # fmt: skip
