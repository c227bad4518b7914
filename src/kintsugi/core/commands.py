"""Commands that take effect once however often they are sent."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection, transaction

from kintsugi.core.errors import Conflict
from kintsugi.core.models import Command
from kintsugi.core.queries import query


def fingerprint(payload: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a command's content."""
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def run_once(
    *,
    scope: str,
    key: str,
    payload: Mapping[str, Any],
    work: Callable[[], dict[str, Any]],
    answer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run ``work`` in a transaction unless this key has been answered, and return its answer.

    A second caller with the same key waits for the first one's transaction (unique index), then
    gets the stored answer. Raises Conflict when the content differs. A failing ``work`` leaves
    no trace, so the key may be used again; inside a transaction of the caller's, it is the
    caller's to roll back. ``answer``: what ``work`` will return, where that is known before.
    """
    wanted = fingerprint(payload)
    told = None if answer is None else json.dumps(answer)
    # No savepoint of its own: whoever calls from within a transaction has one round the command.
    with transaction.atomic(savepoint=False):
        with connection.cursor() as cursor:
            cursor.execute(query("core", "claim_command"), [scope, key, wanted, told])
            first = cursor.rowcount == 1
        if not first:
            known = Command.objects.get(scope=scope, key=key)
            if known.fingerprint != wanted:
                raise Conflict(scope, key)
            return dict(known.result or {})
        result = work()
        if result == answer:
            return result
        Command.objects.filter(scope=scope, key=key).update(result=result)
        return result
