"""What is known of one column before it is compared: its names, its values, its numbers."""

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

import polars as pl

from kintsugi.engine.contract import Contract, Field

#: Distinct values of a column that are kept, the most frequent first.
MAX_VALUES = 3_000
_MAX_TEXT = 200
_PATTERN_LENGTH = 24
_NUMBERS = frozenset(("integer", "decimal"))
_NUMBER = r"^([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*%?$"
_DATE = (
    r"^(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}\s*(?:[-./月]\s*\d{1,2}\s*日?|月)?(?:[ T]\d{1,2}:.*)?$"
    r"|^\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d{2}(?: .*)?$"
)


@dataclass(frozen=True)
class ColumnFacts:
    """A column before it is compared.

    ``labels``: the names it is known by, its own first. ``values``: distinct values, folded, the
    most frequent first. ``numeric`` and ``dated``: the share of distinct values that are numbers or
    dates, None when no value is known. ``quantiles``: 5, 25, 50, 75, 95 % of the numbers.
    ``patterns``: character classes → the share of distinct values. ``distinct`` and ``filled``
    count. ``free``: a target known to take any text.
    """

    name: str
    labels: tuple[str, ...]
    values: tuple[str, ...]
    numeric: float | None
    dated: float | None
    quantiles: tuple[float, ...]
    patterns: tuple[tuple[str, float], ...]
    distinct: int
    filled: int
    free: bool = False

    @property
    def worded(self) -> bool:
        """Whether its values are known and mostly neither numbers nor dates."""
        return self.numeric is not None and self.numeric < 0.5 and (self.dated or 0) < 0.5


def fold(text: str) -> str:
    """A value without the differences of writing that mean nothing: width, case, outer space."""
    plain = unicodedata.normalize("NFKC", text[:_MAX_TEXT]).casefold()
    return re.sub(r"\s+", " ", plain).strip()


def pattern(text: str) -> str:
    """The classes of a text's characters, runs of letters as one: MX-500/3 → A-999/9."""
    plain = unicodedata.normalize("NFKC", text[:_PATTERN_LENGTH])
    said = re.sub(r"[0-9]", "9", re.sub(r"[A-Za-z]+", "A", plain))
    return re.sub(r"[\u3400-\u9fff]+", "汉", said)


def number(text: str) -> float | None:
    """A plain number with or without a percent sign, else None."""
    found = re.match(_NUMBER, text.strip())
    digits = found.group(1).replace(",", "") if found else ""
    try:
        said = float(digits) if digits else math.inf
    except ValueError:
        return None
    return said if math.isfinite(said) else None


def dated(text: str) -> bool:
    """Whether a text is written as a date."""
    return re.match(_DATE, text.strip()) is not None


def frame_columns(frame: pl.DataFrame) -> list[ColumnFacts]:
    """The columns of a table, read as texts; null is blank."""
    return [_of_series(frame[name].cast(pl.String)) for name in frame.columns]


def _of_series(cells: pl.Series) -> ColumnFacts:
    told = cells.drop_nulls().str.slice(0, _MAX_TEXT).str.strip_chars()
    told = told.filter(told != "")
    counts = told.alias("v").value_counts().sort(["count", "v"], descending=[True, False])
    seen: list[str] = counts["v"].head(MAX_VALUES).to_list()
    numbers = [found for found in map(number, seen) if found is not None]
    shapes = Counter(pattern(text) for text in seen)
    share = 1 / max(1, len(seen))
    return ColumnFacts(
        name=cells.name,
        labels=(cells.name,),
        values=tuple(dict.fromkeys(text for text in map(fold, seen) if text)),
        numeric=len(numbers) * share if seen else None,
        dated=sum(map(dated, seen)) * share if seen else None,
        quantiles=_quantiles(numbers),
        patterns=tuple((shape, n * share) for shape, n in shapes.most_common(50)),
        distinct=counts.height,
        filled=len(told),
    )


def _quantiles(numbers: list[float]) -> tuple[float, ...]:
    if not numbers:
        return ()
    told = pl.Series(numbers)
    return tuple(float(told.quantile(q) or 0.0) for q in (0.05, 0.25, 0.5, 0.75, 0.95))


def contract_columns(contract: Contract) -> list[ColumnFacts]:
    """The fields of a contract as columns: what each is called, and what its words are."""
    return [_of_field(field) for field in contract.fields]


def _of_field(field: Field) -> ColumnFacts:
    listed = [w for one in field.allowed for w in (one.code, one.zh, one.en, *one.aliases)]
    typed = field.type in _NUMBERS or field.type in ("date", "enum", "boolean")
    return ColumnFacts(
        name=field.name,
        labels=(field.name, field.zh, field.en, *field.aliases),
        values=tuple(dict.fromkeys(map(fold, listed))),
        numeric=float(field.type in _NUMBERS) if typed else None,
        dated=float(field.type == "date") if typed else None,
        quantiles=(),
        patterns=(),
        distinct=len(listed),
        filled=len(listed),
        free=not typed,
    )
