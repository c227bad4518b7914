"""The checked step: contract rules, remarkable cells and totals become issues."""

from collections.abc import Mapping as Map
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.backends import Backend
from kintsugi.engine.checks import Check, compile_checks, one_scan
from kintsugi.engine.contract import Contract
from kintsugi.engine.pipeline.clean import Cleaned, severity_of
from kintsugi.engine.pipeline.model import ISSUE_SCHEMA, hashes, raw_hash
from kintsugi.engine.pipeline.project import Mapped
from kintsugi.engine.snapshot import Snapshot, aside_frame, cells_frame
from kintsugi.engine.values import norm, warranty_conflict
from kintsugi.engine.values.rules import RULES

_CELL_KINDS = ("error", "formula_uncached", "precision_lost", "mojibake")
_GRAND_TOTAL = r"(?i)^\s*(?:合计|总计|总\s*计|合\s*计|grand total|total)"


def contract_issues(
    backend: Backend,
    table: str,
    cleaned: Cleaned,
    contract: Contract,
    columns: Map[str, list[int]],
    mapped: Mapped,
) -> tuple[pl.DataFrame, str]:
    """Rows that break a rule of the contract, and the SQL that found them.

    Row rules run as one scan; each group rule is its own query. A value that cleaning already
    complained about is not complained about twice.
    """
    checks = compile_checks(contract, cleaned.columns)
    row_checks = [check for check in checks if check.scope == "row"]
    queries = [one_scan(row_checks, table)] if row_checks else []
    queries += [check.select(table) for check in checks if check.scope == "group"]
    found = [backend.frame(query) for query in queries]
    frames = [f.cast({"_row": pl.Int32, "value": pl.String}) for f in found if not f.is_empty()]
    text = ";\n\n".join(queries)
    if not frames:
        return pl.DataFrame(schema=ISSUE_SCHEMA), text
    broken = pl.concat(frames).unique(maintain_order=True)
    grades = {(check.field, check.rule): _grade(check, contract) for check in checks}
    graded = broken.with_columns(
        pl.struct("field", "rule")
        .map_elements(lambda s: grades[s["field"], s["rule"]], return_dtype=pl.String)
        .alias("severity")
    )
    known = cleaned.issues.select("_row", "field").unique()
    # A blocking rule stays unless what was found before blocks as well.
    blocked = cleaned.issues.filter(pl.col("severity") == "block").select("_row", "field").unique()
    fresh = pl.concat(
        [
            graded.filter(pl.col("severity") != "block").join(
                known, on=["_row", "field"], how="anti"
            ),
            graded.filter(pl.col("severity") == "block").join(
                blocked, on=["_row", "field"], how="anti"
            ),
        ]
    )
    return issue_frame(fresh, columns, mapped), text


def _grade(check: Check, contract: Contract) -> str:
    target = contract.field(check.field)
    own = RULES[check.rule].severity
    if check.rule == "check.required":
        return severity_of(check.rule, target, contract, empty=True)
    # Rules between fields ask: no single value is known to be the wrong one.
    return severity_of(check.rule, target, contract, empty=False) if own == "block" else own


def cell_issues(
    snapshot: Snapshot,
    table: int,
    contract: Contract,
    columns: Map[str, list[int]],
    known: pl.DataFrame,
) -> pl.DataFrame:
    """Cells the reader marked: errors, formulas without a value, lost digits, garbled texts."""
    if not (snapshot.path / f"t{table}.cells.parquet").is_file():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    cells = cells_frame(snapshot, table).filter(pl.col("kind").is_in(_CELL_KINDS)).collect()
    if cells.is_empty():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    by_column = {ordinal: field for field, used in columns.items() for ordinal in used}
    found: list[dict[str, Any]] = []
    for cell in cells.iter_rows(named=True):
        field = by_column.get(cell["col"])
        value = cell["value"] or ""
        if cell["kind"] == "mojibake" and value != "" and field is not None:
            found.append(
                _row(cell["row"], field, cell["col"], "cell.mojibake-reversible", "ask", value)
                | {"proposal": value}
            )
            continue
        rule = "cell." + cell["kind"].replace("_", "-")
        if field is None or rule not in RULES:
            continue
        # The reader leaves such a cell blank, except where a text could be decoded.
        grade = severity_of(rule, contract.field(field), contract, empty=True)
        found.append(_row(cell["row"], field, cell["col"], rule, grade, value))
    marked = pl.DataFrame(found, schema=ISSUE_SCHEMA)
    # A normaliser may have complained about the same cell: once is enough.
    return marked.join(known.select("_row", "field"), on=["_row", "field"], how="anti")


def warranty_issues(
    mapped: Mapped,
    cleaned: Cleaned,
    columns: Map[str, list[int]],
    as_of: date,
) -> pl.DataFrame:
    """Devices whose terms say 过保 while their warranty still runs on ``as_of``."""
    if not {"warranty_terms", "warranty_end"} <= set(cleaned.columns):
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    ahead = (
        pl.scan_parquet(cleaned.path)
        .filter((pl.col("warranty_end") >= as_of) & pl.col("warranty_terms").is_not_null())
        .select("_row", pl.col("warranty_terms").alias("value"))
        .collect()
    )
    said = [t for t in ahead["value"].unique() if warranty_conflict(t, date.max, as_of=as_of)]
    found = ahead.filter(pl.col("value").is_in(said)).with_columns(
        pl.lit("warranty_terms").alias("field"),
        pl.lit("warranty.conflict").alias("rule"),
        pl.lit("ask").alias("severity"),
    )
    return issue_frame(found, columns, mapped)


