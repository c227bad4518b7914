"""One check, and many row checks in one scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kintsugi.engine.backends import literal, name
from kintsugi.engine.text import Text


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule over a table, as the SELECT of the rows that break it.

    ``where`` is a predicate that is true for an offending row (never NULL-true: NULL passes).
    A ``group`` check compares rows with each other, so its predicate needs the table itself:
    ``{table}`` and ``{rows}`` stand for its name and its row column. ``value`` is a text expression
    of what to show. ``columns`` are the columns both read.
    """

    id: str
    rule: str
    field: str
    title: Text
    where: str
    value: str
    columns: tuple[str, ...]
    scope: Literal["row", "group"] = "row"

    def select(self, table: str, *, row: str = "_row") -> str:
        """The whole SELECT: ``_row, field, rule, value`` of every row that breaks the rule."""
        where = self.where.replace("{table}", name(table)).replace("{rows}", name(row))
        return (
            f"SELECT {name(row)} AS _row, {literal(self.field)} AS field, "
            f"{literal(self.rule)} AS rule, {self.value} AS value\n"
            f"FROM {name(table)}\nWHERE {where}"
        )


def one_scan(checks: Sequence[Check], table: str, *, row: str = "_row") -> str:
    """All row checks as one SELECT that reads the table once.

    The rows that break anything are filtered first; only those few are looked at again per rule.
    """
    checks = [check for check in checks if check.scope == "row"]
    assert checks, "a scan needs at least one row check"
    columns = dict.fromkeys([row, *(c for check in checks for c in check.columns)])
    any_broken = "\n   OR ".join(f"({check.where})" for check in checks)
    broken = (
        f"WITH broken AS (\nSELECT {', '.join(map(name, columns))}\n"
        f"FROM {name(table)}\nWHERE {any_broken}\n)\n"
    )
    return broken + "\nUNION ALL\n".join(check.select("broken", row=row) for check in checks)
