"""The mapped step: columns of a table become fields of an entity, still as text."""

import unicodedata
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.contract import Contract
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.model import (
    Column,
    Concat,
    Const,
    EntityMapping,
    Expression,
    FirstOf,
    Split,
    Udi,
    headers_of,
    value_map_of,
)
from kintsugi.engine.pipeline.cells import Cells
from kintsugi.engine.pipeline.kernels import expand, quantity_column, udi_part
from kintsugi.engine.pipeline.store import Store, digest, sink
from kintsugi.engine.snapshot import SnapshotTable
from kintsugi.engine.text import Text

ValueMaps = Map[str, Map[str, str]]


@dataclass(frozen=True)
class Mapped:
    """The mapped cells of one entity: ``_n`` (record ordinal), ``_row`` and a text column a field.

    ``select`` names the columns of ``path`` when the step is a view; then ``_n`` is counted.
    """

    path: Path
    key: str
    reused: bool
    fields: tuple[str, ...]
    select: dict[str, str] | None
    rows: int
    #: Rows outside ``where``.
    excluded: int
    text: str
    #: ``_row, value`` of rows whose serial numbers contradict their quantity.
    contradicting: pl.DataFrame | None = None

    def scan(self) -> pl.LazyFrame:
        frame = pl.scan_parquet(self.path)
        if self.select is None:
            return frame
        chosen = [pl.col(source).alias(shown) for shown, source in self.select.items()]
        return frame.select(chosen).with_row_index("_n").cast({"_n": pl.Int32})

    def column(self, field: str) -> pl.Series:
        """One field as text in record order."""
        source = field if self.select is None else self.select[field]
        return pl.scan_parquet(self.path).select(source).collect().to_series().alias(field)


def map_cells(
    store: Store,
    cells: Cells,
    table: SnapshotTable,
    entity: EntityMapping,
    contract: Contract,
    value_maps: ValueMaps,
    *,
    name: str,
) -> Mapped:
    """Project the columns of a table onto the fields of an entity.

    The rows of a primary entity stay one record each, except for lists of serial numbers. Of an
    entity that is only mentioned, the distinct mentions remain, each with its first row.
    """
    ordinals = {column.name: column.ordinal for column in table.columns}
    fields = tuple(field for field in contract.names if field in entity.columns)
    many = quantity_column(entity, contract, table) if entity.primary else None
    plain = {f: _plain(entity.columns[f]) for f in fields}
    maps = {n: value_maps[n] for f in fields if (n := value_map_of(entity.columns[f]))}
    key = digest(
        "mapped", cells.key, entity.model_dump(mode="json"), contract.sha256, maps, many, ordinals
    )
    text = _describe(entity, fields)
    if entity.primary and not entity.where and many is None and all(plain.values()):
        select = {"_row": "_row"} | {f: f"c{ordinals[str(plain[f])]}" for f in fields}
        return Mapped(cells.path, key, cells.reused, fields, select, table.rows, 0, text)

    def make(path: Path) -> dict[str, Any]:
        frame = cells.scan()
        facts: dict[str, Any] = {"excluded": 0, "contradicting": []}
        if entity.where:
            kept = frame.filter(_where(entity, ordinals))
            facts["excluded"] = table.rows - int(kept.select(pl.len()).collect().item())
            frame = kept
        chosen = frame.select(
            pl.col("_row"),
            *(_expression(entity.columns[f], ordinals, maps).alias(f) for f in fields),
            *([] if many is None else [pl.col(f"c{ordinals[many]}").alias("_quantity")]),
        )
        for field in fields:
            expression = entity.columns[field]
            if isinstance(expression, Udi):
                chosen = udi_part(chosen, field, expression.part)
        if not entity.primary:
            chosen = _mentions(chosen, fields, entity.key or contract.key)
        elif many is not None:
            chosen, contradicting = expand(chosen, "serial_no", "_quantity")
            chosen = chosen.drop("_quantity")
            facts["contradicting"] = contradicting.rows()
        sink(chosen.with_row_index("_n").cast({"_n": pl.Int32}), path)
        rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        return {**facts, "rows": rows}

    path, facts, reused = store.file(f"{name}/mapped.parquet", key, make)
    if many is not None:
        text += f"\nserial_no is split into one record per device where it agrees with {many}"
    contradicting = pl.DataFrame(
        facts["contradicting"], schema={"_row": pl.Int32, "value": pl.String}, orient="row"
    )
    return Mapped(
        path, key, reused, fields, None, facts["rows"], facts["excluded"], text, contradicting
    )


