"""How long records are kept: rules as data, registered by the apps that own the records.

Nothing is deleted when its time is over: the date says from when on a person may decide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import DateField, Expression, Func, QuerySet

from kintsugi.engine.text import Text


class YearsAfter(Func):
    """The day a number of years after a date or an instant."""

    output_field = DateField()

    def __init__(self, day: str | Expression, years: int) -> None:
        super().__init__(
            day, template=f"((%(expressions)s)::date + interval '{years:d} years')::date"
        )


@dataclass(frozen=True)
class Clause:
    """One case of a rule: what is kept how long, and the reason."""

    code: str
    rule: Text
    reason: Text


#: (kind, id, lot) of everything a hold may be about that covers a record.
Subjects = Callable[[Any], Sequence[tuple[str, UUID | None, str]]]


@dataclass(frozen=True)
class RetentionRule:
    """The rule of one kind of record.

    ``rows()`` gives the records with ``keep_clause`` (a code) and ``keep_until`` (a day; null: for
    ever); None where all records of the kind are kept for ever. ``subjects(record)`` names what
    legal holds may cover the record by.
    """

    entity: str
    title: Text
    clauses: Sequence[Clause]
    rows: Callable[[], QuerySet[Any]] | None = None
    url: Callable[[Any], str] | None = None
    subjects: Subjects | None = None
    order: int = 100

    def clause(self, code: str) -> Clause:
        """The clause of this code."""
        return next(one for one in self.clauses if one.code == code)


RULES: dict[str, RetentionRule] = {}

FOREVER = Text("永久保存", "kept for ever")
LAW = Text(
    "有效期届满后至少 2 年;无有效期的至少 5 年;植入类永久。",
    "At least 2 years after expiry; at least 5 years where there is none; implants for ever.",
)


def register_retention(rule: RetentionRule) -> None:
    """Add a rule; called from ``AppConfig.ready``. An entity twice is a mistake of ours."""
    assert rule.entity not in RULES, f"retention of {rule.entity} registered twice"
    RULES[rule.entity] = rule


def rules() -> list[RetentionRule]:
    """All rules in the order they are shown."""
    return sorted(RULES.values(), key=lambda one: (one.order, one.entity))


def register() -> None:
    """The record's own rule."""
    register_retention(
        RetentionRule(
            "record",
            Text(
                "更改日志、签名、证据包、法律保全、来源",
                "Change log, signatures, evidence packs, legal holds, origins",
            ),
            [
                Clause(
                    "always",
                    FOREVER,
                    Text(
                        "其他一切记录的证据。",
                        "They are the evidence for everything else.",
                    ),
                )
            ],
            order=900,
        )
    )
