"""What a profile says of a table: its columns, keys, rules between columns, scores and risk."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

ColumnType = Literal["empty", "integer", "decimal", "date", "boolean", "text"]
ScoreName = Literal["completeness", "consistency", "accuracy", "timeliness"]
VERSION = 1


@dataclass(frozen=True)
class Meaning:
    """What a column is about. ``kind`` is a semantic type, ``share`` the part of its filled cells
    that are of that kind, ``confidence`` 0–1, ``checked``: how many cells carry a check digit and
    how many of those are right; None where the kind has none."""

    kind: str
    share: float
    confidence: float
    checked: tuple[int, int] | None = None


@dataclass(frozen=True)
class Odd:
    """Values unlike the rest: ``why`` is ``far`` (numbers), ``pattern``, ``late`` (dates) or
    ``type``; ``rows`` counts them, ``first_row`` is where the first stands."""

    why: str
    value: str
    rows: int
    first_row: int


@dataclass(frozen=True)
class Numbers:
    """Numeric columns: the five quartiles, the mean, and a histogram over equal steps between the
    2nd and 98th per cent: ``edges`` has one more than ``counts``."""

    quartiles: tuple[float, float, float, float, float]
    mean: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ColumnProfile:
    """One column. ``blank`` counts empty cells, ``nothing`` cells with a word for nothing (不详,
    N/A), ``distinct`` different texts, ``once`` those that occur once. ``patterns`` and ``top`` are
    (text, rows), most frequent first, capped; ``least`` and ``most`` the first and last value in
    the order of the type."""

    name: str
    position: int
    rows: int
    blank: int
    nothing: int
    distinct: int
    once: int
    type: ColumnType
    type_share: float
    meaning: Meaning | None
    shortest: int
    longest: int
    least: str | None
    most: str | None
    numbers: Numbers | None
    patterns: tuple[tuple[str, int], ...]
    patterns_in_all: int
    top: tuple[tuple[str, int], ...]
    odd: tuple[Odd, ...]

    @property
    def filled(self) -> int:
        """Cells that say something."""
        return self.rows - self.blank - self.nothing


@dataclass(frozen=True)
class Key:
    """Columns that tell rows apart. ``repeated`` counts rows that share their values with another:
    0 for a key, a few for one that ought to be; ``first_rows`` are some of them."""

    columns: tuple[str, ...]
    repeated: int
    first_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dependence:
    """``left`` determines ``right`` in all but ``exceptions`` rows. ``strength`` 0–1 is the chance
    that rows with one left side agree, corrected for chance; 1 is exact."""

    left: tuple[str, ...]
    right: str
    strength: float
    exceptions: int
    first_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class CrossRule:
    """A rule between columns: ``order`` a ≤ b, ``equal`` a = b, ``sum`` a + b = c, ``product``
    a × b = c. ``held`` of ``rows`` where all are filled; ``first_rows`` are some exceptions."""

    kind: Literal["order", "equal", "sum", "product"]
    columns: tuple[str, ...]
    rows: int
    held: int
    first_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Score:
    """0–100, or None where nothing was there to measure it by: unknown is not 100. ``counted`` and
    ``of`` are what it rests on."""

    name: ScoreName
    value: float | None
    counted: int = 0
    of: int = 0


@dataclass(frozen=True)
class Risk:
    """How much depends on a column that is not sound: weight × (1 − score) × dependents.
    ``dependents`` counts the keys and rules it has a part in, and itself."""

    column: str
    value: float
    weight: int
    score: float
    dependents: int


@dataclass(frozen=True)
class Profile:
    """A table as it was found. ``at`` is the day it was measured for (ISO)."""

    source: str
    table: str
    at: str
    rows: int
    aside: int
    columns: tuple[ColumnProfile, ...]
    keys: tuple[Key, ...]
    dependences: tuple[Dependence, ...]
    rules: tuple[CrossRule, ...]
    scores: tuple[Score, ...]
    risks: tuple[Risk, ...]
    version: int = VERSION

    def column(self, name: str) -> ColumnProfile | None:
        """The column of this name, or None."""
        return next((one for one in self.columns if one.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """Plain types, as ``from_dict`` reads them back."""
        return asdict(self)


def from_dict(said: dict[str, Any]) -> Profile:
    """A profile as ``as_dict`` wrote it. Raises KeyError, TypeError or ValueError for others."""
    if said.get("version") != VERSION:
        raise ValueError(f"version {said.get('version')!r}, not {VERSION}")
    columns = tuple(_column(one) for one in said["columns"])
    return Profile(
        source=str(said["source"]),
        table=str(said["table"]),
        at=str(said["at"]),
        rows=int(said["rows"]),
        aside=int(said["aside"]),
        columns=columns,
        keys=tuple(Key(**_tupled(one)) for one in said["keys"]),
        dependences=tuple(Dependence(**_tupled(one)) for one in said["dependences"]),
        rules=tuple(CrossRule(**_tupled(one)) for one in said["rules"]),
        scores=tuple(Score(**one) for one in said["scores"]),
        risks=tuple(Risk(**one) for one in said["risks"]),
    )


def _column(said: dict[str, Any]) -> ColumnProfile:
    facts = _tupled(said)
    if facts["meaning"] is not None:
        facts["meaning"] = Meaning(**_tupled(facts["meaning"]))
    if facts["numbers"] is not None:
        facts["numbers"] = Numbers(**_tupled(facts["numbers"]))
    facts["odd"] = tuple(Odd(**one) for one in facts["odd"])
    for pairs in ("patterns", "top"):
        facts[pairs] = tuple((str(text), int(rows)) for text, rows in facts[pairs])
    return ColumnProfile(**facts)


def _tupled(said: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples; JSON knows no others."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
