"""Both lists as arrays: keys as numbers, amounts in units that have no fraction, dates in days."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reconcile.model import Plan
from kintsugi.engine.text import Text
from kintsugi.engine.values import normalise

Ints = npt.NDArray[np.int64]
#: Stands for "nothing said" in arrays of amounts and days.
NONE = np.iinfo(np.int64).min
_PLACES_MAX = 6
_LARGEST = 10**12


@dataclass(frozen=True)
class Side:
    """One list. ``key`` numbers equal keys alike on both sides, -1 for none; ``amount`` counts
    10^-places; ``day`` days since 1970-01-01; ``text`` trimmed. What was not asked for is None."""

    rows: int
    key: Ints | None
    amount: Ints | None
    day: Ints | None
    text: list[str] | None
    unread: tuple[tuple[int, str, str], ...]


def read_sides(left: pl.DataFrame, right: pl.DataFrame, plan: Plan) -> tuple[Side, Side, int]:
    """Both sides, and the decimal places their amounts have in common.

    Raises KintsugiError ``reconcile.no-column`` and ``reconcile.nothing-to-compare``.
    """
    if plan.key is None and plan.amount is None and plan.text is None:
        raise KintsugiError(
            "reconcile.nothing-to-compare",
            Text("没有指定比较哪些列。", "No columns to compare were named."),
            Text("至少指定编号、金额或文字列之一。", "Name at least a key, an amount or a text."),
        )
    for pair in (plan.key, plan.amount, plan.date, plan.text):
        for name, frame in zip(pair or (), (left, right), strict=False):
            if name not in frame.columns:
                raise KintsugiError(
                    "reconcile.no-column",
                    Text(f"没有“{name}”列。", f"There is no column “{name}”."),
                    Text("从已有列中选择。", "Choose one of the columns there are."),
                    column=name,
                    columns=frame.columns[:100],
                )
    amounts = [_decimals(frame, pair) for frame, pair in _each(left, right, plan.amount)]
    places = max((_places(found) for found, _ in amounts), default=0)
    days = [_days(frame, pair) for frame, pair in _each(left, right, plan.date)]
    keys = _keys(left, right, plan.key)
    sides = []
    for at, frame in enumerate((left, right)):
        unread = [(row, str(pair[at]), text) for pair, found in (
            (plan.amount or ("", ""), amounts[at][1] if amounts else []),
            (plan.date or ("", ""), days[at][1] if days else []),
        ) for row, text in found]  # fmt: skip
        texts = None
        if plan.text is not None:
            column = frame[plan.text[at]].cast(pl.String).fill_null("").str.strip_chars()
            texts = column.str.to_lowercase().to_list()
        sides.append(
            Side(
                rows=frame.height,
                key=keys[at] if keys else None,
                amount=_scaled(amounts[at][0], places) if amounts else None,
                day=days[at][0] if days else None,
                text=texts,
                unread=tuple(sorted(unread)),
            )
        )
    return sides[0], sides[1], places


def _each(
    left: pl.DataFrame, right: pl.DataFrame, pair: tuple[str, str] | None
) -> list[tuple[pl.DataFrame, str]]:
    return [] if pair is None else [(left, pair[0]), (right, pair[1])]


def _read(frame: pl.DataFrame, column: str, kind: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    """Canonical text by row, null where there is none; and the cells that are something else."""
    raw = frame.select(pl.col(column).cast(pl.String).alias("raw")).with_row_index("row")
    known = normalise(kind, raw["raw"], {"header": column} if kind == "decimal" else None)
    # A word for nothing and an empty cell say nothing; what else has no value was not understood.
    joined = raw.join(known.select("raw", "value", "issue"), on="raw", how="left").sort("row")
    odd = joined.filter(pl.col("value").is_null() & pl.col("issue").is_not_null())
    return joined["value"], [(int(row), str(text)) for row, text in odd.select("row", "raw").rows()]


def _decimals(frame: pl.DataFrame, column: str) -> tuple[pl.Series, list[tuple[int, str]]]:
    values, odd = _read(frame, column, "decimal")
    number = values.cast(pl.Float64, strict=False)
    places = values.str.split(".").list.get(1, null_on_oob=True).str.len_chars()
    # Beyond this a sum of amounts would no longer be exact.
    wild = ((number.abs() > _LARGEST) | (places > _PLACES_MAX)).fill_null(False)
    odd += [(int(row), str(values[int(row)])) for row in wild.arg_true()]
    mask = wild.to_numpy()
    return pl.Series([None if m else v for v, m in zip(values, mask, strict=True)],
                     dtype=pl.String), odd  # fmt: skip


def _places(values: pl.Series) -> int:
    found = values.str.split(".").list.get(1, null_on_oob=True).str.len_chars().max()
    return int(str(found)) if found is not None else 0


def _scaled(values: pl.Series, places: int) -> Ints:
    by_text = {
        text: int(Decimal(text).scaleb(places)) for text in values.drop_nulls().unique().to_list()
    }
    return np.array([NONE if v is None else by_text[v] for v in values], dtype=np.int64)


def _days(frame: pl.DataFrame, column: str) -> tuple[Ints, list[tuple[int, str]]]:
    values, odd = _read(frame, column, "date")
    full = pl.when(values.str.len_chars() == 7).then(values + "-01").otherwise(values)
    days = pl.select(full.str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32)).to_series()
    return days.cast(pl.Int64).fill_null(NONE).to_numpy(), odd


def _keys(
    left: pl.DataFrame, right: pl.DataFrame, pair: tuple[str, str] | None
) -> tuple[Ints, Ints] | None:
    if pair is None:
        return None
    both = pl.concat([
        frame.select(pl.col(name).cast(pl.String).str.strip_chars().str.to_uppercase().alias("key"))
        for frame, name in zip((left, right), pair, strict=True)
    ])["key"]  # fmt: skip
    numbers = both.rank("dense").cast(pl.Int64)
    found = pl.select(
        pl.when(both.is_null() | (both == "")).then(-1).otherwise(numbers)
    ).to_series().fill_null(-1).to_numpy()  # fmt: skip
    return found[: left.height], found[left.height :]
