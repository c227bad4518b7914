"""Kernels of the mapped step that need more than an expression: parts of a UDI, lists of serial
numbers, and what a table says about its values."""

import re
from typing import Any

import polars as pl

from kintsugi.engine.contract import Contract, header_key
from kintsugi.engine.mapping.content import spans
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
_UNIT = re.compile(r"[(（\[【/:：]|[万亿元]|\b[A-Z]{3}\b")
_NUMBER = r"^\s*(\d{1,4})(?:\.0+)?\s*(?:台|套|个|件|pcs|units?)?\s*$"


def table_args(
    entity: EntityMapping, contract: Contract, table: SnapshotTable
) -> dict[str, dict[str, Any]]:
    """What the table adds to a field's normaliser: the unit that the header 采购价(万元) names,
    which end of a period such as 2023.5-2026.5 a date field takes, and the day from which the
    workbook counts its day numbers."""
    found: dict[str, dict[str, Any]] = {}
    for name, expression in entity.columns.items():
        headers = headers_of(expression)
        numeric = contract.field(name).type in ("integer", "decimal")
        # A plain header says nothing, and canonical numbers pass faster without one.
        if numeric and len(headers) == 1 and _UNIT.search(headers[0]):
            found[name] = {"header": headers[0]}
    for first, last in spans(contract):
        # Only a period is read differently for it; a plain date stays what it is.
        for name, part in ((first, "start"), (last, "end")):
            if name in entity.columns:
                found[name] = {"part": part}
    if table.date1904:
        for name in entity.columns:
            if contract.field(name).norm == "date":
                found[name] = {**found.get(name, {}), "date1904": True}
    return found


def quantity_column(entity: EntityMapping, contract: Contract, table: SnapshotTable) -> str | None:
    """The header of the quantity beside the serial number, when the table has exactly one.

    Only a device can be one of several in a row, and only while its key holds the serial number.
    """
    if "serial_no" not in contract.key or "serial_no" not in entity.columns:
        return None
    found = [c.name for c in table.columns if header_key(c.name.split("/")[-1]) in QUANTITY_HEADERS]
    return found[0] if len(found) == 1 else None


def expand(frame: pl.LazyFrame, field: str, quantity: str) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """One row per serial number where a list of them agrees with the quantity; other rows stay as
    they are, for the normaliser to complain about. Every new row keeps its ``_row``.

    Also returned: ``_row, value`` of rows whose serial numbers contradict the quantity.
    """
    numbers = pl.col(quantity).str.extract(_NUMBER, 1).cast(pl.Int32, strict=False)
    several = frame.with_columns(numbers.alias("_count")).filter(
        (pl.col("_count") > 1) & (pl.col(field) != "")
    )
    pairs = several.select(field, quantity, "_count").unique().collect()
    split: list[dict[str, Any]] = []
    for row in pairs.iter_rows(named=True):
        found = split_serials(row[field], quantity=row["_count"])
        whole = found.rule == "serial.split"
        if whole or found.issue:
            serials = found.parts if whole else None
            split.append({field: row[field], quantity: row[quantity], "_serials": serials})
    if not split:
        return frame, pl.DataFrame(schema={"_row": pl.Int32, "value": pl.String})
    schema = pl.Schema(
        {field: pl.String(), quantity: pl.String(), "_serials": pl.List(pl.String())}
    )
    judged = pl.DataFrame(split, schema=schema).lazy()
    wrong = judged.filter(pl.col("_serials").is_null())
    contradicting = (
        frame.join(wrong, on=[field, quantity], how="semi")
        .select("_row", pl.format("{} × {}", field, quantity).alias("value"))
        .collect()
    )
    names = frame.collect_schema().names()
    expanded = (
        frame.join(judged, on=[field, quantity], how="left", maintain_order="left")
        .with_columns(pl.coalesce("_serials", pl.concat_list(field)).alias(field))
        .explode(field)
        .select(names)
    )
    return expanded, contradicting


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
