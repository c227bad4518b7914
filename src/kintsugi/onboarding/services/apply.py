"""One chunk of a run into the tables: rows, crosswalk, change log and ledger in one transaction.

A chunk is applied whole or not at all, and its ledger row says so, so that a run that was killed
goes on exactly where it stopped.
"""

import datetime as dt
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import polars as pl

from kintsugi.audit import services as audit
from kintsugi.core.bulk import fetch_frame
from kintsugi.core.ids import uuid7_series
from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.engine.contract import Contract
from kintsugi.engine.survivorship import survive
from kintsugi.onboarding.models import Chunk
from kintsugi.onboarding.services.records import fields_of, values_json, with_days
from kintsugi.onboarding.services.running import lock_entity


def chunk_rows(given: str | None) -> int:
    """Source records a transaction takes at most: 50,000, or ``KINTSUGI_CHUNK_ROWS`` (1 to
    1,000,000) for a server with little memory. A run keeps the chunks it was planned with."""
    if given and given.isascii() and given.isdigit():
        return min(max(int(given), 1), 1_000_000)
    return 50_000


CHUNK_ROWS = chunk_rows(os.environ.get("KINTSUGI_CHUNK_ROWS"))


class Watch(Protocol):
    """Looks on while a chunk is worked out: what a rehearsal keeps of it."""

    def before(self, loader: TableLoader, ids: pl.Series, columns: list[str]) -> None:
        """Rows are about to change."""

    def after(self, loader: TableLoader) -> None:
        """They have."""

    def done(self, records: pl.DataFrame, held: list[str]) -> None:
        """What became of each record that is not as before: ``_key, _row, _gid, _op``; ``held``
        are rows that were not touched."""


@dataclass(frozen=True)
class Target:
    """What all chunks of one record stream of a run share.

    ``stream`` is the crosswalk's name of the source: its code, and the table and role within it.
    """

    run_id: UUID
    source_id: UUID
    actor: str
    stream: str
    authority: int
    observed_at: dt.datetime
    entity: str
    origin_id: int
    contract: Contract
    loader: TableLoader
    watch: Watch | None = None


@dataclass
class Outcome:
    """What became of a chunk's records, and what a person should know."""

    created: int = 0
    updated: int = 0
    merged: int = 0
    unchanged: int = 0
    quarantined: int = 0
    cells: int = 0
    issues: pl.DataFrame | None = None


def apply_chunk(
    target: Target,
    *,
    number: int,
    records: pl.DataFrame,
    keep_issues: Callable[[pl.DataFrame], None],
) -> Outcome | None:
    """Apply one chunk; None when the ledger says it was applied before.

    ``records``: text fields and ``_key, _row, _rows, _field_rows, _hash``. Issues that the
    merge met are handed to ``keep_issues`` inside the transaction.
    """
    begun = time.perf_counter()
    with audit.recorded(
        actor=target.actor, command="onboarding.apply", run_id=target.run_id, chunk=number
    ):
        lock_entity(target.entity)
        place = {
            "run_id": target.run_id,
            "entity": target.entity,
            "stream": target.stream,
            "number": number,
        }
        if Chunk.objects.filter(**place).exists():
            return None
        outcome = bring_in(target, records)
        if outcome.issues is not None and outcome.issues.height:
            keep_issues(outcome.issues)
        Chunk.objects.create(
            **place,
            records=records.height,
            created=outcome.created,
            updated=outcome.updated,
            merged=outcome.merged,
            unchanged=outcome.unchanged,
            quarantined=outcome.quarantined,
            cells=outcome.cells,
            seconds=time.perf_counter() - begun,
        )
    return outcome


