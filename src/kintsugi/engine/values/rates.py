"""Amounts in foreign currency: the original is kept, and the rate of its day stands beside it.

A book of rates says from which day on one currency is worth how much of another. An amount takes
the rate in force on its day: the last one published on or before it, unless that is too old.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import Final

import polars as pl

from kintsugi.engine.backends import connect
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.values.base import half_width
from kintsugi.engine.values.kernel import normalise, normalise_column

COLUMNS: Final = ("currency", "into", "since", "rate", "per", "source")
#: Rates are published on working days; the longest holidays last about ten days.
MAX_AGE_DAYS: Final = 31
_RATES_MAX: Final = 2_000_000
_PERS: Final = (1, 10, 100, 1_000, 10_000)
_PLACES: Final = 12


def _fits(rate: Decimal) -> bool:
    """Whether the database's DECIMAL(18, 12) holds it exactly."""
    exponent = rate.as_tuple().exponent
    return rate < 10**6 and isinstance(exponent, int) and exponent >= -_PLACES


@dataclass(frozen=True)
class Rate:
    """``per`` (1, 10, 100 …) units of ``currency`` are ``rate`` units of ``into`` from the day
    ``since`` on; ``source`` says who published it. Currencies are ISO 4217 codes."""

    currency: str
    into: str
    since: dt.date
    rate: Decimal
    per: int = 1
    source: str = ""

    @property
    def of_one(self) -> Decimal:
        """The rate of one unit, exactly: ``per`` is a power of ten."""
        return self.rate / self.per


