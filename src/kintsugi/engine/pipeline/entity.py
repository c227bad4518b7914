"""The five steps of one entity of one table: mapped → cleaned → checked → keyed → merged."""

from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from kintsugi.engine.contract import Contract
from kintsugi.engine.mapping.model import EntityMapping, headers_of
from kintsugi.engine.pipeline import titles
from kintsugi.engine.pipeline.cells import Cells
from kintsugi.engine.pipeline.clean import Cleaned, clean_fields
from kintsugi.engine.pipeline.context import Run
from kintsugi.engine.pipeline.inspect import (
    cell_issues,
    contract_issues,
    issue_frame,
    quantity_issues,
    total_issues,
    unmapped_issues,
    warranty_issues,
)
from kintsugi.engine.pipeline.kernels import table_args
from kintsugi.engine.pipeline.marks import held, mark_issues, out_of_use
from kintsugi.engine.pipeline.merge import Keyed, Merged, key_rows, merge_rows
from kintsugi.engine.pipeline.model import ISSUE_SCHEMA, Counts, EntityResult
from kintsugi.engine.pipeline.project import Mapped, map_cells
from kintsugi.engine.pipeline.store import digest, ruleset_sha256, sink, write_text
from kintsugi.engine.snapshot import SnapshotTable


@dataclass(frozen=True)
class _Work:
    """One entity of one table on its way through the steps. ``columns``: field → source ordinals;
    ``args``: what the table adds to the normalisers; ``folder``: where its files go."""

    run: Run
    table: SnapshotTable
    entity: EntityMapping
    contract: Contract
    columns: dict[str, list[int]]
    args: Map[str, Map[str, Any]]
    folder: str

    @property
    def key(self) -> tuple[str, ...]:
        return self.entity.key or self.contract.key

    def end(
        self,
        name: str,
        path: Path,
        kind: Literal["sql", "kernel", "view"],
        text: str,
        rows: int,
        *,
        reused: bool,
        select: dict[str, str] | None = None,
    ) -> None:
        self.run.end(
            name,
            self.table,
            path,
            entity=self.entity.entity,
            kind=kind,
            text=text,
            rows=rows,
            select=select,
            reused=reused and kind != "view",
        )


def run_entity(
    run: Run,
    table: SnapshotTable,
    cells: Cells,
    filled: pl.DataFrame,
    entity: EntityMapping,
    folder: str,
) -> EntityResult:
    """Take one entity of a table from text cells to records and issues."""
    contract = run.contracts[entity.entity]
    ordinals = {column.name: column.ordinal for column in table.columns}
    columns = {
        f: [ordinals[h] for h in headers_of(expression)] for f, expression in entity.columns.items()
    }
    args = table_args(entity, contract, table)
    work = _Work(run, table, entity, contract, columns, args, folder)
    mapped = map_cells(run.store, cells, table, entity, contract, run.value_maps, name=folder)
    kind: Literal["kernel", "view"] = "view" if mapped.select else "kernel"
    work.end(
        "mapped",
        mapped.path,
        kind,
        mapped.text,
        mapped.rows,
        reused=mapped.reused,
        select=mapped.select,
    )
    waits = out_of_use(run.snapshot, table.index)
    waits = held(waits if entity.primary else waits.clear(), contract)
    cleaned = clean_fields(
        run.store, mapped, contract, args=args, columns=columns, waits=waits, name=folder
    )
    text = titles.cleaned(contract, cleaned.columns, args)
    work.end("cleaned", cleaned.path, "kernel", text, mapped.rows, reused=cleaned.reused)
    run.backend.register("cleaned", cleaned.path)
    issues, checked_key = _check(work, mapped, cleaned)
    keyed = key_rows(
        run.store, run.backend, cleaned, contract, key=work.key, table="cleaned", folder=folder
    )
    work.end("keyed", keyed.path, "sql", keyed.sql, mapped.rows, reused=keyed.reused)
    waiting = quarantined_rows(issues, contract)
    merged = merge_rows(
        run.store,
        run.backend,
        cleaned,
        keyed,
        waiting,
        _filled_fields(filled, columns),
        contract,
        folder=folder,
    )
    records = merged.facts["records"]
    work.end("merged", merged.path, "sql", merged.sql, records, reused=merged.reused)
    path, by_rule = _write_issues(work, mapped, keyed, merged, issues, waiting, checked_key)
    return EntityResult(
        entity=entity.entity,
        table=table.index,
        table_name=table.name,
        primary=entity.primary,
        fields=[c for c in cleaned.columns if not c.endswith("__precision")],
        columns=_with_currency(columns, cleaned, contract),
        records=merged.path,
        issues=path,
        counts=_counts(work, mapped, merged, waiting),
        values=cleaned.values,
        issue_counts=by_rule,
    )


def quarantined_rows(issues: pl.DataFrame, contract: Contract) -> pl.Series:
    """Rows that wait for a person: a blocking issue on a key or required field."""
    vital = [f.name for f in contract.fields if f.required or f.name in contract.key]
    return (
        issues.filter(
            (pl.col("severity") == "block")
            & pl.col("field").is_in(vital)
            & pl.col("_row").is_not_null()
        )
        .select(pl.col("_row").unique().sort())
        .to_series()
    )