def bring_in(target: Target, records: pl.DataFrame) -> Outcome:
    """Bring records into the tables and the crosswalk, in the caller's transaction."""
    outcome = Outcome()
    known = audit.known_records(
        entity=target.entity, source=target.stream, keys=records["_key"].to_list()
    )
    all_records = records.join(known, on="_key", how="left")
    waiting = _waiting(target, records)
    same = (all_records["known_hash"] == all_records["_hash"]).fill_null(False)
    same &= ~all_records["_key"].is_in(waiting["_key"].implode())
    outcome.unchanged = int(same.sum())
    work = all_records.filter(~same)
    if work.is_empty():
        return outcome
    work = _identify(target, work)
    fields = fields_of(records, target.contract)
    earlier = _earlier(target, work, fields)
    work = _hold_blanks(target, work, earlier, fields)
    fields = [*fields, *(f for f in fields_of(earlier, target.contract) if f not in fields)]
    work = work.with_columns(
        pl.lit(None, pl.String).alias(name) for name in fields if name not in work.columns
    )
    golden, winners = _golden(target, work, earlier, fields)
    golden, disordered = _in_order(target, golden)
    fresh = work.filter("_fresh").select("_gid", "_back").unique("_gid")
    _create(target, golden.join(fresh.filter(~pl.col("_back")).select("_gid"), on="_gid"))
    _revive(target, golden.join(fresh.filter("_back").select("_gid"), on="_gid"))
    collided = _change(target, golden, earlier, work, fields, waiting, outcome)
    outcome.issues = _with_disorder(outcome.issues, disordered, work)
    applied = work.filter(~((pl.col("_op") == "updated") & pl.col("_gid").is_in(collided)))
    _remember(target, applied, earlier, winners, fields)
    outcome.created = work.filter(pl.col("_op") == "created").height
    outcome.merged = work.filter(pl.col("_op") == "merged").height
    held = work.filter((pl.col("_op") == "updated") & pl.col("_gid").is_in(collided)).height
    outcome.quarantined = held
    outcome.updated = work.filter(pl.col("_op") == "updated").height - held
    if target.watch is not None:
        target.watch.done(work.select("_key", "_row", "_gid", "_op"), collided)
    return outcome


def _waiting(target: Target, records: pl.DataFrame) -> pl.DataFrame:
    """``_key, field`` of references that could not be told when their record came and can be now:
    such a record is taken up again although its source says what it said before."""
    waiting = fetch_frame(
        query("onboarding", "waiting_references"),
        [target.source_id, target.entity, records["_key"].to_list()],
    )
    if waiting.is_empty():
        return pl.DataFrame(schema={"_key": pl.String, "field": pl.String})
    theirs = records.join(waiting.select("_key").unique(), on="_key", how="semi")
    unresolved = target.loader.resolve(with_days(theirs, target.contract)).unresolved
    return waiting.join(unresolved, on=["_key", "field"], how="anti")


def _identify(target: Target, work: pl.DataFrame) -> pl.DataFrame:
    """Give every record its row: ``_gid``, ``_op`` (created, merged, updated) and ``_fresh``
    (the row is new in this chunk, or stands again after a rollback took it back).

    A source key met before keeps its row for ever. Otherwise the natural key finds the row that
    another source made, and records of this chunk that share a natural key share one new row.
    """
    updated = work.filter(pl.col("gid").is_not_null()).with_columns(
        pl.col("gid").alias("_gid"),
        pl.lit("updated").alias("_op"),
        pl.lit(False).alias("_fresh"),
        pl.lit(False).alias("_back"),
    )
    first_met = work.filter(pl.col("gid").is_null())
    if first_met.is_empty():
        return updated
    columns = target.loader.resolve(with_days(first_met, target.contract)).frame
    keyed = columns.select("_key", target.loader.natural(columns))
    found = target.loader.find(columns)
    first_met = first_met.join(keyed, on="_key", how="left").join(found, on="_key", how="left")
    back = target.loader.taken_back(ids=found["id"].unique().to_list())
    again = pl.Series(back, dtype=pl.String).implode()
    stands_again = pl.col("id").is_in(again).fill_null(False)
    fresh = first_met.filter(pl.col("id").is_null())
    groups = fresh.select("_natural").unique(maintain_order=True)
    groups = groups.with_columns(uuid7_series(groups.height).alias("_new"))
    first_met = first_met.join(groups, on="_natural", how="left").with_columns(
        pl.coalesce("id", "_new").alias("_gid"),
        (pl.col("id").is_null() | stands_again).alias("_fresh"),
        stands_again.alias("_back"),
    )
    first_of_group = pl.col("_fresh") & pl.col("_gid").is_first_distinct()
    first_met = first_met.with_columns(
        pl.when(first_of_group).then(pl.lit("created")).otherwise(pl.lit("merged")).alias("_op")
    ).drop("_natural", "id", "_new")
    return pl.concat([updated, first_met.select(updated.columns)])


