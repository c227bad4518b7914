"""One column at a time: counts, type, meaning, patterns, spread, and what is unlike the rest."""

import datetime as dt
import math
import re
from typing import NamedTuple

import numpy as np
import polars as pl

from kintsugi.engine.profiling.meaning import LOOKED_AT, meaning_of
from kintsugi.engine.profiling.model import ColumnProfile, ColumnType, Numbers, Odd
from kintsugi.engine.values import normalise, vote_date_order
from kintsugi.engine.values.base import is_null_word

TOP = 20
PATTERNS = 20
#: So much of a column has to be of a type for the rest to be what is odd.
TYPE_MIN = 0.9
#: A pattern that fewer rows than this have, beside one that nearly all have, is odd.
_RARE, _COMMON = 0.01, 0.9
_ODD_MAX = 50
_FENCE = 3.0
_BINS = 20
_FUTURE_DAYS = 3653  # what is planned or guaranteed lies within ten years
_DISTINCT_TYPED = 200_000
_PATTERN_CHARS = 60


class Typed(NamedTuple):
    """A column read as its type: ``numbers`` as floats or ``days`` since 1970, NaN where it cannot
    be; None where the column is neither."""

    type: ColumnType
    share: float
    numbers: "np.typing.NDArray[np.float64] | None"
    is_date: bool


def column_profile(
    name: str, position: int, texts: pl.Series, rows: pl.Series, at: dt.date
) -> tuple[ColumnProfile, Typed]:
    """A column of texts (null for blank) and how it reads as its type. ``rows`` are source rows."""
    trimmed = texts.str.strip_chars()
    counts = trimmed.drop_nulls().value_counts(sort=True, name="n").rename({trimmed.name: "text"})
    counts = counts.sort(["n", "text"], descending=[True, False])
    nothing = counts.filter(_words_for_nothing(counts["text"]))
    said = counts.join(nothing, on="text", how="anti", maintain_order="left")
    blank = trimmed.null_count()
    filled = len(trimmed) - blank - int(nothing["n"].sum())
    typed, known = _typed(trimmed, said, filled, name)
    head = [(str(text), int(n)) for text, n in said.head(LOOKED_AT).rows()]
    shaped = _shaped(said)
    patterns = _patterns(shaped)
    lengths = said["text"].str.len_chars()
    least, most = _ends(typed, known, said)
    odd = [
        *_odd_types(typed, known, said, trimmed, rows),
        *_odd_numbers(typed, trimmed, rows, at),
        *_odd_patterns(patterns, shaped, trimmed, rows, filled, typed),
    ]
    profile = ColumnProfile(
        name=name,
        position=position,
        rows=len(trimmed),
        blank=blank,
        nothing=int(nothing["n"].sum()),
        distinct=said.height,
        once=int((said["n"] == 1).sum()),
        type=typed.type,
        type_share=round(typed.share, 4),
        meaning=meaning_of(name, head, distinct=said.height, filled=filled, type_=typed.type),
        shortest=int(str(lengths.min() or 0)),
        longest=int(str(lengths.max() or 0)),
        least=least,
        most=most,
        numbers=_spread(typed),
        patterns=tuple((p, n) for p, n in patterns.head(PATTERNS).rows()),
        patterns_in_all=patterns.height,
        top=tuple(head[:TOP]),
        odd=tuple(odd[:_ODD_MAX]),
    )
    return profile, typed


def _words_for_nothing(texts: pl.Series) -> pl.Series:
    short = texts.str.len_chars() <= 24
    found = np.zeros(len(texts), dtype=np.bool_)
    at = short.arg_true().to_list()
    values = texts.gather(at).to_list()
    found[at] = [is_null_word(value) for value in values]
    return pl.Series(found)


