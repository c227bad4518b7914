"""Value, age and turnover of stock; the checks that projections are the fold of the ledger."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.queries import query
from kintsugi.engine.text import Text

#: Rows of one answer, and of one check.
ROWS_MAX, BROKEN_MAX = 10_000, 50
CHECKS: dict[str, Text] = {
    "balances": Text("余额等于流水之和", "balances are the sum of the moves"),
    "positions": Text("序列号在最后一次移动的目的地", "units are where their last move led"),
    "values": Text("金额等于流水之和", "values are the sum of the moves"),
    "reservations": Text("预留量等于有效预留之和", "what is reserved is the sum of reservations"),
}


def value_as_of(day: dt.date, *, warehouse: UUID | None = None) -> list[dict[str, Any]]:
    """By product and warehouse at the end of a day: qty, unit_cost (the average of the whole
    house), value, and of the product out_qty, out_value and turns of the 365 days before. CNY."""
    asked = {"day": day, "warehouse": warehouse, "limit": ROWS_MAX}
    return _rows(query("stock", "value_as_of"), asked)


def ageing(day: dt.date) -> list[dict[str, Any]]:
    """What is here now by days since it came in: to_30, to_90, to_180, to_365, older."""
    return _rows(query("stock", "ageing"), {"day": day, "limit": ROWS_MAX})


def broken(name: str) -> list[dict[str, Any]]:
    """The rows that break a check, at most 50; none when it holds."""
    assert name in CHECKS, f"unknown check {name}"
    return _rows(query("stock", name, "checks"), {"limit": BROKEN_MAX})


def every_broken() -> dict[str, list[dict[str, Any]]]:
    """The rows that break any check, by its name; empty when all hold."""
    found = {name: broken(name) for name in CHECKS}
    return {name: rows for name, rows in found.items() if rows}


def _rows(statement: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
