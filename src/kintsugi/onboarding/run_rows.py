"""The rows behind each number of a run's arithmetic, a bounded window at a time."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
from django.conf import settings

from kintsugi.audit.selectors import (
    cell_url,
    operations,
    records_by_key,
    records_by_row,
)
from kintsugi.core.errors import KintsugiError
from kintsugi.engine.contract import load_contract
from kintsugi.engine.pipeline import EntityResult, PipelineResult, open_result
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import aside_frame, open_snapshot, table_frame
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding.cells import record_url
from kintsugi.onboarding.models import Issue, Run
from kintsugi.onboarding.selectors import rule_title
from kintsugi.onboarding.services import workdir
from kintsugi.onboarding.services.loading import stem, streams
from kintsugi.onboarding.services.runs import base_of
from kintsugi.onboarding.services.selection import plans_of

#: Records looked through for one page, and rows shown on it.
WINDOW = 1_000
SHOWN = 100
SUMMARY_FIELDS = 4
EARLIER_RUNS = 10


@dataclass(frozen=True)
class RowLine:
    """One row: where it stands in the source, what it is, what happened and why."""

    table: str
    row: int
    rows: tuple[int, ...]
    key: str
    summary: str
    reasons: tuple[Text, ...]
    record_url: str
    cell_url: str


@dataclass
class RowPage:
    """One window. ``next_after`` is where the next one starts; None at the end."""

    lines: list[RowLine] = field(default_factory=list)
    looked_at: int = 0
    total: int = 0
    next_after: int | None = None


@dataclass(frozen=True)
class Stream:
    """One stream of records of a run: an entity of a table."""

    name: str
    result: EntityResult
    title: Text


def run_streams(run: Run) -> tuple[PipelineResult, list[Stream]]:
    """The streams of a prepared run, primary ones first. Raises KintsugiError when its files are
    gone."""
    result = open_result(workdir(base_of(run)))
    made = []
    for name, entity in streams(run.source.code, result):
        contract = load_contract(entity.entity)
        made.append(
            Stream(
                name,
                entity,
                Text(
                    f"{entity.table_name} › {contract.zh}", f"{entity.table_name} › {contract.en}"
                ),
            )
        )
    return result, sorted(made, key=lambda one: not one.result.primary)


def rows_behind(run: Run, stream: Stream, outcome: str, *, after: int = 0) -> RowPage:
    """A window of the rows with this outcome, from position ``after``."""
    assert run.snapshot is not None, "start_run gives every run its snapshot"
    snapshot = open_snapshot(Path(settings.SNAPSHOT_ROOT) / run.snapshot.folder)
    if outcome in ("excluded", "quarantined"):
        return _left_out(run, stream, outcome, snapshot, after)
    return _loaded(run, stream, outcome, after)


def _loaded(run: Run, stream: Stream, outcome: str, after: int) -> RowPage:
    """Records of the run that were created, updated, merged or left unchanged.

    A window of records is looked through: the crosswalk by key and the change log by row tell what
    became of each, both by index.
    """
    entity = stream.result
    names = pl.scan_parquet(entity.records).collect_schema().names()
    shown = [name for name in entity.fields if name in names][:SUMMARY_FIELDS]
    frame = pl.scan_parquet(entity.records).select("_key", "_row", "_rows", *shown)
    if run.parent_id is not None:
        chosen = plans_of(run) / f"chosen-{stem(stream.name, entity.entity)}.parquet"
        if not chosen.exists():
            return RowPage()
        frame = frame.join(pl.scan_parquet(chosen), on="_key", how="semi", maintain_order="left")
    total = int(frame.select(pl.len()).collect().item())
    window = frame.slice(after, WINDOW).collect()
    page = RowPage(looked_at=window.height, total=total)
    known = {
        one.source_key: one
        for one in records_by_key(
            entity=entity.entity, streams=[stream.name], keys=window["_key"].drop_nulls().to_list()
        )
    }
    done = operations(run_id=run.pk, row_ids={one.gid for one in known.values()})
    made = _makers(run.pk, [gid for gid, op in done.items() if op == "I"])
    met_before = _met_before(run, entity, list(known))
    for position, record in enumerate(window.iter_rows(named=True)):
        one = known.get(record["_key"])
        if one is None:
            continue
        joined = len(record["_rows"] or []) > 1
        if record["_key"] in met_before:
            changed = done.get(one.gid) == "U" or one.origin.run_id == run.pk
            what = "updated" if changed else "unchanged"
        else:
            what = "created" if one.pk in made else "merged"
        if what != outcome and not (outcome == "merged" and joined):
            continue
        page.lines.append(_line(run, stream, record, shown, record_gid=one.gid))
        if len(page.lines) >= SHOWN:
            page.next_after = after + position + 1
            return page
    if after + window.height < total:
        page.next_after = after + window.height
    return page


def _makers(run_id: UUID, gids: list[UUID]) -> set[int]:
    """Of the records of this run that share a row it inserted: the first one made it."""
    made: dict[UUID, int] = {}
    for one in records_by_row(gids=gids, run_id=run_id):
        made.setdefault(one.gid, one.pk)
    return set(made.values())


def _met_before(run: Run, entity: EntityResult, keys: list[str]) -> set[str]:
    """Source keys that an earlier run of the same source had brought already."""
    met: set[str] = set()
    earlier = Run.objects.filter(
        source_id=run.source_id, status="verified", created_at__lt=run.created_at
    ).order_by("-created_at")[:EARLIER_RUNS]
    for one in earlier:
        try:
            result = open_result(workdir(one))
        except KintsugiError:  # its files were cleaned up
            continue
        for found in result.entities:
            if (found.entity, found.table_name) == (entity.entity, entity.table_name):
                had = pl.scan_parquet(found.records).filter(pl.col("_key").is_in(keys))
                met.update(had.select("_key").collect()["_key"].to_list())
    return met


def _line(
    run: Run,
    stream: Stream,
    record: dict[str, Any],
    shown: list[str],
    *,
    record_gid: UUID | None,
    reasons: tuple[Text, ...] = (),
) -> RowLine:
    entity = stream.result
    row = int(record["_row"])
    folder = run.snapshot.folder if run.snapshot else ""
    parts = [str(record[name]) for name in shown if record.get(name) not in (None, "")]
    return RowLine(
        table=entity.table_name,
        row=row,
        rows=tuple(record.get("_rows") or ()),
        key=str(record.get("_key") or ""),
        summary=" · ".join(parts)[:300],
        reasons=reasons,
        record_url=record_url(entity.entity, record_gid),
        cell_url=cell_url(folder, entity.table, row, 0),
    )


def _left_out(
    run: Run, stream: Stream, outcome: str, snapshot: EngineSnapshot, after: int
) -> RowPage:
    """Rows the reader put aside, then data rows that no loaded record came from."""
    entity = stream.result
    if run.parent_id is not None:
        # What reading put aside belongs to the prepared run, not to one of its waves.
        aside = aside_frame(snapshot, entity.table).select("_row", "rule", "text").clear().collect()
    else:
        aside = _aside(entity, snapshot, outcome)
    lost = _not_loaded(run, stream, snapshot)
    issues = _issues(run, entity, lost)
    is_quarantined = outcome == "quarantined"
    lost = [row for row in lost if bool(issues.get(row)) is is_quarantined]
    every: list[tuple[int, str, tuple[Text, ...]]] = [
        (row, text or "", (_why(rule),)) for row, rule, text in aside.iter_rows()
    ]
    every += [(row, "", tuple(issues.get(row, ()))) for row in lost]
    every.sort(key=lambda one: one[0])
    part = every[after : after + SHOWN]
    texts = _texts(snapshot, entity.table, [row for row, text, _ in part if not text])
    page = RowPage(looked_at=len(part), total=len(every))
    for row, text, reasons in part:
        record = {"_row": row, "text": text or texts.get(row, "")}
        page.lines.append(_line(run, stream, record, ["text"], record_gid=None, reasons=reasons))
    if after + SHOWN < len(every):
        page.next_after = after + SHOWN
    return page


def _aside(entity: EntityResult, snapshot: EngineSnapshot, outcome: str) -> pl.DataFrame:
    """Rows that reading put aside with this outcome: ``_row, rule, text``."""
    return (
        aside_frame(snapshot, entity.table)
        .filter(pl.col("disposition") == outcome)
        .select("_row", "rule", pl.col("text").str.slice(0, 300))
        .collect()
    )


def _why(rule: str | None) -> Text:
    known = RULES.get(rule or "")
    return known.describe("…") if known else Text(rule or "", rule or "")


def _not_loaded(run: Run, stream: Stream, snapshot: EngineSnapshot) -> list[int]:
    """Data rows of the table that are behind no record that was loaded, at most 20,000."""
    entity = stream.result
    if run.parent_id is not None:
        return _unresolved(run, stream)
    records = pl.scan_parquet(entity.records)
    kept = records.select(pl.concat_list("_row", "_rows").explode().alias("_row")).unique()
    rows = table_frame(snapshot, entity.table).select("_row")
    lost = rows.join(kept, on="_row", how="anti").select(pl.col("_row").unique().sort())
    found = lost.head(20_000).collect()["_row"].to_list()
    unresolved = _unresolved(run, stream)
    return sorted({*found, *unresolved})


def _unresolved(run: Run, stream: Stream) -> list[int]:
    """Rows of records that the plan of the load left out, because what they must refer to is
    unknown."""
    entity, folder = stream.result, plans_of(run)
    planned = folder / f"planned-{stem(stream.name, entity.entity)}.parquet"
    if not planned.exists():
        return []
    records = pl.scan_parquet(entity.records).select("_key", "_row")
    chosen = folder / f"chosen-{stem(stream.name, entity.entity)}.parquet"
    if chosen.exists():
        records = records.join(pl.scan_parquet(chosen), on="_key", how="semi")
    kept = pl.scan_parquet(planned).select("_key")
    left = records.join(kept, on="_key", how="anti").select("_row").head(20_000).collect()
    return [int(row) for row in left["_row"].to_list()]


def _issues(run: Run, entity: EntityResult, rows: list[int]) -> dict[int, list[Text]]:
    """Why rows were left out, by row; issues that block first."""
    found: dict[int, list[Text]] = {}
    issues = (
        Issue.objects.filter(run=run, table_no=entity.table, entity=entity.entity, row__in=rows)
        .values_list("row", "rule", "value")
        .order_by("row")[:20_000]
    )
    for row, rule, value in issues:
        if row is None:
            continue
        known = RULES.get(rule)
        text = known.describe(value[:80]) if known else rule_title(rule)
        found.setdefault(row, []).append(text)
    return found


def _texts(snapshot: EngineSnapshot, table: int, rows: list[int]) -> dict[int, str]:
    """The rows' cells joined, for rows that have no text of their own."""
    if not rows:
        return {}
    frame = table_frame(snapshot, table).filter(pl.col("_row").is_in(rows))
    return {
        record.pop("_row"): " | ".join(text for text in record.values() if text)[:300]
        for record in frame.collect().iter_rows(named=True)
    }
