"""The cleaned step: every field canonical and typed, each distinct text normalised once."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.pipeline.marks import STATUS, hold
from kintsugi.engine.pipeline.model import ISSUE_SCHEMA, hashes
from kintsugi.engine.pipeline.project import Mapped
from kintsugi.engine.pipeline.store import Store, digest, sink
from kintsugi.engine.values import normalise, propose_padding, vote_date_order
from kintsugi.engine.values.rules import RULES

_TYPES: dict[str, pl.DataType] = {
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
}


@dataclass(frozen=True)
class Cleaned:
    """cleaned.parquet: ``_n``, ``_row`` and a typed column per field (and ``f__precision``).

    ``issues`` are of ISSUE_SCHEMA; ``values`` the files of changed distinct texts per field.
    """

    path: Path
    key: str
    reused: bool
    columns: tuple[str, ...]
    issues: pl.DataFrame
    values: dict[str, Path] = field(default_factory=dict)


def clean_fields(
    store: Store,
    mapped: Mapped,
    contract: Contract,
    *,
    args: Map[str, Map[str, Any]],
    columns: Map[str, list[int]],
    waits: pl.DataFrame,
    name: str,
) -> Cleaned:
    """Normalise every mapped field. ``args`` adds to a field's own ``norm_args`` what the header
    says (the unit in 金额(万元)); ``columns`` names the source columns for the issues; ``waits``
    are rows whose status is asked about and not loaded meanwhile (``_row, proposal``).

    One column at a time is in memory. A column that is canonical already is copied by the stream
    that writes the step; a changed one goes through a side file.
    """
    names = mapped.fields
    given = {k: dict(v) for k, v in args.items()}
    key = digest("cleaned", mapped.key, contract.sha256, given, waits.rows())
    folder = store.root / name

    def make(path: Path) -> dict[str, Any]:
        frame = mapped.scan()
        direct: list[pl.Expr] = [pl.col("_n"), pl.col("_row")]
        sides: list[Path] = []
        changed: list[str] = []
        issues: list[pl.DataFrame] = []
        for target in (contract.field(n) for n in names):
            raws = mapped.column(target.name)
            known = _values(target, raws, args.get(target.name, {}))
            touched = known.filter(
                (pl.col("value").ne_missing(pl.col("raw"))) | pl.col("issue").is_not_null()
            )
            if not touched.is_empty():
                touched.write_parquet(folder / f"value.{target.name}.parquet")
                changed.append(target.name)
            issues.append(_issues(mapped, target, raws, touched, contract, columns))
            if target.norm == "money" and "currency" in contract.names and "currency" not in names:
                side = _currency(folder, raws, known)
                sides += [side] if side else []
            precise = known.filter(
                pl.col("precision").is_not_null() & (pl.col("precision") != "day")
            )
            # A month written as we write it (2021-03) changes nothing and is a month still.
            if touched.is_empty() and precise.is_empty():
                direct.append(_typed(_filled(target.name), target).alias(target.name))
                continue
            side = folder / f".side.{target.name}.parquet"
            _side(target, raws, touched, precise).write_parquet(side, compression="lz4")
            sides.append(side)
        parts = [frame.select(direct), *(pl.scan_parquet(side) for side in sides)]
        wide = pl.concat(parts, how="horizontal") if sides else parts[0]
        present = wide.collect_schema().names()
        ordered = [c for n in contract.names for c in (n, f"{n}__precision") if c in present]
        if STATUS in present and not waits.is_empty():
            wide = wide.with_columns(hold(pl.col(STATUS), waits).alias(STATUS))
        sink(wide.select("_n", "_row", *ordered), path)
        for side in sides:
            side.unlink()
        everything = pl.concat(issues) if issues else pl.DataFrame(schema=ISSUE_SCHEMA)
        everything.write_parquet(folder / "cleaned.issues.parquet")
        return {"columns": ordered, "changed": changed}

    path, facts, reused = store.file(f"{name}/cleaned.parquet", key, make)
    return Cleaned(
        path,
        key,
        reused,
        tuple(facts["columns"]),
        pl.read_parquet(folder / "cleaned.issues.parquet"),
        {n: folder / f"value.{n}.parquet" for n in facts["changed"]},
    )


def severity_of(rule: str, target: Field, contract: Contract, *, empty: bool) -> str:
    """What an issue means for this field: block (the row waits), ask or warn.

    A rule that only warns stays a warning. For the others the contract decides: ``quarantine``
    blocks on a key or required field, ``warn`` keeps a value that is there, else a person is asked.
    A key that came out empty always blocks: the row has no name to be loaded under.
    """
    own = RULES[rule].severity
    vital = target.required or target.name in contract.key
    if empty and target.required and target.name in contract.key:
        return "block"
    if own == "warn":
        return "warn"
    if target.on_invalid == "quarantine":
        return "block" if vital else "ask"
    if target.on_invalid == "warn" and not empty:
        return "warn"
    return "ask"


def _values(target: Field, raws: pl.Series, extra: Map[str, Any]) -> pl.DataFrame:
    """One row per distinct text that is not blank."""
    distinct = raws.unique().drop_nulls()
    distinct = distinct.filter(distinct != "").alias("raw")
    found = {**target.norm_args, **column_args(target, distinct), **extra}
    known = normalise(target.norm, distinct, found)
    # What the normaliser would write, or the parts it saw; by name in its by-products.
    more = [pl.col("more").str.json_path_match(f"$.{name}") for name in ("proposal", "parts")]
    known = known.with_columns(pl.coalesce(more).alias("proposal"))
    known = _padded(target, known)
    if target.on_invalid != "warn":
        asks = [rule for rule, entry in RULES.items() if entry.severity != "warn"]
        # What a person must decide is not loaded meanwhile; the raw text stays in the issue.
        emptied = pl.when(~pl.col("issue").is_in(asks) | pl.col("issue").is_null())
        known = known.with_columns(emptied.then(pl.col("value")).alias("value"))
    return known


def column_args(target: Field, distinct: pl.Series) -> dict[str, str]:
    """What a column says about its own cells: whether 05/06/2023 is day or month first."""
    if target.norm != "date":
        return {}
    # The vote costs Python time per value: only all-digit dates with the year last take part.
    voters = distinct.filter(distinct.str.contains(r"^\s*\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]"))
    order = vote_date_order(voters) if len(voters) else None
    return {"order": order} if order else {}


def _padded(target: Field, known: pl.DataFrame) -> pl.DataFrame:
    """Digit codes that are shorter than their column: zeros a spreadsheet took, to be approved."""
    if target.norm not in ("code", "serial"):
        return known
    digits = known.filter(
        pl.col("issue").is_null() & pl.col("value").str.contains(r"^[0-9]{3,}$")
    ).select("value")
    if digits["value"].str.len_bytes().n_unique() < 2:
        return known
    padded = propose_padding(digits["value"])
    if not padded:
        return known
    hit = pl.col("issue").is_null() & pl.col("value").is_in(list(padded))
    return known.with_columns(
        pl.when(hit).then(pl.lit("identifier.zeros-lost")).otherwise("issue").alias("issue"),
        pl.when(hit)
        .then(pl.col("value").replace_strict(padded, default=None, return_dtype=pl.String))
        .otherwise("proposal")
        .alias("proposal"),
    )


def _filled(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column))


def _typed(text: pl.Expr, target: Field) -> pl.Expr:
    """Canonical text in the field's type. Text was normalised, so these casts cannot guess."""
    match target.type:
        case "integer":
            return text.cast(pl.Int64, strict=False)
        case "boolean":
            return (
                pl.when(text == "true").then(pl.lit(True)).when(text == "false").then(pl.lit(False))
            )
        case "date":
            # A month or year is kept by its first day and its precision.
            length = text.str.len_bytes()
            whole = (
                pl.when(length == 7)
                .then(text + "-01")
                .when(length == 4)
                .then(text + "-01-01")
                .otherwise(text)
            )
            return whole.str.to_date("%Y-%m-%d", strict=False)
        case _:
            return text