def _typed(
    trimmed: pl.Series, said: pl.DataFrame, filled: int, name: str
) -> tuple[Typed, pl.DataFrame | None]:
    """The most special type that nearly all filled cells have; the reading of each distinct text
    (``text, n, value``) by that type."""
    if not filled:
        return Typed("empty", 1.0, None, is_date=False), None
    sample = said.head(_DISTINCT_TYPED)
    order = vote_date_order(sample["text"].head(5_000).to_list())
    for kind, args in (
        ("boolean", {}), ("integer", {}), ("decimal", {}),
        ("date", {"order": order} if order else {}),
    ):  # fmt: skip
        if kind == "boolean" and said.height > 4:
            continue
        if kind == "date" and not _dated(sample):
            continue
        read = normalise(kind, sample["text"], args).rename({"raw": "text"})
        known = sample.join(
            read.select("text", "value", "unit"), on="text", how="left", maintain_order="left"
        )
        # 5台 and 12.5万元 are readable as numbers, but the column is text that holds a quantity.
        plain = known.filter(pl.col("value").is_not_null() & pl.col("unit").is_null())
        share = int(plain["n"].sum()) / max(int(known["n"].sum()), 1)
        if share < TYPE_MIN:
            continue
        if kind in ("integer", "decimal") and _is_code(sample):
            break
        values = None
        if kind != "boolean":
            joined = trimmed.to_frame("text").join(
                plain.select("text", "value"), on="text", how="left", maintain_order="left"
            )["value"]
            values = _floats(joined, kind)
        type_: ColumnType = kind  # type: ignore[assignment]
        return Typed(type_, share, values, kind == "date"), plain
    return Typed("text", 1.0, None, is_date=False), None


def _dated(sample: pl.DataFrame) -> bool:
    """Whether enough of the texts could be dates at all: plain numbers are not taken for days."""
    shaped = sample["text"].str.contains(
        r"[0-9]{1,4}\s*[-/.年月]\s*[0-9]{1,2}|^(?:19|20)[0-9]{6}$|[A-Za-z]{3}"
    )
    return int(sample.filter(shaped)["n"].sum()) >= 0.5 * int(sample["n"].sum())


def _is_code(sample: pl.DataFrame) -> bool:
    """Digits that are no quantity: zeros in front, or long and all of one length."""
    texts = sample["text"]
    weights = sample["n"]
    total = int(weights.sum())
    zeros = int(weights.filter(texts.str.contains(r"^0[0-9]+$")).sum())
    long = texts.str.len_chars() >= 10
    same = texts.str.len_chars().n_unique() == 1 and bool(long.all())
    return zeros > 0.02 * total or (same and sample.height > 1)


def _floats(values: pl.Series, kind: str) -> "np.typing.NDArray[np.float64]":
    if kind == "date":
        full = pl.when(values.str.len_chars() == 7).then(values + "-01").otherwise(values)
        days = pl.select(full.str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32)).to_series()
        return days.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()


def _ends(
    typed: Typed, known: pl.DataFrame | None, said: pl.DataFrame
) -> tuple[str | None, str | None]:
    if typed.numbers is not None and not np.isnan(typed.numbers).all():
        low, high = float(np.nanmin(typed.numbers)), float(np.nanmax(typed.numbers))
        if typed.is_date:
            first = dt.date(1970, 1, 1)
            return tuple(str(first + dt.timedelta(days=int(v))) for v in (low, high))  # type: ignore[return-value]
        return f"{low:.15g}", f"{high:.15g}"
    if said.is_empty():
        return None, None
    return str(said["text"].min())[:100], str(said["text"].max())[:100]


def _spread(typed: Typed) -> Numbers | None:
    if typed.numbers is None:
        return None
    values = typed.numbers[~np.isnan(typed.numbers)]
    if not len(values):
        return None
    quartiles = tuple(round(float(q), 6) for q in np.quantile(values, (0, 0.25, 0.5, 0.75, 1)))
    low, high = (float(v) for v in np.quantile(values, (0.02, 0.98)))
    if low == high:
        low, high = float(values.min()), float(values.max())
    bins, ends = _BINS, (low, high if high > low else low + 1)
    if high - low < _BINS and bool((values % 1 == 0).all()):
        # A few whole numbers: a step for each, or steps between two of them would seem empty.
        low, high = math.floor(low), math.ceil(high)
        bins, ends = int(high - low) + 1, (low - 0.5, high + 0.5)
    counts, edges = np.histogram(values, bins=bins, range=ends)
    return Numbers(
        quartiles=quartiles,  # type: ignore[arg-type]
        mean=round(float(values.mean()), 6),
        edges=tuple(round(float(edge), 6) for edge in edges),
        counts=tuple(int(count) for count in counts),
    )


