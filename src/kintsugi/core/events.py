"""Events: facts written in the same transaction as the change, handed to handlers afterwards.

Delivery is at least once and in the order of ended transactions; a handler's own effect must be
idempotent (``run_once`` with the event's id). A handler that fails is retried with growing pauses
and then left visible with its error.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction

from kintsugi.core.models import Event
from kintsugi.core.queries import query

Handler = Callable[[Event], None]
HANDLERS: dict[str, list[Handler]] = {}
MAX_ATTEMPTS = 8


def on(event_type: str) -> Callable[[Handler], Handler]:
    """Register a function for an event type; used in an app's ``handlers.py``."""

    def register(handler: Handler) -> Handler:
        HANDLERS.setdefault(event_type, []).append(handler)
        return handler

    return register


def emit(
    event_type: str, *, subject: str, at: dt.datetime, facts: Mapping[str, Any] | None = None
) -> Event:
    """Write an event into the outbox; it exists if and only if the running transaction commits."""
    assert connection.in_atomic_block, "an event belongs to the transaction that made it true"
    return Event.objects.create(type=event_type, subject=subject, at=at, facts=dict(facts or {}))


def deliver(*, at: dt.datetime, limit: int = 100) -> int:
    """Hand waiting events to their handlers; returns how many were handled.

    Each event is locked (SKIP LOCKED), handled and marked in one transaction.
    """
    done = 0
    for _ in range(limit):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(query("core", "next_event"), [at, MAX_ATTEMPTS])
                row = cursor.fetchone()
            if row is None:
                return done
            event = Event.objects.get(pk=row[0])
            done += _handle(event, at)
    return done


def _handle(event: Event, at: dt.datetime) -> int:
    """Run all handlers of one event inside a savepoint; 1 when it was handled."""
    try:
        with transaction.atomic():
            for handler in HANDLERS.get(event.type, []):
                handler(event)
    except Exception as error:  # a handler's failure must not stop the events behind it
        attempts = event.attempts + 1
        Event.objects.filter(pk=event.pk).update(
            attempts=attempts,
            last_error=f"{type(error).__name__}: {error}"[:2000],
            retry_at=at + dt.timedelta(seconds=min(3600, 2**attempts)),
        )
        return 0
    Event.objects.filter(pk=event.pk).update(handled_at=at, last_error="")
    return 1
