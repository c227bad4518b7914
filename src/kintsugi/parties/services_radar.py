"""Saying once that something ends: an event for each licence, end and distance."""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.commands import run_once
from kintsugi.core.queries import query

BATCH_ROWS = 500
DAYS = {"near_90": 90, "near_60": 60, "near_30": 30, "expired": 0}


def tell_ending(*, at: dt.datetime) -> int:
    """Emit ``parties.licence-ending`` or ``-ended`` for licences nobody was told of yet at this
    distance; returns how many. Safe to repeat and to run twice at once."""
    return tell(app="parties", name="ending_licences", what="licence", at=at)


def tell(*, app: str, name: str, what: str, at: dt.datetime) -> int:
    """The same for the rows of a query of an app: ``id, party, kind, number, valid_to, status``."""
    on = timezone.localtime(at).date()
    told = 0
    while rows := _due(app, name, on):
        for pk, party, kind, number, valid_to, status in rows:
            facts = {
                "party": str(party), "kind": kind, "number": number,
                "valid_to": valid_to.isoformat(), "within_days": DAYS[status],
            }  # fmt: skip
            event = f"{app}.{what}-{'ended' if status == 'expired' else 'ending'}"

            def work(
                event: str = event, subject: str = str(pk), facts: dict[str, Any] = facts
            ) -> dict[str, Any]:
                return {"event": str(events.emit(event, subject=subject, facts=facts, at=at).pk)}

            run_once(scope=f"{what}-ending", key=f"{pk}:{valid_to}:{status}", payload={}, work=work)
            told += 1
    return told


def _due(app: str, name: str, on: dt.date) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query(app, name), {"on": on, "limit": BATCH_ROWS})
        return list(cursor.fetchall())
