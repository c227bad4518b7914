"""What is asked of a matching and what comes of it."""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

ColumnKind = Literal["name", "code", "date", "category", "number", "text"]
#: From this probability on two records are taken for one; below it, down to ASK, a person looks.
SURE, ASK = 0.9, 0.1
#: Columns of ``Matching.links``.
LINKS = {
    "left": pl.Int64, "right": pl.Int64, "probability": pl.Float64, "weight": pl.Float64,
    "by": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """A person's word on two records: ``must`` or ``cannot`` be one. Rows are 0-based in the table
    of all records, those of the first list before those of the second."""

    left: int
    right: int
    link: Literal["must", "cannot"]


@dataclass(frozen=True)
class Plan:
    """How to match. ``columns`` to compare (all that tell records apart where empty), ``blocks``:
    sets of columns on which two records agree to be compared at all (found where empty). ``link``:
    two lists whose records are compared across only. ``one_to_one``: no record of a list stands for
    two of the other. ``key`` names a column of identifiers of the source, never compared."""

    columns: tuple[str, ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()
    link: bool = False
    one_to_one: bool = False
    sure: float = SURE
    ask: float = ASK
    key: str | None = None
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class Compared:
    """A column that was compared, how, and how often records agree by chance."""

    column: str
    kind: ColumnKind
    distinct: int


@dataclass(frozen=True)
class Conflict:
    """A cannot-link inside a cluster: the weakest links between the two records were cut."""

    left: int
    right: int
    cut: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Matching:
    """``links``: pairs from ``ask`` on, with probability, match weight (log2 of the odds) and what
    they rest on: ``model``, ``learned``, ``must``, ``look-alike``.
    ``clusters``: ``row, cluster`` for every record;
    those that are like no other have one of their own. ``issues`` are decisions that contradict
    the evidence. ``pairs`` counts the pairs compared, once for each block that brings them."""

    links: pl.DataFrame
    clusters: pl.DataFrame
    compared: tuple[Compared, ...]
    blocks: tuple[tuple[str, ...], ...]
    pairs: int
    issues: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Step:
    """One bar of the waterfall of a pair: what a column adds to the match weight, and why."""

    column: str
    weight: float
    left: str | None
    right: str | None
    level: str


@dataclass(frozen=True)
class Explanation:
    """Why two records are one or not: the weight before anything was compared, and each column's
    part; their sum is the match weight."""

    left: int
    right: int
    prior: float
    steps: tuple[Step, ...] = field(default_factory=tuple)

    @property
    def weight(self) -> float:
        """Log2 of the odds that the two are one."""
        return self.prior + sum(step.weight for step in self.steps)
