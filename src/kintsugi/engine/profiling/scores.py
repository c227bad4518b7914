"""The four scores of a table and the risk of its columns; what was not measured stays unknown."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from kintsugi.engine.profiling.columns import Typed
from kintsugi.engine.profiling.model import (
    ColumnProfile,
    CrossRule,
    Dependence,
    Key,
    Risk,
    Score,
)

#: Dependences surer than this are rules whose exceptions count against consistency.
SURE = 0.9
_WEIGHT = 2


def scores_of(
    columns: Sequence[ColumnProfile],
    dependences: Sequence[Dependence],
    rules: Sequence[CrossRule],
    typed: Mapping[str, Typed],
    *,
    at: dt.date,
    dated_by: str | None,
    within_days: int | None,
) -> tuple[Score, ...]:
    """Completeness: filled of all cells. Consistency: rows that keep the rules between columns, and
    cells that are of their column's type. Accuracy: right check digits of all there are.
    Timeliness: rows of ``dated_by`` no older than ``within_days``; unknown unless asked for."""
    cells = sum(column.rows for column in columns)
    filled = sum(column.filled for column in columns)
    kept, held = 0, 0
    for column in columns:
        if column.type not in ("empty", "text"):
            kept += column.filled
            held += column.filled - sum(odd.rows for odd in column.odd if odd.why == "type")
    for rule in rules:
        kept += rule.rows
        held += rule.held
    for one in dependences:
        if one.strength >= SURE:
            right = next(c for c in columns if c.name == one.right)
            kept += right.filled
            held += right.filled - one.exceptions
    checked = [c.meaning.checked for c in columns if c.meaning is not None and c.meaning.checked]
    return (
        _score("completeness", filled, cells),
        _score("consistency", held, kept),
        _score("accuracy", sum(right for _, right in checked), sum(n for n, _ in checked)),
        _timeliness(typed, at, dated_by, within_days),
    )


def _score(name: str, counted: int, of: int) -> Score:
    value = round(100 * counted / of, 2) if of else None
    return Score(name, value, counted, of)  # type: ignore[arg-type]


def _timeliness(
    typed: Mapping[str, Typed], at: dt.date, dated_by: str | None, within_days: int | None
) -> Score:
    column = typed.get(dated_by or "")
    if column is None or column.numbers is None or not column.is_date or within_days is None:
        return Score("timeliness", None)
    days = column.numbers[~np.isnan(column.numbers)]
    age = (at - dt.date(1970, 1, 1)).days - days
    return _score("timeliness", int(((age >= 0) & (age <= within_days)).sum()), len(days))


def risks_of(
    columns: Sequence[ColumnProfile],
    keys: Sequence[Key],
    dependences: Sequence[Dependence],
    rules: Sequence[CrossRule],
    weights: Mapping[str, int],
) -> tuple[Risk, ...]:
    """Weight × (1 − score) × dependents for each column, greatest first. The score is the least
    of what is known of it: cells filled, cells of its type, right check digits, rules kept."""
    found = []
    for column in columns:
        score = min(_known(column, keys, rules, dependences), default=1.0)
        parts = [key.columns for key in keys] + [rule.columns for rule in rules]
        parts += [one.left for one in dependences if one.strength >= SURE]
        dependents = 1 + sum(column.name in part for part in parts)
        weight = weights.get(column.name, _WEIGHT)
        value = round(weight * (1 - score) * dependents, 4)
        if value:
            found.append(Risk(column.name, value, weight, round(score, 4), dependents))
    return tuple(sorted(found, key=lambda risk: (-risk.value, risk.column)))


def _known(
    column: ColumnProfile,
    keys: Sequence[Key],
    rules: Sequence[CrossRule],
    dependences: Sequence[Dependence],
) -> list[float]:
    found = [column.filled / column.rows] if column.rows else []
    if column.filled and column.type not in ("empty", "text"):
        odd = sum(one.rows for one in column.odd if one.why == "type")
        found.append(1 - odd / column.filled)
    if column.meaning is not None and column.meaning.checked:
        count, right = column.meaning.checked
        found.append(right / count if count else 1.0)
    found += [1 - key.repeated / column.rows for key in keys if key.columns == (column.name,)]
    found += [rule.held / rule.rows for rule in rules if column.name in rule.columns]
    found += [
        1 - one.exceptions / max(column.filled, 1)
        for one in dependences
        if one.strength >= SURE and one.right == column.name
    ]
    return found
