"""What an upload was recognised as, before anything is loaded."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import (
    Mapping,
    complete_mapping,
    find_table,
    suggest_mapping,
    validate_mapping,
)
from kintsugi.engine.mapping.model import headers_of
from kintsugi.engine.snapshot import Note, open_snapshot, table_frame
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.text import Text
from kintsugi.onboarding.models import Source
from kintsugi.onboarding.readable import TableLines, mapping_lines
from kintsugi.onboarding.services.guards import refuse_shrunk, refuse_unapproved
from kintsugi.onboarding.services.sources import current_mapping, recognise, refuse_unlike
from kintsugi.onboarding.uploads import Item

SAMPLE_ROWS = 400
SAMPLES = 3
SAMPLE_CHARS = 60
#: The choice of making a new source although one was recognised.
NEW = "+"


@dataclass
class Preview:
    """One file: what it is, where it belongs, how its columns would be read."""

    index: int
    item: Item
    snapshot: EngineSnapshot | None = None
    recognised: Source | None = None
    source: Source | None = None
    choice: str = ""
    tables: list[TableLines] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    mapping_version: str = ""
    error: KintsugiError | None = None
    #: Why fewer rows than before are right, where a person said so.
    shrunk: str = ""

    @property
    def asks_why(self) -> bool:
        """Whether it holds fewer rows than it should, and waits for a person's reason."""
        return self.error is not None and self.error.code == "source.shrunk"

    @property
    def is_ready(self) -> bool:
        """Whether it could be imported as it stands."""
        return self.error is None and bool(self.tables)


def preview(*, index: int, item: Item, choice: str, at: dt.datetime, shrunk: str = "") -> Preview:
    """Look at one uploaded file. ``choice``: a source's code, ``+`` for a new source, or empty for
    the one its layout belongs to. Never raises a refusal of the file: it is in ``error``."""
    made = Preview(index, item, choice=choice, shrunk=shrunk)
    if item.error is not None:
        made.error = stored_error(item.error)
        return made
    try:
        made.snapshot = open_snapshot(Path(settings.SNAPSHOT_ROOT) / item.snapshot)
        made.notes = list(made.snapshot.notes)
        made.recognised = recognise(made.snapshot)
        if choice and choice != NEW:
            made.source = Source.objects.filter(code=choice, is_void=False).first()
        elif not choice:
            made.source = made.recognised
        _map(made, made.snapshot, at)
    except KintsugiError as error:
        made.error = error
    return made


def _map(made: Preview, snapshot: EngineSnapshot, at: dt.datetime) -> None:
    """The source's own mapping, or a suggestion; refusals are raised after what can be shown was
    filled in."""
    contracts = load_contracts()
    kept = current_mapping(made.source) if made.source else None
    reasons: dict[tuple[str, str, str], tuple[Text, float]] = {}
    if kept is not None:
        mapping = Mapping.model_validate(kept.content)
        made.mapping_version = f"v{kept.number}"
    else:
        found = suggest_mapping(snapshot, contracts)
        mapping = found.mapping
        for reason in found.reasons:
            reasons[reason.table, reason.entity, reason.field] = (reason.why, reason.score)
        if not mapping.tables and found.missing_keys:
            raise found.missing_keys[0].error
    samples = _samples(snapshot, mapping)
    made.tables = mapping_lines(mapping, samples=samples, reasons=reasons)
    made.unknown = _unknown(snapshot, mapping)
    if not mapping.tables:
        raise KintsugiError(
            "mapping.not-understood",
            Text(
                "无法从列名看出这个文件讲的是什么。",
                "The column names do not tell what this file is about.",
            ),
            Text(
                "请改用数据字典中的列名,或选择它所属的来源。",
                "Use column names of the data dictionary, or choose the source it belongs to.",
            ),
            file=snapshot.file_name,
        )
    if kept is not None and made.source is not None:
        refuse_unlike(made.source, mapping, snapshot)
    refuse_unapproved(made.source, file=snapshot.file_name, at=at)
    if made.source is not None and not made.shrunk:
        refuse_shrunk(made.source, snapshot)
    maps = made.source.value_maps if made.source else None
    validate_mapping(complete_mapping(mapping, contracts), snapshot, contracts, value_maps=maps)


def _samples(snapshot: EngineSnapshot, mapping: Mapping) -> dict[tuple[str, str], tuple[str, ...]]:
    """A few different texts of each mapped column, from the first rows."""
    samples: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in mapping.tables:
        index = find_table(snapshot, table.table)
        if index is None:
            continue
        known = snapshot.table(index)
        wanted = {h for e in table.entities for x in e.columns.values() for h in headers_of(x)}
        frame = table_frame(snapshot, known.index).head(SAMPLE_ROWS).collect()
        for column in known.columns:
            if column.name in wanted:
                texts = frame[column.key].filter(frame[column.key] != "")
                distinct = texts.unique(maintain_order=True).head(SAMPLES).cast(pl.String)
                samples[str(table.table), column.name] = tuple(
                    text[:SAMPLE_CHARS] for text in distinct.to_list()
                )
    return samples


def _unknown(snapshot: EngineSnapshot, mapping: Mapping) -> dict[str, list[str]]:
    """Columns that no field reads, by table; they stay in the snapshot."""
    unknown: dict[str, list[str]] = {}
    for table in snapshot.tables:
        mapped = next(
            (t for t in mapping.tables if find_table(snapshot, t.table) == table.index), None
        )
        used = (
            {h for e in mapped.entities for x in e.columns.values() for h in headers_of(x)}
            if mapped
            else set()
        )
        left = [column.name for column in table.columns if column.name not in used]
        if left:
            unknown[table.name] = left
    return unknown


def stored_error(kept: Any) -> KintsugiError:
    """A refusal that was written down, as the error it was."""
    return KintsugiError(
        str(kept["code"]), Text(*kept["message"]), Text(*kept["remedy"]), **kept.get("facts", {})
    )


def error_to_store(error: KintsugiError) -> dict[str, Any]:
    """A refusal as JSON, to be shown on a later page."""
    facts = {
        name: value if isinstance(value, (str, int, float)) else str(value)[:400]
        for name, value in error.facts.items()
        if value is not None
    }
    return {
        "code": error.code,
        "message": list(error.message),
        "remedy": list(error.remedy),
        "facts": facts,
    }