def _check(work: _Work, mapped: Mapped, cleaned: Cleaned) -> tuple[pl.DataFrame, str]:
    """The checked step: cleaning's issues, the contract's checks, marked cells, totals.

    Returns the issues and the key of the step."""
    run, entity, contract, columns = work.run, work.entity, work.contract, work.columns
    text_path = run.store.root / work.folder / "checked.sql"
    index = work.table.index

    def make(path: Path) -> None:
        found, sql = contract_issues(run.backend, "cleaned", cleaned, contract, columns, mapped)
        parts = [cleaned.issues, found, unmapped_issues(contract, tuple(entity.columns))]
        if entity.primary:
            parts += [
                quantity_issues(mapped, columns),
                cell_issues(run.snapshot, index, contract, columns, cleaned.issues),
                mark_issues(run.snapshot, index, contract, mapped, pl.scan_parquet(cleaned.path)),
                total_issues(run.snapshot, index, cleaned.path, contract, columns, work.args),
            ]
            if run.as_of is not None:
                parts.append(warranty_issues(mapped, cleaned, columns, run.as_of))
        write_text(text_path, sql)
        everything = pl.concat(parts).sort("_row", "field", "rule", nulls_last=True)
        sink(everything.lazy(), path)

    key = digest(
        "checked", cleaned.key, entity.model_dump(mode="json"), ruleset_sha256(), run.as_of
    )
    path, _, reused = run.store.file(f"{work.folder}/checked.parquet", key, make)
    issues = pl.read_parquet(path)
    sql = text_path.read_text(encoding="utf-8")
    work.end("checked", path, "sql", sql, issues.height, reused=reused)
    return issues, key


def _filled_fields(filled: pl.DataFrame, columns: dict[str, list[int]]) -> pl.DataFrame:
    """Fills by field: ``_row, field, anchor_row``, where the anchor is another row."""
    pairs = [(f, o) for f, used in columns.items() for o in used]
    names = pl.DataFrame(pairs, schema={"field": pl.String, "col": pl.Int32}, orient="row")
    return (
        filled.join(names, on="col", how="inner", maintain_order="left")
        .filter(pl.col("anchor_row").is_not_null() & (pl.col("anchor_row") != pl.col("row")))
        .select(pl.col("row").alias("_row"), "field", "anchor_row")
    )


def _with_currency(
    columns: dict[str, list[int]], cleaned: Cleaned, contract: Contract
) -> dict[str, list[int]]:
    """A currency that was read beside an amount stands in the amount's column."""
    amounts = [f.name for f in contract.fields if f.norm == "money" and f.name in columns]
    if "currency" in columns or "currency" not in cleaned.columns or not amounts:
        return columns
    return {**columns, "currency": columns[amounts[0]]}


def _write_issues(
    work: _Work,
    mapped: Mapped,
    keyed: Keyed,
    merged: Merged,
    issues: pl.DataFrame,
    waiting: pl.Series,
    checked_key: str,
) -> tuple[Path, dict[str, int]]:
    """issues.parquet: all issues of the entity, with the key of their row where it has one."""

    def make(path: Path) -> dict[str, Any]:
        keys = pl.read_parquet(keyed.path, columns=["_row", "_key", "_weak"])
        conflicts = pl.read_parquet(merged.conflicts).with_columns(
            pl.lit("merge.conflict").alias("rule"),
            # Mentions differ in spelling only; the entity's own source decides what it is called.
            pl.lit("ask" if work.entity.primary else "warn").alias("severity"),
        )
        weak = keys.filter(pl.col("_weak") & ~pl.col("_row").is_in(waiting.implode())).select(
            "_row",
            "_key",
            pl.lit(work.key[-1]).alias("field"),
            pl.lit("key.weak").alias("rule"),
            pl.lit("ask").alias("severity"),
            pl.lit("").alias("value"),
        )
        named = keys.filter(~pl.col("_weak")).select("_row", "_key")
        wanted = named.join(issues.select("_row").unique(), on="_row", how="semi")
        first = wanted.unique(subset="_row", keep="first", maintain_order=True)
        own = issues.drop("_key").join(first, on="_row", how="left", maintain_order="left")
        parts = [
            own.select(ISSUE_SCHEMA.keys()),
            issue_frame(conflicts, work.columns, mapped),
            issue_frame(weak, work.columns, mapped),
        ]
        everything = pl.concat(parts).sort("_row", "field", "rule", "value", nulls_last=True)
        sink(everything.lazy(), path)
        counted = everything.group_by("rule").len().sort("rule")
        return {"by_rule": dict(counted.iter_rows())}

    key = digest("issues", merged.key, keyed.key, work.entity.primary, checked_key)
    path, facts, _ = work.run.store.file(f"{work.folder}/issues.parquet", key, make)
    return path, facts["by_rule"]


def _counts(work: _Work, mapped: Mapped, merged: Merged, waiting: pl.Series) -> Counts:
    """The row arithmetic, from numbers that were counted apart from each other."""
    table, primary = work.table, work.entity.primary
    records, anchors = merged.facts["records"], merged.facts["anchors"]
    return Counts(
        read=table.read if primary else mapped.rows,
        excluded=(table.excluded if primary else 0) + mapped.excluded,
        quarantined=(table.quarantined if primary else 0) + len(waiting),
        merged=merged.facts["rows"] - anchors,
        records=records,
        expanded=records - anchors,
    ).close()
