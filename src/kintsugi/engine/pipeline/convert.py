"""Columns of a table brought into one currency or one unit; what was there stays beside it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.values import normalise_column
from kintsugi.engine.values.numbers import CURRENCIES
from kintsugi.engine.values.rates import MAX_AGE_DAYS, Rate, convert_money
from kintsugi.engine.values.units import unit_of


@dataclass(frozen=True)
class Conversion:
    """What is wanted: ``column`` into a currency (ISO code, name or sign) or a unit. For money:
    ``rates``; the day of each amount in the column ``dated``, or ``on`` for all of them; the column
    ``paid_in`` that names currencies, where there is one."""

    column: str
    into: str
    rates: Sequence[Rate] = ()
    dated: str | None = None
    on: dt.date | None = None
    paid_in: str | None = None
    max_age_days: int = MAX_AGE_DAYS


@dataclass(frozen=True)
class Converted:
    """``frame``: the table with new columns behind; ``done``: how many cells were converted;
    ``left``: the cells that were not, ``at`` (from 0 on), ``value`` as written, ``issue``."""

    frame: pl.DataFrame
    done: int
    left: pl.DataFrame


def convert(frame: pl.DataFrame, wanted: Conversion) -> Converted:
    """A table (texts by header) with a column in the wanted currency or unit.

    New columns: ``<column> <into>``; for money also ``<column> rate``, ``<column> rate_day`` and
    ``<column> rate_source``. Raises KintsugiError ``convert.no-column``, ``convert.no-unit``,
    ``convert.no-day`` and ``convert.no-rates``.
    """
    for column in (wanted.column, wanted.dated, wanted.paid_in):
        if column is not None and column not in frame.columns:
            raise KintsugiError(
                "convert.no-column",
                Text(f"没有名为“{column}”的列。", f"There is no column “{column}”."),
                Text("请写列的完整表头。", "Give the header of a column."),
                column=column,
                columns=frame.columns[:100],
            )
    code = CURRENCIES.get(wanted.into.strip().lower())
    found = _quantities(frame, wanted) if code is None else _money(frame, wanted, code)
    values = found[f"{wanted.column} {code or wanted.into}"]
    issue = found["issue"]
    left = pl.DataFrame({"value": frame[wanted.column], "issue": issue}).with_row_index("at")
    return Converted(
        pl.concat([frame, found.drop("issue")], how="horizontal"),
        len(values) - values.null_count(),
        left.filter(pl.col("issue").is_not_null()),
    )


def _money(frame: pl.DataFrame, wanted: Conversion, code: str) -> pl.DataFrame:
    if (wanted.dated is None) == (wanted.on is None):
        raise KintsugiError(
            "convert.no-day",
            Text("须说明金额的日期。", "It is not said of which day the amounts are."),
            Text("给出日期列或一个日期,二者之一。", "Give a column of days, or one day for all."),
            column=wanted.column,
        )
    if not any(rate.into == code for rate in wanted.rates):
        raise KintsugiError(
            "convert.no-rates",
            Text(f"汇率表中没有折合 {code} 的汇率。", f"No rate into {code} is given."),
            Text("在汇率表的 into 列写明该币种。", "Give rates whose column into says it."),
            into=code,
            currencies=sorted({rate.into for rate in wanted.rates}),
        )
    days = wanted.on if wanted.dated is None else frame[wanted.dated]
    assert days is not None
    found = convert_money(
        frame[wanted.column],
        into=code,
        rates=list(wanted.rates),
        days=days,
        currencies=None if wanted.paid_in is None else frame[wanted.paid_in],
        header=wanted.column,
        max_age_days=wanted.max_age_days,
    )
    return found.select(
        pl.col("converted").alias(f"{wanted.column} {code}"),
        pl.col("rate").alias(f"{wanted.column} rate"),
        pl.col("rate_day").alias(f"{wanted.column} rate_day"),
        pl.col("source").alias(f"{wanted.column} rate_source"),
        "issue",
    )


def _quantities(frame: pl.DataFrame, wanted: Conversion) -> pl.DataFrame:
    if unit_of(wanted.into) is None:
        raise KintsugiError(
            "convert.no-unit",
            Text(f"“{wanted.into}”不是币种或单位。", f"“{wanted.into}” is no currency or unit."),
            Text("例如 CNY、kg、mmHg、L/min。", "Say for example CNY, kg, mmHg or L/min."),
            into=wanted.into,
        )
    read = normalise_column("quantity", frame[wanted.column], {"unit": wanted.into})
    return read.rename({"value": f"{wanted.column} {wanted.into}"})
