"""What a pipeline run leaves behind: steps, files and counts, readable by another process."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from kintsugi.engine.text import Text

RESULT_FILE: Final = "result.json"

#: Columns of issues.parquet. ``_row`` is null for an issue of a whole table; ``column`` is the
#: ordinal of the source column; ``value`` the text as it stood; ``proposal`` what we would write.
ISSUE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "_row": pl.Int32(),
    "_key": pl.String(),
    "field": pl.String(),
    "column": pl.Int32(),
    "rule": pl.String(),
    "severity": pl.String(),
    "value": pl.String(),
    "proposal": pl.String(),
    "raw_hash": pl.String(),
}


def raw_hash(raw: str) -> str:
    """128 bits of SHA-256 as hex: what a correction is tied to."""
    return hashlib.sha256(raw.encode()).hexdigest()[:32]


def hashes(text: pl.Expr) -> pl.Expr:
    """``raw_hash`` of a column, computed once per distinct text."""

    def once(texts: pl.Series) -> pl.Series:
        distinct = texts.unique()
        known = pl.Series([raw_hash(raw) for raw in distinct], dtype=pl.String)
        return texts.replace_strict(distinct, known, return_dtype=pl.String)

    return text.map_batches(once, return_dtype=pl.String)


class Progressed(NamedTuple):
    """A step that ended: ``done`` of ``total`` steps of the whole run."""

    table: str
    entity: str
    step: str
    title: Text
    rows: int
    done: int
    total: int


Progress = Callable[[Progressed], None]


class Counts(BaseModel):
    """Row arithmetic of one entity; it closes by construction:
    ``read = excluded + quarantined + merged + records - expanded``.

    ``read`` counts source rows (of an entity that is only mentioned: distinct mentions with a key).
    ``excluded`` never were data (totals, repeated headers, rows outside ``where``); ``quarantined``
    wait for a person; ``merged`` rows joined the record of an earlier row with the same key;
    ``expanded`` are the records beyond the first that one row gave (SN001~005 gives 5, so 4).
    """

    model_config = ConfigDict(frozen=True)

    read: int = 0
    excluded: int = 0
    quarantined: int = 0
    merged: int = 0
    records: int = 0
    expanded: int = 0

    def close(self) -> "Counts":
        """The counts, proven. A gap is a bug of ours, not of the data."""
        accounted = self.excluded + self.quarantined + self.merged + self.records - self.expanded
        assert self.read == accounted, f"row arithmetic does not close: {self}"
        return self


class Step(BaseModel):
    """One named, inspectable step. ``text`` is its SQL, or what the kernel does in words.

    ``path`` is a Parquet file. A *view* step changed nothing that would need a new file: it shows
    the file of an earlier step through ``select`` (shown name → column of the file).
    """

    name: str
    title: Text
    kind: Literal["sql", "kernel", "view"]
    text: str
    table: str
    entity: str | None = None
    rows: int
    columns: list[str]
    seconds: float
    path: Path
    select: dict[str, str] | None = None
    reused: bool = False

    @property
    def id(self) -> str:
        """``table/entity/name`` without the parts that are absent: unique within a result."""
        return "/".join(part for part in (self.table, self.entity, self.name) if part)


class EntityResult(BaseModel):
    """What one entity of one table came to. ``values`` maps a field to the Parquet file of the
    distinct texts whose cleaned value differs: raw, value, rule, issue, confidence, precision."""

    entity: str
    table: int
    table_name: str
    primary: bool
    fields: list[str]
    #: field → ordinals of the source columns it was read from.
    columns: dict[str, list[int]]
    records: Path
    issues: Path
    counts: Counts
    values: dict[str, Path] = Field(default_factory=dict)
    issue_counts: dict[str, int] = Field(default_factory=dict)


class TableIssue(BaseModel):
    """A question about a whole table, which belongs to no entity; ``text`` is what it is about."""

    table: int
    table_name: str
    rule: str
    severity: str
    text: str

    def frame(self) -> pl.DataFrame:
        """The question as one row of ISSUE_SCHEMA."""
        row = {
            "rule": self.rule,
            "severity": self.severity,
            "value": self.text,
            "raw_hash": raw_hash(self.text),
        }
        return pl.DataFrame([{**dict.fromkeys(ISSUE_SCHEMA), **row}], schema=ISSUE_SCHEMA)


class PipelineResult(BaseModel):
    """A finished run. ``sha256`` digests what it was computed from (snapshot, mapping, contracts,
    value maps, ruleset): equal digests mean equal records."""

    sha256: str
    snapshot: str
    mapping: str
    ruleset: str
    contracts: dict[str, str]
    entities: list[EntityResult]
    steps: list[Step]
    unknown_columns: dict[str, list[str]]
    unmapped_tables: list[str]
    table_issues: list[TableIssue] = Field(default_factory=list)
    seconds: float
    workdir: Path = Field(default=Path("."), exclude=True)

    def entity(self, entity: str, *, table: int | None = None) -> EntityResult:
        """The first result of an entity, optionally of one table. Raises KeyError."""
        for found in self.entities:
            if found.entity == entity and table in (None, found.table):
                return found
        raise KeyError(entity)

    def step(self, name: str) -> Step:
        """A step by id, or the first one by name. Raises KeyError."""
        for found in self.steps:
            if name in (found.id, found.name):
                return found
        raise KeyError(name)