def _shaped(said: pl.DataFrame) -> pl.DataFrame:
    """``text, n, pattern``: A for capital letters, a for small ones, 9 for digits, 汉 for Chinese,
    runs as their length: SN-00123 is A{2}-9{5}."""
    shapes = said.with_columns(
        pl.col("text")
        .str.slice(0, _PATTERN_CHARS)
        .str.replace_all(r"\p{Lu}", "A")
        .str.replace_all(r"\p{Ll}", "a")
        .str.replace_all(r"\p{Nd}", "9")
        .str.replace_all(r"\p{Han}", "汉")
        .str.replace_all(r"\s", " ")
        .alias("shape")
    )
    distinct = shapes.select("shape").unique()
    named = distinct.with_columns(
        pl.Series("pattern", [_runs(shape) for shape in distinct["shape"]], dtype=pl.String)
    )
    return shapes.join(named, on="shape", how="left", maintain_order="left").drop("shape")


def _patterns(shaped: pl.DataFrame) -> pl.DataFrame:
    """``pattern, n``, most frequent first."""
    found = shaped.group_by("pattern").agg(pl.col("n").sum())
    return found.sort(["n", "pattern"], descending=[True, False])


def _runs(shape: str) -> str:
    return re.sub(r"(.)\1+", lambda m: f"{m[1]}{{{len(m[0])}}}" if m[1] in "Aa9汉" else m[0], shape)


def _odd_types(
    typed: Typed,
    known: pl.DataFrame | None,
    said: pl.DataFrame,
    trimmed: pl.Series,
    rows: pl.Series,
) -> list[Odd]:
    if typed.type in ("text", "empty") or known is None:
        return []
    wrong = said.join(known, on="text", how="anti", maintain_order="left").head(_ODD_MAX)
    return _odd("type", wrong["text"], trimmed, rows)


def _odd(why: str, texts: pl.Series, trimmed: pl.Series, rows: pl.Series) -> list[Odd]:
    if texts.is_empty():
        return []
    cells = pl.DataFrame({"text": trimmed, "row": rows}).filter(
        pl.col("text").is_in(texts.to_list())
    )
    found = cells.group_by("text").agg(pl.len().alias("n"), pl.col("row").min())
    found = found.sort(["n", "row"], descending=[True, False])
    return [Odd(why, str(text)[:200], int(n), int(row)) for text, n, row in found.rows()]


def _odd_numbers(typed: Typed, trimmed: pl.Series, rows: pl.Series, at: dt.date) -> list[Odd]:
    """Numbers outside three times the middle half on either side; for amounts that only grow large
    on a scale of ratios. Dates more than ten years after ``at``."""
    if typed.numbers is None:
        return []
    values = typed.numbers
    known = ~np.isnan(values)
    if typed.is_date:
        late = known & (values > (at - dt.date(1970, 1, 1)).days + _FUTURE_DAYS)
        return _odd("late", trimmed.filter(pl.Series(late)).unique(), trimmed, rows)[:20]
    if known.sum() < 20:
        return []
    scale = values
    if (values[known] > 0).all() and _skewed(values[known]):
        scale = np.log(np.where(known, values, 1.0))
    low, high = np.quantile(scale[known], (0.25, 0.75))
    reach = _FENCE * (high - low)
    if reach == 0:
        return []
    far = known & ((scale < low - reach) | (scale > high + reach))
    if far.sum() > 0.02 * known.sum():
        # So many are no exception but how the column is.
        return []
    return _odd("far", trimmed.filter(pl.Series(far)).unique(), trimmed, rows)[:20]


def _skewed(values: "np.typing.NDArray[np.float64]") -> bool:
    first, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    return bool(third - middle > 1.5 * (middle - first))


def _odd_patterns(
    patterns: pl.DataFrame,
    shaped: pl.DataFrame,
    trimmed: pl.Series,
    rows: pl.Series,
    filled: int,
    typed: Typed,
) -> list[Odd]:
    """Texts whose pattern hardly any row has, where nearly all rows share one."""
    if typed.type != "text" or filled < 50 or patterns.is_empty():
        return []
    if int(patterns["n"][0]) < _COMMON * filled:
        return []
    rare = patterns.filter(pl.col("n") < _RARE * filled).select("pattern")
    texts = shaped.join(rare, on="pattern", how="semi", maintain_order="left")["text"]
    return _odd("pattern", texts, trimmed, rows)[:20]
