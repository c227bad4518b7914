"""Between columns: keys, dependences, and rules of order, equality, sum and product."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from kintsugi.engine.profiling.columns import Typed
from kintsugi.engine.profiling.model import ColumnProfile, CrossRule, Dependence, Key
from kintsugi.engine.repair.coding import code_table
from kintsugi.engine.repair.dependencies import group, left_codes, mine

Floats = npt.NDArray[np.float64]
#: Columns that are tried together as a key, and in sums and products.
KEY_COLUMNS, NUMBER_COLUMNS = 12, 10
KEYS_MAX, RULES_MAX, DEPENDENCES_MAX = 20, 100, 200
#: More of the rows than this must keep a rule for the others to be exceptions.
HELD_MIN = 0.95
_NEARLY_KEY = 0.005
_ROWS_MIN = 20
_SHOWN = 10
#: Half of the last place amounts are written to.
_ROUNDED = 0.00501


def keys_of(frame: pl.DataFrame, rows: pl.Series, columns: Sequence[ColumnProfile]) -> list[Key]:
    """The smallest sets of at most three columns that tell all rows apart, and single columns that
    nearly do: there a few rows share a number that should be one row's own."""
    height = frame.height
    if height < 2:
        return []
    found: list[Key] = []
    for column in columns:
        if column.filled != height:
            continue
        repeated = height - column.once
        if repeated == 0:
            found.append(Key((column.name,), 0))
        elif height >= _ROWS_MIN and repeated <= max(2, _NEARLY_KEY * height):
            shared = frame[column.name].is_duplicated()
            found.append(Key((column.name,), repeated, _some(rows, shared.to_numpy())))
    whole = {key.columns[0] for key in found}
    partly = [
        c.name
        for c in sorted(columns, key=lambda c: -c.distinct)
        if c.name not in whole and c.filled >= 0.99 * height and c.distinct > 1
    ][:KEY_COLUMNS]
    for size in (2, 3):
        for chosen in itertools.combinations(partly, size):
            if any(set(key.columns) <= set(chosen) for key in found if key.repeated == 0):
                continue
            if len(found) >= KEYS_MAX:
                return found
            if frame.select(pl.struct(chosen).n_unique()).item() == height:
                found.append(Key(tuple(sorted(chosen, key=frame.columns.index)), 0))
    return found


def dependences_of(frame: pl.DataFrame, rows: pl.Series) -> list[Dependence]:
    """Which columns determine which, surest first, with the rows that do not keep to it."""
    columns = code_table(frame)
    found = []
    for one in mine(columns):
        groups = group(left_codes(columns, one.left), columns[one.right])
        odd = (
            (groups.size > 0)
            & (columns[one.right].codes != columns[one.right].blank)
            & ~groups.most
        )
        found.append(
            Dependence(
                left=tuple(columns[at].name for at in one.left),
                right=columns[one.right].name,
                strength=round(one.score, 4),
                exceptions=int(odd.sum()),
                first_rows=_some(rows, odd),
            )
        )
    found.sort(key=lambda one: (-one.strength, one.exceptions, one.left, one.right))
    return found[:DEPENDENCES_MAX]


def rules_of(names: Sequence[str], typed: Sequence[Typed], rows: pl.Series) -> list[CrossRule]:
    """Rules that nearly all rows keep: dates and numbers in order or equal, sums, products."""
    read = [
        (name, one.numbers, one.is_date)
        for name, one in zip(names, typed, strict=True)
        if one.numbers is not None
    ]
    dated = [(name, numbers) for name, numbers, is_date in read if is_date]
    plain = [(name, numbers) for name, numbers, is_date in read if not is_date][:NUMBER_COLUMNS]
    found: list[CrossRule] = []
    for family in (dated[:NUMBER_COLUMNS], plain):
        for (a, x), (b, y) in itertools.permutations(family, 2):
            found += _pair(a, x, b, y, rows)
    for (a, x), (b, y) in itertools.combinations(plain, 2):
        for c, z in plain:
            if c not in (a, b):
                found += _triple((a, b, c), (x, y, z), rows)
    equal = {frozenset(one.columns) for one in found if one.kind == "equal"}
    kept = [one for one in found if one.kind != "order" or frozenset(one.columns) not in equal]
    kept.sort(key=lambda one: (one.kind, -one.held / one.rows, one.columns))
    return kept[:RULES_MAX]


def _pair(a: str, x: Floats, b: str, y: Floats, rows: pl.Series) -> list[CrossRule]:
    both = ~np.isnan(x) & ~np.isnan(y)
    count = int(both.sum())
    if count < _ROWS_MIN:
        return []
    same = both & (np.abs(x - y) < _ROUNDED)
    if same.sum() >= HELD_MIN * count:
        return [_rule("equal", (a, b), both, same, rows)] if a < b else []
    held = both & (x <= y)
    if held.sum() < HELD_MIN * count:
        return []
    # Two columns of quite different size are in order by chance: only overlapping ones say more.
    low, high = np.quantile(y[both], 0.1), np.quantile(x[both], 0.9)
    if high < low:
        return []
    return [_rule("order", (a, b), both, held, rows)]


def _triple(
    names: tuple[str, str, str], values: tuple[Floats, Floats, Floats], rows: pl.Series
) -> list[CrossRule]:
    x, y, z = values
    every = ~np.isnan(x) & ~np.isnan(y) & ~np.isnan(z)
    # A factor 1 or a summand 0 would make a rule of nothing.
    count = int(every.sum())
    if count < _ROWS_MIN:
        return []
    found = []
    for kind, result, telling in (
        ("sum", x + y, (x != 0) & (y != 0)),
        ("product", x * y, (np.abs(x) != 1) & (np.abs(y) != 1) & (x != 0) & (y != 0)),
    ):
        held = every & (np.abs(result - z) < _ROUNDED + 1e-9 * np.abs(z))
        if held.sum() < HELD_MIN * count:
            continue
        if (held & telling).sum() < max(_ROWS_MIN, 0.2 * count):
            continue
        found.append(_rule("sum" if kind == "sum" else "product", names, every, held, rows))
    return found


def _rule(
    kind: str,
    names: tuple[str, ...],
    every: npt.NDArray[np.bool_],
    held: npt.NDArray[np.bool_],
    rows: pl.Series,
) -> CrossRule:
    return CrossRule(
        kind,  # type: ignore[arg-type]
        names,
        int(every.sum()),
        int(held.sum()),
        _some(rows, every & ~held),
    )


def _some(rows: pl.Series, mask: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(row) for row in rows.filter(pl.Series(mask)).head(_SHOWN))
