"""The keyed and merged steps: rows get their source key, rows of one key become one record."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.backends import Backend, literal, name
from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.pipeline.clean import Cleaned
from kintsugi.engine.pipeline.store import Store, digest

#: Between the parts of a key of several fields; ``|`` and ``\\`` inside a part are escaped.
KEY_SEPARATOR = "|"
WEAK = "~"


@dataclass(frozen=True)
class Keyed:
    """keyed.parquet: ``_n, _row, _key`` (null: none), ``_weak``, ``_hash`` of the content."""

    path: Path
    key: str
    reused: bool
    sql: str
    weak: int


@dataclass(frozen=True)
class Merged:
    """Records, and what merging had to say. ``rows`` counts source rows left after quarantine."""

    path: Path
    key: str
    reused: bool
    sql: str
    conflicts: Path
    facts: dict[str, int]


def hash_sql(columns: tuple[str, ...]) -> str:
    """128 bits of MD5 over the canonical text of all fields, as hex: md5 means the same in every
    engine. Not a secret; it only tells contents apart. A missing value is not an empty text."""
    parts = ", ".join(f"coalesce(CAST({name(c)} AS VARCHAR), chr(30))" for c in columns)
    return f"md5(concat_ws(chr(31), {parts}))" if columns else "md5('')"


def key_sql(key: tuple[str, ...], alternates: tuple[tuple[str, ...], ...]) -> str:
    """The source key as text; NULL when a part is missing and no alternate key is whole.

    An alternate key is prefixed with its field names, so that it never equals a main key.
    """

    def joined(fields: tuple[str, ...], prefix: str = "") -> str:
        if len(fields) == 1 and not prefix:
            return f"CAST({name(fields[0])} AS VARCHAR)"
        parts = [
            f"replace(replace(CAST({name(f)} AS VARCHAR), '\\', '\\\\'), '|', '\\|')"
            for f in fields
        ]
        text = f" || {literal(KEY_SEPARATOR)} || ".join(parts)
        return f"{literal(prefix)} || {text}" if prefix else text

    # || gives NULL as soon as one part is NULL, which is what coalesce needs here.
    choices = [joined(key)] if key else []
    choices += [joined(fields, "+".join(fields) + "=") for fields in alternates]
    return f"coalesce({', '.join(choices)})" if len(choices) > 1 else "".join(choices) or "NULL"


def key_rows(
    store: Store,
    backend: Backend,
    cleaned: Cleaned,
    contract: Contract,
    *,
    key: tuple[str, ...],
    table: str,
    folder: str,
) -> Keyed:
    """Give every row its source key. A row without one is known by its content and an ordinal
    among equal contents: weak, since any change of content makes it another record."""
    fields = tuple(c for c in cleaned.columns if not c.endswith("__precision"))
    alternates = tuple(
        alternate
        for alternate in (contract.alternate_keys if key == contract.key else ())
        if all(field in fields for field in alternate)
    )
    main = key if all(field in fields for field in key) else ()
    sql = (
        f"WITH named AS (\nSELECT _n, _row, {key_sql(main, alternates)} AS _key,\n"
        f"  {hash_sql(cleaned.columns)} AS _hash\nFROM {name(table)}\n)\n"
        f"SELECT _n, _row, _key, FALSE AS _weak, _hash FROM named WHERE _key IS NOT NULL\n"
        "UNION ALL\n"
        f"SELECT _n, _row, {literal(WEAK)} || _hash || {literal(WEAK)} ||\n"
        "  CAST(row_number() OVER (PARTITION BY _hash ORDER BY _n) AS VARCHAR) AS _key,\n"
        "  TRUE AS _weak, _hash\nFROM named WHERE _key IS NULL"
    )
    step_key = digest("keyed", cleaned.key, sql)

    def make(path: Path) -> dict[str, Any]:
        backend.materialise(sql, path)
        weak = pl.scan_parquet(path).filter(pl.col("_weak")).select(pl.len()).collect().item()
        return {"weak": int(weak)}

    path, facts, reused = store.file(f"{folder}/keyed.parquet", step_key, make)
    return Keyed(path, step_key, reused, sql, facts["weak"])


def merge_rows(
    store: Store,
    backend: Backend,
    cleaned: Cleaned,
    keyed: Keyed,
    quarantined: pl.Series,
    filled: pl.DataFrame,
    contract: Contract,
    *,
    folder: str,
) -> Merged:
    """One record per key. ``quarantined`` are rows that wait; ``filled`` says which field of which
    row came from another row (``_row, field, anchor_row``)."""
    step_key = digest(
        "merged", cleaned.key, keyed.key, quarantined.to_list(), filled.rows(), contract.sha256
    )
    conflicts = store.root / folder / "merged.issues.parquet"
    groups_path = store.root / folder / ".groups.parquet"
    single_path = store.root / folder / ".single.parquet"
    fields = ", ".join(f"c.{name(f)}" for f in cleaned.columns)
    hashed = hash_sql(cleaned.columns)
    sql = (
        f"SELECT k._key, c._row, [c._row] AS _rows, CAST(NULL AS VARCHAR) AS _field_rows, "
        f"k._hash, {fields}\nFROM cleaned c JOIN single k ON c._n = k._n\nUNION ALL\n"
        f"SELECT _key, _row, _rows, _field_rows, {hashed} AS _hash, "
        f"{', '.join(name(f) for f in cleaned.columns)}\nFROM merged_groups"
    )

    def make(path: Path) -> dict[str, int]:
        keys = pl.read_parquet(keyed.path, columns=["_n", "_row", "_key", "_hash"])
        keys = keys.filter(~pl.col("_row").is_in(quarantined.implode()))
        rows = keys["_row"].n_unique()
        apart = keys["_key"].is_duplicated() | keys["_row"].is_in(filled["_row"].implode())
        keys.filter(~apart).select("_n", "_key", "_hash").write_parquet(single_path)
        together = keys.filter(apart).select("_n", "_key")
        # Only these rows are held in memory: the repeated keys.
        repeated = (
            pl.scan_parquet(cleaned.path)
            .join(together.lazy(), on="_n", how="inner")
            .sort("_n")
            .collect()
        )
        groups, disagreements = merge_groups(repeated, cleaned.columns, contract, filled)
        groups.write_parquet(groups_path)
        disagreements.write_parquet(conflicts)
        backend.register("cleaned", cleaned.path)
        backend.register("single", single_path)
        backend.register("merged_groups", groups_path)
        records = backend.materialise(sql, path)
        for temporary in (single_path, groups_path):
            temporary.unlink()
        anchors = int(pl.scan_parquet(path).select(pl.col("_row").n_unique()).collect().item())
        return {"rows": rows, "records": records, "anchors": anchors}

    path, facts, reused = store.file(f"{folder}/records.parquet", step_key, make)
    return Merged(path, step_key, reused, sql, conflicts, facts)


def merge_groups(
    rows: pl.DataFrame, columns: tuple[str, ...], contract: Contract, filled: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of equal ``_key``, in source order, as one row a key; and the values that lost.

    Exact repeats collapse and blanks are filled from later rows. Where values disagree the field's
    survivorship decides: ``authority`` keeps the first (one source has one authority), ``newest``
    the last, ``most_complete`` the longest; the others are returned as
    ``_row, _key, field, value, proposal``.
    """
    fields = [contract.field(c) for c in columns if not c.endswith("__precision")]
    chosen: list[pl.Expr] = []
    for target in fields:
        position = _winner(target)
        chosen.append(pl.col(target.name).get(position, null_on_oob=True).alias(target.name))
        if f"{target.name}__precision" in columns:
            precision = pl.col(f"{target.name}__precision")
            chosen.append(precision.get(position, null_on_oob=True))
        chosen.append(pl.col("_row").get(position, null_on_oob=True).alias(f"_from.{target.name}"))
    grouped = rows.group_by("_key", maintain_order=True).agg(
        pl.col("_row").first().alias("_row"),
        pl.col("_row").unique(maintain_order=True).alias("_rows"),
        *chosen,
    )
    origins = _origins(grouped, fields, filled)
    merged = grouped.with_columns(origins.alias("_field_rows")).select(
        "_key", "_row", "_rows", "_field_rows", *columns
    )
    return merged, _disagreements(rows, merged, fields)