def _plain(expression: Expression) -> str | None:
    """The header of an expression that is one column and nothing else."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Column) and not (expression.value_map or expression.prefix):
        return expression.column
    return None


def _expression(expression: Expression, ordinals: Map[str, int], maps: ValueMaps) -> pl.Expr:
    """The Polars expression whose value is the field's text, ``''`` for blank."""

    def cell(header: str) -> pl.Expr:
        return pl.col(f"c{ordinals[header]}").fill_null("")

    def filled(header: str) -> pl.Expr:
        return pl.when(cell(header) != "").then(cell(header))

    match expression:
        case str() | Udi():
            made = cell(headers_of(expression)[0])
        case Column():
            made = cell(expression.column)
            if expression.prefix:
                made = pl.when(made != "").then(pl.lit(expression.prefix) + made)
        case Const():
            made = pl.lit(expression.const)
        case FirstOf():
            made = pl.coalesce([filled(h) for h in expression.first_of])
        case Concat():
            parts = [filled(h) for h in expression.concat]
            made = pl.concat_str(parts, separator=expression.sep, ignore_nulls=True)
        case Split():
            _check_pattern(expression)
            made = cell(expression.split).str.extract(expression.pattern, expression.group)
    made = made.fill_null("")
    wanted = value_map_of(expression)
    if wanted is not None and maps[wanted]:
        made = made.replace(_spellings(maps[wanted]))
    return made


def _spellings(value_map: Map[str, str]) -> dict[str, str]:
    """The map with its keys also in half-width form; a key as written wins."""
    folded = {unicodedata.normalize("NFKC", raw).strip(): to for raw, to in value_map.items()}
    return folded | dict(value_map)


def _check_pattern(expression: Split) -> None:
    try:
        found = pl.Series([""]).str.extract(expression.pattern, expression.group)
        assert len(found) == 1
    except pl.exceptions.ComputeError as error:
        raise KintsugiError(
            "mapping.pattern",
            Text(
                f"列「{expression.split}」的正则表达式无效。",
                f"The regular expression for column “{expression.split}” is not valid.",
            ),
            Text("请改正该表达式。", "Correct the expression."),
            column=expression.split,
            value=expression.pattern,
            reason=str(error).splitlines()[0],
        ) from None


def _where(entity: EntityMapping, ordinals: Map[str, int]) -> pl.Expr:
    conditions = []
    for header, texts in (entity.where or {}).items():
        cell = pl.col(f"c{ordinals[header]}").fill_null("")
        named = cell.is_in([text for text in texts if text != "*"])
        conditions.append(named | (cell != "") if "*" in texts else named)
    return pl.all_horizontal(conditions)


def _mentions(frame: pl.LazyFrame, fields: tuple[str, ...], key: tuple[str, ...]) -> pl.LazyFrame:
    """Distinct texts with their first row; a mention without its key says nothing."""
    named = pl.all_horizontal([pl.col(f) != "" for f in key if f in fields])
    return (
        frame.filter(named)
        .group_by(fields)
        .agg(pl.col("_row").min())
        .sort("_row", *fields)
        .select("_row", *fields)
    )


def _describe(entity: EntityMapping, fields: tuple[str, ...]) -> str:
    """The projection in words, one field a line."""
    lines = []
    for field in fields:
        expression = entity.columns[field]
        if isinstance(expression, str):
            lines.append(f"{field} ← {expression}")
        else:
            shown = expression.model_dump(exclude_defaults=True, mode="json")
            lines.append(f"{field} ← {shown}")
    if entity.where:
        lines.append(f"where {dict(entity.where)}")
    if not entity.primary:
        lines.append("distinct mentions with a key, each with its first row")
    return "\n".join(lines)
