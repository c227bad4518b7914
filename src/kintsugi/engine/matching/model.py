"""What is asked of a matching and what comes of it."""

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from kintsugi.engine.text import Text

ColumnKind = Literal["name", "code", "date", "category", "number", "text"]
#: Pairs from this probability on are worth a person's look.
ASK = 0.1
#: From here on a learned model takes two records for one: where it was best.
LEARNED_SURE = 0.5
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
    two of the other. ``sure``: from this probability on two records are taken for one, below it,
    down to ``ask``, a person looks; None: told from the probabilities (``threshold.best_cut``), for
    a learned model where it was best. ``key`` names a column of identifiers of the source, never
    compared."""

    columns: tuple[str, ...] = ()
    blocks: tuple[tuple[str, ...], ...] = ()
    link: bool = False
    one_to_one: bool = False
    sure: float | None = None
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
    they rest on: ``model``, ``learned``, ``look-alike``, ``same`` (in every column), ``serial``
    (one maker and serial number), ``known`` (one group before), ``must`` (a person's word).
    ``clusters``: ``row, cluster`` for every record; those that are like no other have one of their
    own. ``issues`` are decisions that contradict the evidence. ``pairs`` counts the pairs compared,
    once for each block that brings them.
    ``sure`` is the threshold that was used, ``f1`` what it is expected to reach where it was chosen
    here (None otherwise). ``merged``: ids of earlier clusters that are no more, and the id of the
    cluster their records are in now. ``notes`` say what a reader has to know besides."""

    links: pl.DataFrame
    clusters: pl.DataFrame
    compared: tuple[Compared, ...]
    blocks: tuple[tuple[str, ...], ...]
    pairs: int
    issues: tuple[Conflict, ...] = ()
    sure: float = LEARNED_SURE
    f1: float | None = None
    merged: tuple[tuple[str, str], ...] = ()
    notes: tuple[Text, ...] = ()


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
    part; their sum is the match weight. Two that are one by ``rule`` have no steps."""

    left: int
    right: int
    prior: float
    steps: tuple[Step, ...] = field(default_factory=tuple)
    rule: Text | None = None

    @property
    def weight(self) -> float:
        """Log2 of the odds that the two are one."""
        return self.prior + sum(step.weight for step in self.steps)