def _winner(target: Field) -> pl.Expr:
    """The position in a group of the value that stands; null when there is none."""
    value = pl.col(target.name)
    positions = pl.int_range(pl.len(), dtype=pl.UInt32).filter(value.is_not_null())
    match target.survivorship:
        case "newest":
            return positions.last()
        case "most_complete":
            lengths = value.cast(pl.String).str.len_chars().filter(value.is_not_null())
            # Not sort_by: over filtered expressions in a group it reads positions that are not
            # there (Polars 2.1). The first of the longest.
            return positions.get(lengths.arg_max(), null_on_oob=True)
        case _:
            return positions.first()


def _origins(grouped: pl.DataFrame, fields: list[Field], filled: pl.DataFrame) -> pl.Series:
    """``{"field": row}`` as JSON for the fields whose value stands in another row than ``_row``."""
    frame = grouped.select("_row", *(f"_from.{f.name}" for f in fields))
    parts: list[pl.Expr] = []
    for target in fields:
        origin = pl.col(f"_from.{target.name}")
        anchors = filled.filter(pl.col("field") == target.name)
        if not anchors.is_empty():
            moves = anchors.select(
                pl.col("_row").alias(f"_from.{target.name}"),
                pl.col("anchor_row").alias(f"_anchor.{target.name}"),
            ).unique(subset=f"_from.{target.name}", maintain_order=True)
            frame = frame.join(moves, on=f"_from.{target.name}", how="left", maintain_order="left")
            origin = pl.coalesce(f"_anchor.{target.name}", origin)
        parts.append(
            pl.when(origin.is_not_null() & (origin != pl.col("_row"))).then(
                pl.format('"{}": {}', pl.lit(target.name), origin)
            )
        )
    listed = frame.select(pl.concat_str(parts, separator=", ", ignore_nulls=True).alias("all"))
    return listed.select(
        pl.when(pl.col("all") != "").then(pl.lit("{") + pl.col("all") + pl.lit("}"))
    ).to_series()


def _disagreements(rows: pl.DataFrame, merged: pl.DataFrame, fields: list[Field]) -> pl.DataFrame:
    found = [
        pl.DataFrame(
            schema={
                "_row": pl.Int32,
                "_key": pl.String,
                "field": pl.String,
                "value": pl.String,
                "proposal": pl.String,
            }
        )
    ]
    for target in fields:
        winners = merged.select("_key", pl.col(target.name).cast(pl.String).alias("proposal"))
        texts = rows.select("_row", "_key", pl.col(target.name).cast(pl.String).alias("value"))
        lost = texts.join(winners, on="_key", how="inner", maintain_order="left").filter(
            pl.col("value").is_not_null() & (pl.col("value") != pl.col("proposal"))
        )
        found.append(
            lost.select(
                pl.col("_row").cast(pl.Int32),
                "_key",
                pl.lit(target.name).alias("field"),
                "value",
                "proposal",
            ).unique(maintain_order=True)
        )
    return pl.concat(found)