def _earlier(target: Target, work: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """The crosswalk's records behind the rows this chunk touches, as they stand before it."""
    touched = work.filter(~pl.col("_fresh"))["_gid"].unique().to_list()
    every = [field.name for field in target.contract.fields] if touched else fields
    return audit.records_of(gids=touched, fields=every)


def _hold_blanks(
    target: Target, work: pl.DataFrame, earlier: pl.DataFrame, fields: list[str]
) -> pl.DataFrame:
    """A blank never erases: a value the source gave before stays, with the cell it came from,
    unless the contract says that a blank means there is none."""
    keeps = [f for f in fields if not target.contract.field(f).blank_erases]
    own = earlier.filter(pl.col("_source") == target.stream)
    if own.is_empty() or not keeps:
        return work
    before = own.select(
        pl.col("_key"),
        pl.col("_origin").alias("_old_origin"),
        pl.col("_row").alias("_old_row"),
        *(pl.col(f).alias(f"{f}__before") for f in keeps),
    )
    joined = work.join(before, on="_key", how="left")
    held = [pl.col(f).is_null() & pl.col(f"{f}__before").is_not_null() for f in keeps]
    if not joined.select(pl.any_horizontal(held).any()).item():
        return work
    rows = [
        _held_rows(row, keeps)
        for row in joined.select(
            "_field_rows", "_old_origin", "_old_row", *keeps, *(f"{f}__before" for f in keeps)
        ).iter_rows(named=True)
    ]
    return joined.with_columns(
        pl.Series("_field_rows", rows, dtype=pl.String),
        *(pl.coalesce(f, f"{f}__before").alias(f) for f in keeps),
    ).select(work.columns)


def _held_rows(row: dict[str, Any], keeps: list[str]) -> str | None:
    places: dict[str, Any] = json.loads(row["_field_rows"] or "{}")
    for name in keeps:
        if row[name] is None and row[f"{name}__before"] is not None:
            places[name] = {"origin": int(row["_old_origin"]), "row": int(row["_old_row"])}
    return json.dumps(places) if places else None


def _golden(
    target: Target, work: pl.DataFrame, earlier: pl.DataFrame, fields: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The golden values of all rows touched, and which record won which fields.

    Most rows of a first load have one record: that record is the golden one. Only rows with
    several records go through survivorship.
    """
    mine = work.select(
        "_gid",
        pl.lit(target.stream).alias("_source"),
        "_key",
        pl.lit(target.authority, pl.Int32).alias("_authority"),
        pl.lit(target.observed_at).dt.convert_time_zone("UTC").alias("_observed"),
        *fields,
    )
    own = work.select("_key", pl.lit(target.stream).alias("_source"))
    others = earlier.join(own, on=["_key", "_source"], how="anti").select(mine.columns)
    everything = pl.concat([mine, others.cast(mine.schema)])
    several = everything.filter(pl.len().over("_gid") > 1)
    alone = everything.join(several.select("_gid").unique(), on="_gid", how="anti")
    golden_alone = alone.select("_gid", *fields)
    names = [pl.when(pl.col(f).is_not_null()).then(pl.lit(f)) for f in sorted(fields)]
    won_alone = alone.select(
        "_gid",
        "_source",
        "_key",
        pl.concat_str(names, separator=",", ignore_nulls=True).alias("won"),
    )
    if several.is_empty():
        return golden_alone, won_alone
    golden, winners = survive(several, target.contract)
    won = winners.select(
        "_gid", "_source", "_key", pl.col("fields").list.sort().list.join(",").alias("won")
    )
    return (
        pl.concat([golden_alone, golden.select("_gid", *fields)]),
        pl.concat([won_alone, won]),
    )


def _in_order(target: Target, golden: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Golden values whose dates are in order, and what was left out for it.

    Each source may be sound and two of them together still say that a warranty ends before it
    starts. The later date stands, the earlier one is left empty until a person decides.
    """
    left_out = []
    for early, late in target.loader.ordered:
        if early in golden.columns and late in golden.columns:
            wrong = pl.col(early) > pl.col(late)
            left_out.append(
                golden.filter(wrong).select(
                    pl.col("_gid").alias("gid"),
                    pl.lit(early).alias("field"),
                    pl.lit("merge.date-order").alias("rule"),
                    pl.col(early).alias("value"),
                    pl.col(late).alias("proposal"),
                )
            )
            golden = golden.with_columns(pl.when(~wrong.fill_null(False)).then(early).alias(early))
    return golden, pl.concat(left_out) if left_out else pl.DataFrame()


def _with_disorder(
    found: pl.DataFrame | None, disordered: pl.DataFrame, work: pl.DataFrame
) -> pl.DataFrame | None:
    """The issues of the merge with those of dates out of order, at the record that brought them."""
    if disordered.is_empty():
        return found
    places = work.unique("_gid", keep="first").select(pl.col("_gid").alias("gid"), "_key", "_row")
    issues = disordered.join(places, on="gid", how="left")
    return issues if found is None else pl.concat([found, issues.select(found.columns)])


def _columns(target: Target, golden: pl.DataFrame) -> pl.DataFrame:
    """Golden values as table columns with ``id``."""
    keyed = golden.rename({"_gid": "_key"})
    return target.loader.resolve(with_days(keyed, target.contract)).frame.rename({"_key": "id"})


def _create(target: Target, golden: pl.DataFrame) -> None:
    if golden.is_empty():
        return
    # Ids are time-ordered: rows in their order keep index pages dense.
    target.loader.insert(_columns(target, golden).sort("id"))


def _revive(target: Target, golden: pl.DataFrame) -> None:
    """Rows that a rollback took back stand again, with what the source says now alone."""
    if not golden.is_empty():
        target.loader.revive(_columns(target, golden))


def _change(
    target: Target,
    golden: pl.DataFrame,
    earlier: pl.DataFrame,
    work: pl.DataFrame,
    fields: list[str],
    waiting: pl.DataFrame,
    outcome: Outcome,
) -> list[str]:
    """Bring changed golden values into existing rows; returns rows held back because their new
    natural key belongs to another row already, or because somebody made them void."""
    old = golden.join(work.filter(~pl.col("_fresh")).select("_gid").unique(), on="_gid")
    if old.is_empty():
        return []
    before, _ = survive(
        earlier.select("_gid", "_source", "_key", "_authority", "_observed", *fields),
        target.contract,
    )
    ours, base = _columns(target, old), _columns(target, before.select("_gid", *fields))
    base = _as_it_was(target, base, work.join(waiting, on="_key"))
    taken = target.loader.find(ours.rename({"id": "_key"})).filter(pl.col("_key") != pl.col("id"))
    held = {
        "identity.collision": taken["_key"].to_list(),
        "conflict.voided": target.loader.voided(ids=ours["id"].to_list()),
    }
    untouched = [row for rows in held.values() for row in rows]
    ours = ours.filter(~pl.col("id").is_in(untouched))
    missing = [name for name in ours.columns if name not in base.columns]
    base = base.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    ours = ours.with_columns(
        pl.lit(None, pl.String).alias(name) for name in base.columns if name not in ours.columns
    )
    keep = frozenset(
        target.loader.column(f.name)
        for f in target.contract.fields
        if f.write_policy in ("target", "manual")
    )
    if target.watch is not None:
        shown = [c for c in ours.columns if c != "id" and c not in target.loader.derived]
        target.watch.before(target.loader, ours["id"], shown)
    merged = target.loader.update(ours=ours, base=base.select(ours.columns), keep_theirs=keep)
    if target.watch is not None:
        target.watch.after(target.loader)
    outcome.cells = merged.cells
    outcome.issues = _issues(target, work, merged.conflicts, held)
    return untouched


def _as_it_was(target: Target, base: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The base with the references left empty that could not be told when they were loaded; what
    a person has filled in since stays his."""
    for (name,), rows in told.group_by("field"):
        column = target.loader.column(str(name))
        if column in base.columns:
            empty = target.loader.empty(ids=rows["_gid"].to_list(), column=column)
            base = base.with_columns(
                pl.when(~pl.col("id").is_in(empty)).then(pl.col(column)).alias(column)
            )
    return base


def _issues(
    target: Target, work: pl.DataFrame, conflicts: pl.DataFrame, held: dict[str, list[str]]
) -> pl.DataFrame:
    """Conflicts of the merge as issues: the columns of the engine's issue frames and ``gid``."""
    fields = {target.loader.column(f.name): f.name for f in target.contract.fields}
    places = work.unique("_gid", keep="first").select(pl.col("_gid").alias("gid"), "_key", "_row")
    both = conflicts.select(
        pl.col("id").alias("gid"),
        pl.col("field").replace(fields),
        pl.when(pl.col("kept") == "ours")
        .then(pl.lit("conflict.overwritten"))
        .otherwise(pl.lit("conflict.kept"))
        .alias("rule"),
        pl.col("ours").fill_null("").alias("value"),
        pl.col("theirs").alias("proposal"),
    )
    kept = [
        pl.DataFrame({"gid": rows}, schema={"gid": pl.String}).select(
            "gid",
            pl.lit(target.contract.key[-1]).alias("field"),
            pl.lit(rule).alias("rule"),
            pl.lit("").alias("value"),
            pl.lit(None, pl.String).alias("proposal"),
        )
        for rule, rows in held.items()
    ]
    return pl.concat([both, *kept]).join(places, on="gid", how="left")


def _remember(
    target: Target,
    work: pl.DataFrame,
    earlier: pl.DataFrame,
    winners: pl.DataFrame,
    fields: list[str],
) -> None:
    """Write the crosswalk: new records, changed records, and who wins now in other sources."""
    sets = audit.field_set_ids(winners["won"])
    won = winners.join(sets, left_on="won", right_on="fields", how="left").select(
        "_gid", "_source", "_key", "won_id"
    )
    mine = work.join(
        won.filter(pl.col("_source") == target.stream), on=["_gid", "_key"], how="left"
    )
    nothing = audit.field_set_ids(pl.Series([""]))["won_id"][0]
    rows = mine.select(
        pl.lit(target.stream).alias("source"),
        pl.lit(target.entity).alias("entity"),
        pl.col("_key").alias("source_key"),
        pl.col("_gid").alias("gid"),
        pl.lit(target.origin_id).alias("origin_id"),
        pl.col("_row").alias("row"),
        pl.when(pl.col("_rows").list.len() > 1)
        .then("{" + pl.col("_rows").cast(pl.List(pl.String)).list.join(",") + "}")
        .alias("rows"),
        pl.col("_field_rows").alias("field_rows"),
        values_json(mine, fields).alias("values"),
        pl.col("_hash").alias("values_hash"),
        pl.col("won_id").fill_null(nothing),
    )
    known = (mine["_op"] == "updated").rename("known")
    audit.change_records(rows.filter(known))
    audit.add_records(rows.filter(~known).sort("gid"))
    if earlier.is_empty():
        return
    others = earlier.select("_id", "_gid", "_source", "_key", "_won").join(
        mine.select("_key", pl.lit(target.stream).alias("_source")),
        on=["_key", "_source"],
        how="anti",
    )
    changed = others.join(won, on=["_gid", "_source", "_key"], how="left").with_columns(
        pl.col("won_id").fill_null(nothing)
    )
    audit.set_winners(
        changed.filter(pl.col("won_id") != pl.col("_won").cast(pl.Int64)).select(
            pl.col("_id").alias("id"), "won_id"
        )
    )