def quantity_issues(mapped: Mapped, columns: Map[str, list[int]]) -> pl.DataFrame:
    """Rows whose quantity and serial numbers disagree; the device that is named stays."""
    if mapped.contradicting is None:
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    found = mapped.contradicting.with_columns(
        pl.lit("serial_no").alias("field"),
        pl.lit("serial.count").alias("rule"),
        pl.lit("ask").alias("severity"),
    )
    return issue_frame(found, columns, mapped)


def unmapped_issues(contract: Contract, columns: tuple[str, ...]) -> pl.DataFrame:
    """One issue of the whole table per required field that no column supplies."""
    lacking = [
        _row(None, f.name, None, "mapping.required-unmapped", "ask", "")
        for f in contract.fields
        if f.required and f.name not in columns
    ]
    return pl.DataFrame(lacking, schema=ISSUE_SCHEMA)


def total_issues(
    snapshot: Snapshot,
    table: int,
    cleaned: Path,
    contract: Contract,
    columns: Map[str, list[int]],
    args: Map[str, Map[str, Any]],
) -> pl.DataFrame:
    """Compare the last grand-total row with the sum of each summed column.

    Exact decimal arithmetic; rows the reader could not split are missing from the sum, which is
    one of the things the issue is meant to show.
    """
    numeric = [
        (f, columns[f.name][0])
        for f in contract.fields
        if f.type in ("integer", "decimal") and len(columns.get(f.name, [])) == 1
    ]
    if not numeric or not (snapshot.path / f"t{table}.aside.parquet").is_file():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    totals = (
        aside_frame(snapshot, table)
        .filter(
            (pl.col("rule") == "row.total")
            & pl.col("values").list.eval(pl.element().str.contains(_GRAND_TOTAL)).list.any()
        )
        .sort("_row")
        .tail(1)
        .collect()
    )
    found: list[dict[str, Any]] = []
    for total in totals.iter_rows(named=True):
        for field, ordinal in numeric:
            stated = total["values"][ordinal - 1] if ordinal <= len(total["values"]) else ""
            claimed = norm(field.norm, stated, **{**field.norm_args, **args.get(field.name, {})})
            expected = _decimal(claimed.value)
            if expected is None:
                continue
            actual = _sum(cleaned, field.name)
            if actual != expected:
                issue = _row(total["_row"], field.name, ordinal, "total.mismatch", "warn", stated)
                found.append({**issue, "proposal": format(actual, "f")})
    return pl.DataFrame(found, schema=ISSUE_SCHEMA)


def _sum(cleaned: Path, field: str) -> Decimal:
    """The exact sum of a column, each source row once."""
    values = (
        pl.scan_parquet(cleaned)
        .select("_row", pl.col(field).cast(pl.String))
        .unique(subset="_row", keep="first")
        .drop_nulls()
        .group_by(field)
        .len()
        .collect()
    )
    return sum(
        ((_decimal(value) or Decimal(0)) * count for value, count in values.iter_rows()),
        Decimal(0),
    )


def _decimal(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _row(
    row: int | None, field: str, column: int | None, rule: str, severity: str, value: str
) -> dict[str, Any]:
    return {
        "_row": row,
        "_key": None,
        "field": field,
        "column": column,
        "rule": rule,
        "severity": severity,
        "value": value,
        "proposal": None,
        "raw_hash": raw_hash(value),
    }


def issue_frame(found: pl.DataFrame, columns: Map[str, list[int]], mapped: Mapped) -> pl.DataFrame:
    """``_row, field, rule, severity, value`` (and ``_key``, ``proposal``) as ISSUE_SCHEMA.

    ``raw_hash`` is of the text the field was read from, so that a correction meant for one text is
    never applied to another one.
    """
    if found.is_empty():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    ordinals = {field: used[0] for field, used in columns.items() if used}
    missing = [c for c in ("_key", "proposal") if c not in found.columns]
    rows = mapped.scan().select("_row").collect().to_series()
    parts = []
    for (name,), part in found.group_by("field", maintain_order=True):
        field = str(name)
        if field not in mapped.fields:
            parts.append(part.with_columns(pl.lit(None, pl.String).alias("_raw")))
            continue
        raws = pl.DataFrame({"_row": rows, "_raw": mapped.column(field)})
        raws = raws.join(part.select("_row").unique(), on="_row", how="semi")
        first = raws.unique(subset="_row", keep="first", maintain_order=True)
        parts.append(part.join(first, on="_row", how="left", maintain_order="left"))
    return (
        pl.concat(parts)
        .with_columns(
            *(pl.lit(None, pl.String).alias(c) for c in missing),
            pl.col("field")
            .replace_strict(ordinals, default=None, return_dtype=pl.Int32)
            .alias("column"),
            pl.col("value").fill_null(""),
            hashes(pl.col("_raw").fill_null("")).alias("raw_hash"),
        )
        .select(ISSUE_SCHEMA.keys())
        .cast(dict(ISSUE_SCHEMA))  # type: ignore[arg-type]
    )
