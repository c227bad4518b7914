"""Name the act as the cause of a transaction, so that the change log leads from a value to it.

The log lies above this app: audit hands in its way to set the context when it is ready.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection

_SETTERS: list[Callable[..., None]] = []


def use_context(setter: Callable[..., None]) -> None:
    """Let ``setter`` (``audit.services.set_context``) set the context of transactions."""
    _SETTERS[:] = [setter]


def name_cause(*, command: str, reason: str, **facts: Any) -> None:
    """Command, reason and further facts of the running transaction; actor and request stay.

    Takes effect only before the transaction's first business row: one transaction, one cause.
    """
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('kintsugi.context', true), '')")
        known = json.loads(cursor.fetchone()[0] or "{}")
    if not known or not _SETTERS:
        return
    _SETTERS[0](
        actor=known["actor"],
        actor_id=UUID(known["actor_id"]) if known.get("actor_id") else None,
        command=command[:120],
        reason=reason[:400],
        request_id=known.get("request_id") or "",
        run_id=UUID(known["run_id"]) if known.get("run_id") else None,
        facts={**(known.get("facts") or {}), **facts},
    )