def read_rates(path: Path) -> list[Rate]:
    """A book of rates from a CSV file with the columns currency, into, since, rate and, where
    wanted, per and source.

    Raises KintsugiError ``rates.unreadable`` (facts: line, field, value) and ``rates.twice`` for
    two rates of a pair that begin on one day.
    """
    try:
        rows = csv.DictReader(StringIO(path.read_text("utf-8-sig")))
        if not set(COLUMNS[:4]) <= set(rows.fieldnames or ()):
            raise _unreadable(path, 1, ", ".join(COLUMNS[:4]), ", ".join(rows.fieldnames or ()))
        found = [_rate(row, path, line) for line, row in enumerate(rows, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, 0, "", str(error)[:200]) from error
    if len(found) > _RATES_MAX:
        raise _unreadable(path, _RATES_MAX + 2, "", f"> {_RATES_MAX:,}")
    seen: dict[tuple[str, str, dt.date], int] = {}
    for line, one in enumerate(found, start=2):
        first = seen.setdefault((one.currency, one.into, one.since), line)
        if first != line:
            raise KintsugiError(
                "rates.twice",
                Text(
                    f"第 {line} 行与第 {first} 行是同一天同一币种的汇率。",
                    f"Lines {first} and {line} give a rate of one pair for the same day.",
                ),
                Text("每个币种每天只保留一个汇率。", "Keep one rate a day for each pair."),
                file=str(path),
                line=line,
                currency=one.currency,
                since=str(one.since),
            )
    return found


def _rate(row: Mapping[str, str | None], path: Path, line: int) -> Rate:
    said = {column: half_width(row.get(column) or "").strip() for column in COLUMNS}
    codes = []
    for column in ("currency", "into"):
        known = normalise("currency", pl.Series([said[column]], dtype=pl.Utf8))
        code = known["value"][0] if known.height else None
        if code is None:
            raise _unreadable(path, line, column, said[column])
        codes.append(str(code))
    try:
        since = dt.date.fromisoformat(said["since"])
    except ValueError as error:
        raise _unreadable(path, line, "since", said["since"]) from error
    try:
        rate, per = Decimal(said["rate"]), int(said["per"] or 1)
    except (InvalidOperation, ValueError) as error:
        raise _unreadable(path, line, "rate, per", f"{said['rate']}, {said['per']}") from error
    made = Rate(codes[0], codes[1], since, rate, per, said["source"])
    if not rate.is_finite() or rate <= 0 or per not in _PERS or not _fits(made.of_one):
        raise _unreadable(path, line, "rate, per", f"{said['rate']}, {said['per']}")
    return made


def _unreadable(path: Path, line: int, field: str, value: str) -> KintsugiError:
    return KintsugiError(
        "rates.unreadable",
        Text(f"汇率表第 {line} 行无法识别。", f"Line {line} of the book of rates cannot be read."),
        Text(
            "CSV 列为 currency、into、since、rate(可加 per、source);日期写成 2024-03-15。",
            "CSV columns: currency, into, since, rate (per, source where wanted); days as "
            "2024-03-15.",
        ),
        file=str(path),
        line=line,
        field=field,
        value=value[:200],
    )


def convert_money(
    amounts: pl.Series,
    *,
    into: str,
    rates: list[Rate],
    days: pl.Series | dt.date,
    currencies: pl.Series | None = None,
    header: str = "",
    max_age_days: int = MAX_AGE_DAYS,
) -> pl.DataFrame:
    """Each amount in the currency ``into``, at the rate of its day.

    ``amounts``: as written (``US$ 1,200``, ``12.5万``); ``days``: when each was agreed, as written,
    or one day for all; ``currencies``: where another column names them — what the cell itself says
    goes first, then that column, then the amounts' ``header``.

    One row each: ``amount`` and ``currency`` as understood, ``converted`` (text with two places,
    halves away from zero), ``rate`` (of one unit), ``rate_day``, ``source``, and ``issue``:
    ``money.no-currency``, ``money.no-day``, ``money.no-rate``, ``money.rate-old`` (days between
    the rate and the amount are more than ``max_age_days``), ``number.range``, or what the amount
    or the day itself is refused for. An empty amount stays empty, without an issue.
    """
    frame = _understood(amounts, days, currencies, header)
    # The other direction of a pair is not made up: banks buy and sell at two prices.
    book = pl.DataFrame(
        [(r.currency, r.since, format(r.of_one, "f"), r.source) for r in rates if r.into == into],
        schema={"currency": pl.Utf8, "since": pl.Date, "rate": pl.Utf8, "source": pl.Utf8},
        orient="row",
    )
    with connect({"threads": 2, "memory_limit": "2GB"}) as db:
        db.register("amounts", frame.with_row_index("place").to_arrow())
        db.register("book", book.to_arrow())
        asked = {"into": into, "oldest": max_age_days}
        return pl.DataFrame(pl.from_arrow(db.sql(_CONVERT, params=asked).to_arrow_table()))


def _understood(
    amounts: pl.Series, days: pl.Series | dt.date, currencies: pl.Series | None, header: str
) -> pl.DataFrame:
    """Amount, currency and day of each row, and what is wrong with them."""
    raw = amounts.cast(pl.Utf8).rename("raw")
    known = normalise("money", raw, {"header": header} if header else None)
    read = raw.to_frame().join(
        known.select("raw", "value", "unit", "issue"), on="raw", how="left", maintain_order="left"
    )
    named = read["unit"]
    if currencies is not None:
        # A header's currency is the last to be asked; one in the cell itself the first.
        own = raw.to_frame().join(
            normalise("money", raw).select("raw", "unit"),
            on="raw", how="left", maintain_order="left",
        )["unit"]  # fmt: skip
        beside = normalise_column("currency", currencies)["value"]
        parts = pl.DataFrame([own.rename("own"), beside.rename("beside"), named.rename("named")])
        named = parts.select(pl.coalesce("own", "beside", "named").alias("unit"))["unit"]
    if isinstance(days, dt.date):
        day, day_issue = pl.repeat(days, len(raw), dtype=pl.Date, eager=True), None
    else:
        dated = normalise_column("date", days)
        day = dated["value"].str.to_date("%Y-%m-%d", strict=False)
        day_issue = dated["issue"]
    nothing = pl.repeat(None, len(raw), dtype=pl.Utf8, eager=True)
    return pl.DataFrame(
        [
            read["value"].rename("amount"),
            named.rename("currency"),
            day.rename("day"),
            read["issue"].rename("amount_issue"),
            (nothing if day_issue is None else day_issue).rename("day_issue"),
        ]
    )


#: DECIMAL holds both factors exactly; the product has 18 places before it is rounded to two.
_CONVERT: Final = """
with found as (
    select a.*, b.since, b.source,
        try_cast(a.amount as decimal(20, 6)) as number,
        cast(b.rate as decimal(18, 12)) as rate
    from amounts a asof left join book b on a.currency = b.currency and a.day >= b.since
),
judged as (
    select *, currency <> $into as foreign_one, case
        when amount is null then amount_issue
        when currency is null then 'money.no-currency'
        when number is null then 'number.range'
        when currency = $into then null
        when day is null then coalesce(day_issue, 'money.no-day')
        when since is null then 'money.no-rate'
        when day - since > $oldest then 'money.rate-old'
    end as issue
    from found
)
select amount, currency,
    case when issue is not null or amount is null then null
        when foreign_one then cast(cast(number * rate as decimal(30, 2)) as varchar)
        else cast(cast(number as decimal(20, 2)) as varchar) end as converted,
    case when issue is null and foreign_one
        then rtrim(rtrim(cast(rate as varchar), '0'), '.') end as rate,
    case when issue is null and foreign_one then cast(since as varchar) end as rate_day,
    case when issue is null and foreign_one then source end as source,
    issue
from judged order by place
"""
