"""Source records on their way from the engine to the tables.

From here on every value is canonical text: one type for merging, for the crosswalk and for COPY.
A date that is known to the month or year only is ``2023-05`` or ``2023``.
"""

import polars as pl

from kintsugi.engine.contract import Contract

#: Columns of a record that are not contract fields.
META = ("_key", "_row", "_rows", "_field_rows", "_hash")


def fields_of(frame: pl.DataFrame | pl.LazyFrame, contract: Contract) -> list[str]:
    """The contract fields a frame carries, in contract order."""
    names = set(frame.collect_schema().names())
    return [field.name for field in contract.fields if field.name in names]


def as_text(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Records as the pipeline writes them, with every contract field as canonical text."""
    schema = frame.schema
    expressions = []
    for name in fields_of(frame, contract):
        column = pl.col(name)
        if schema[name] == pl.Boolean:
            text = pl.when(column).then(pl.lit("true")).when(~column).then(pl.lit("false"))
            expressions.append(text.otherwise(None).alias(name))
        elif schema[name] == pl.Date:
            expressions.append(_date_text(name, f"{name}__precision" in schema))
        else:
            expressions.append(column.cast(pl.String))
    meta = [name for name in META if name in schema]
    return frame.select(*meta, *expressions)


def _date_text(name: str, has_precision: bool) -> pl.Expr:
    day = pl.col(name).dt.to_string("%Y-%m-%d")
    if not has_precision:
        return day.alias(name)
    precision = pl.col(f"{name}__precision")
    return (
        pl.when(precision == "month")
        .then(day.str.slice(0, 7))
        .when(precision == "year")
        .then(day.str.slice(0, 4))
        .otherwise(day)
        .alias(name)
    )


def with_days(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Date texts as full dates for a date column; their precision in ``<field>__precision``."""
    dates = [f.name for f in contract.fields if f.type == "date" and f.name in frame.columns]
    return frame.with_columns(
        *(
            pl.when(pl.col(n).str.len_chars() == 7)
            .then(pl.col(n) + "-01")
            .when(pl.col(n).str.len_chars() == 4)
            .then(pl.col(n) + "-01-01")
            .otherwise(pl.col(n))
            .alias(n)
            for n in dates
        ),
        *(
            pl.when(pl.col(n).str.len_chars() == 7)
            .then(pl.lit("month"))
            .when(pl.col(n).str.len_chars() == 4)
            .then(pl.lit("year"))
            .when(pl.col(n).is_not_null())
            .then(pl.lit("day"))
            .alias(f"{n}__precision")
            for n in dates
        ),
    )


def values_json(frame: pl.DataFrame, fields: list[str]) -> pl.Series:
    """The records' values as one JSON object each; fields without a value are left out."""
    text = frame.select(pl.struct(fields).struct.json_encode().alias("values"))["values"]
    # A null member is the bare word; inside a JSON string a quote before null is escaped.
    text = text.str.replace_all(r'"[a-z0-9_]+":null,?', "")
    return text.str.replace(r",\}$", "}")