def _side(
    target: Field, raws: pl.Series, touched: pl.DataFrame, precise: pl.DataFrame
) -> pl.DataFrame:
    """The typed column of a field of which some texts change."""
    changes = touched.select("raw", pl.col("value").alias("_new"), pl.lit(True).alias("_hit"))
    frame = raws.alias("raw").to_frame().join(changes, on="raw", how="left", maintain_order="left")
    value = pl.when(pl.col("_hit")).then(pl.col("_new")).otherwise(_filled("raw"))
    columns = [_typed(value, target).alias(target.name)]
    if not precise.is_empty():
        frame = frame.join(
            precise.select("raw", pl.col("precision").alias("_precision")),
            on="raw",
            how="left",
            maintain_order="left",
        )
        columns.append(pl.col("_precision").alias(f"{target.name}__precision"))
    return frame.select(columns)


def _currency(folder: Path, raws: pl.Series, known: pl.DataFrame) -> Path | None:
    """The currency written beside an amount (USD 12,000), as a field of its own."""
    named = known.filter(pl.col("unit").is_not_null()).select(
        "raw", pl.col("unit").alias("currency")
    )
    if named.is_empty():
        return None
    side = folder / ".side.currency.parquet"
    beside = raws.alias("raw").to_frame().join(named, on="raw", how="left", maintain_order="left")
    beside.select("currency").write_parquet(side)
    return side


def _issues(
    mapped: Mapped,
    target: Field,
    raws: pl.Series,
    touched: pl.DataFrame,
    contract: Contract,
    columns: Map[str, list[int]],
) -> pl.DataFrame:
    """The field's issues, one per source row, ready for issues.parquet."""
    wrong = touched.filter(pl.col("issue").is_not_null())
    if wrong.is_empty():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    severities = {
        (rule, empty): severity_of(rule, target, contract, empty=empty)
        for rule in wrong["issue"].unique()
        for empty in (True, False)
    }
    facts = wrong.select(
        "raw",
        pl.col("issue").alias("rule"),
        pl.struct("issue", pl.col("value").is_null().alias("empty"))
        .map_elements(lambda s: severities[s["issue"], s["empty"]], return_dtype=pl.String)
        .alias("severity"),
        "proposal",
        hashes(pl.col("raw")).alias("raw_hash"),
    )
    rows = mapped.scan().select("_row").collect().to_series()
    found = pl.DataFrame({"_row": rows, "raw": raws}).join(facts, on="raw", how="inner")
    ordinal = next(iter(columns.get(target.name, [])), None)
    return found.unique(subset=["_row", "raw"], maintain_order=True).select(
        pl.col("_row").cast(pl.Int32),
        pl.lit(None, pl.String).alias("_key"),
        pl.lit(target.name).alias("field"),
        pl.lit(ordinal, pl.Int32).alias("column"),
        "rule",
        "severity",
        pl.col("raw").alias("value"),
        "proposal",
        "raw_hash",
    )
