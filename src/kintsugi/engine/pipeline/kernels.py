"""Kernels of the mapped step that need more than an expression: parts of a UDI, lists of serial
numbers, and what a header says about the values below it."""

from typing import Any

import polars as pl

from kintsugi.engine.contract import Contract, header_key
from kintsugi.engine.mapping.model import EntityMapping, headers_of
from kintsugi.engine.snapshot import SnapshotTable
from kintsugi.engine.udi import UdiError, parse_udi
from kintsugi.engine.values import split_serials

#: Headers of the column that says how many devices a row stands for.
QUANTITY_HEADERS = frozenset(
    header_key(header)
    for header in (
        "数量", "台数", "台套数", "件数", "数量(台)", "数量（台）", "数量/台", "设备数量",
        "quantity", "qty", "count", "units", "no of units", "number of units",
    )
)  # fmt: skip
_NUMBER = r"^\s*(\d{1,4})(?:\.0+)?\s*(?:台|套|个|件|pcs|units?)?\s*$"


def header_args(entity: EntityMapping, contract: Contract) -> dict[str, dict[str, Any]]:
    """What the header adds to a numeric field's normaliser: the unit in 采购价(万元)."""
    found: dict[str, dict[str, Any]] = {}
    for name, expression in entity.columns.items():
        headers = headers_of(expression)
        if len(headers) == 1 and contract.field(name).type in ("integer", "decimal"):
            found[name] = {"header": headers[0]}
    return found


def quantity_column(entity: EntityMapping, contract: Contract, table: SnapshotTable) -> str | None:
    """The header of the quantity beside the serial number, when the table has exactly one.

    Only a device can be one of several in a row, and only while its key holds the serial number.
    """
    if "serial_no" not in contract.key or "serial_no" not in entity.columns:
        return None
    found = [c.name for c in table.columns if header_key(c.name.split("/")[-1]) in QUANTITY_HEADERS]
    return found[0] if len(found) == 1 else None


def expand(frame: pl.LazyFrame, field: str, quantity: str) -> pl.LazyFrame:
    """One row per serial number where a list of them agrees with the quantity; other rows stay as
    they are, for the normaliser to complain about. Every new row keeps its ``_row``."""
    pairs = frame.select(field, quantity).unique().collect()
    counted = pairs.with_columns(
        pl.col(quantity).str.extract(_NUMBER, 1).cast(pl.Int32, strict=False).alias("_count")
    ).filter((pl.col("_count") > 1) & (pl.col(field) != ""))
    split: list[dict[str, Any]] = []
    for row in counted.iter_rows(named=True):
        serials = split_serials(row[field], row["_count"])
        if serials:
            split.append({field: row[field], quantity: row[quantity], "_serials": list(serials)})
    if not split:
        return frame
    schema = {field: pl.String, quantity: pl.String, "_serials": pl.List(pl.String)}
    names = frame.collect_schema().names()
    return (
        frame.join(
            pl.DataFrame(split, schema=schema).lazy(),
            on=[field, quantity],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(pl.col("_serials").is_null())
            .then(pl.concat_list(field))
            .otherwise(pl.col("_serials"))
            .alias(field)
        )
        .explode(field)
        .select(names)
    )


def udi_part(frame: pl.LazyFrame, field: str, part: str) -> pl.LazyFrame:
    """Replace a column of full UDIs by one of their parts, each distinct UDI parsed once.

    What is no readable UDI becomes blank; the field that holds the UDI itself reports it.
    """
    distinct = frame.select(field).unique().collect().to_series()
    found = [_part(text, part) if text else "" for text in distinct]
    parts = pl.DataFrame({field: distinct, "_part": pl.Series(found, dtype=pl.String)})
    names = frame.collect_schema().names()
    return (
        frame.join(parts.lazy(), on=field, how="left", maintain_order="left")
        .with_columns(pl.col("_part").fill_null("").alias(field))
        .select(names)
    )


def _part(text: str, part: str) -> str:
    try:
        udi = parse_udi(text)
    except UdiError:
        return ""
    value = getattr(udi, part)
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else str(value.isoformat())
