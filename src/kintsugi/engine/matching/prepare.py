"""Records made comparable: texts folded, words for nothing blank, and what kind each column is."""

from collections.abc import Sequence

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.model import ColumnKind, Compared, Plan
from kintsugi.engine.text import Text
from kintsugi.engine.values import normalise
from kintsugi.engine.values.base import NULL_WORDS

COLUMNS_MAX = 20
_FILLED_MIN = 0.05
#: Of two columns that say the same in nearly all rows one is enough: twice told is no more sure.
_SAME = 0.98


def folded(table: pl.DataFrame) -> pl.DataFrame:
    """Texts as they are compared: NFKC, lower case, one blank between words; null for nothing."""
    return table.select(
        pl.col(name)
        .cast(pl.String)
        .str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .pipe(_null)
        for name in table.columns
    )


def _null(text: pl.Expr) -> pl.Expr:
    bare = text.str.replace_all(" ", "")
    return pl.when(~bare.is_in(["", *sorted(NULL_WORDS)])).then(text)


def compared_columns(table: pl.DataFrame, plan: Plan) -> tuple[Compared, ...]:
    """The columns to compare and how: those asked for, or all that can tell records apart.

    Raises KintsugiError ``match.no-column`` and ``match.nothing-to-compare``.
    """
    for name in (*plan.columns, *(c for block in plan.blocks for c in block)):
        if name not in table.columns:
            raise KintsugiError(
                "match.no-column",
                Text(f"没有“{name}”列。", f"There is no column “{name}”."),
                Text("从已有列中选择。", "Choose one of the columns there are."),
                column=name,
                columns=table.columns[:100],
            )
    names = plan.columns or [c for c in table.columns if c != plan.key]
    found = []
    for name in names:
        values = table[name].drop_nulls()
        distinct = values.n_unique()
        asked = bool(plan.columns)
        if distinct < 2 or (len(values) < _FILLED_MIN * table.height and not asked):
            continue
        if not asked and _counts_rows(table[name]):
            continue
        found.append(Compared(name, _kind(values, distinct), distinct))
    found = found if plan.columns else _told_once(table, found)
    found.sort(key=lambda one: (-one.distinct, one.column))
    kept = {one.column for one in found[:COLUMNS_MAX]}
    chosen = tuple(one for one in sorted(found, key=lambda o: table.columns.index(o.column))
                   if one.column in kept)  # fmt: skip
    if not chosen:
        raise KintsugiError(
            "match.nothing-to-compare",
            Text("没有可以区分记录的列。", "No column tells records apart."),
            Text("用 --column 指定要比较的列。", "Name the columns to compare with --column."),
            columns=table.columns[:100],
        )
    return chosen


def _counts_rows(values: pl.Series) -> bool:
    """Whether a column only numbers the rows: 1, 2, 3 …, each once, growing."""
    if values.null_count() or values.n_unique() != len(values) or len(values) < 3:
        return False
    numbers = values.cast(pl.Int64, strict=False)
    if numbers.null_count():
        return False
    steps = numbers.diff().drop_nulls()
    return bool((steps == steps[0]).all())


def _told_once(table: pl.DataFrame, found: Sequence[Compared]) -> list[Compared]:
    kept: list[Compared] = []
    for one in found:
        again = any(
            abs(one.distinct - other.distinct) <= (1 - _SAME) * one.distinct
            and _agree(table[one.column], table[other.column]) >= _SAME
            for other in kept
        )
        if not again:
            kept.append(one)
    return kept


def _agree(a: pl.Series, b: pl.Series) -> float:
    both = a.is_not_null() & b.is_not_null()
    count = int(both.sum())
    return float((a == b).filter(both).sum()) / count if count else 0.0


def _kind(values: pl.Series, distinct: int) -> ColumnKind:
    """How to compare: as a date, a code of digits, one of a few words, a name, a long text."""
    some = values.head(2_000)
    if float(some.str.contains(r"^(?:19|20)[0-9]{6}$|[0-9][-/.年][0-9]").mean() or 0) > 0.9:  # type: ignore[arg-type]
        known = normalise("date", some)
        read = some.to_frame("raw").join(known.select("raw", "value"), on="raw", how="left")
        if read["value"].null_count() < 0.1 * len(some):
            return "date"
    if distinct <= max(20, 0.005 * len(values)):
        return "category"
    digits = float(some.str.contains(r"[0-9]").mean() or 0)  # type: ignore[arg-type]
    letters = float(some.str.contains(r"[a-z\u4e00-\u9fff]").mean() or 0)  # type: ignore[arg-type]
    length = float(some.str.len_chars().mean() or 0)  # type: ignore[arg-type]
    if digits > 0.9 and letters < 0.5:
        decimal = float(some.str.contains(r"\.[0-9]").mean() or 0)  # type: ignore[arg-type]
        return "number" if decimal > 0.5 else "code"
    if digits > 0.9 and length <= 20 and float(some.str.contains(" ").mean() or 0) < 0.2:  # type: ignore[arg-type]
        return "code"
    words = float(some.str.count_matches(r"\S+").mean() or 0)  # type: ignore[arg-type]
    return "text" if words > 4 or length > 40 else "name"
