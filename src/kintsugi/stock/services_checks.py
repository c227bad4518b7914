"""Runs the checks of the ledger's projections and tells of what they found."""

import datetime as dt
from typing import Any

from django.db import transaction

from kintsugi.core import events
from kintsugi.stock.valuing.selectors import every_broken


def check_projections(*, at: dt.datetime) -> dict[str, list[dict[str, Any]]]:
    """The rows that break a check, by its name; for each such check an event
    ``stock.check-broken``. Changes nothing else."""
    found = every_broken()
    with transaction.atomic():
        for name, rows in found.items():
            first = {key: str(value) for key, value in rows[0].items()}
            events.emit("stock.check-broken", subject=name, at=at,
                        facts={"rows": len(rows), "first": first})  # fmt: skip
    return found
