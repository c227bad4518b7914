"""The facts about the running unit of work, kept beside the thread of execution."""

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from kintsugi import __version__
from kintsugi.audit.verifying.tokens import issue_token

#: Facts that every context made here takes over: the session, the endpoint, the job.
_surroundings: ContextVar[dict[str, Any] | None] = ContextVar("surroundings", default=None)


@contextlib.contextmanager
def surrounded(**facts: Any) -> Iterator[None]:
    """Contexts made inside the block carry these facts (``session``, ``endpoint``, ``job``) beside
    their own."""
    token = _surroundings.set({**(_surroundings.get() or {}), **facts})
    try:
        yield
    finally:
        _surroundings.reset(token)


def set_context(
    *,
    actor: str,
    command: str,
    actor_id: UUID | None = None,
    reason: str = "",
    request_id: str = "",
    run_id: UUID | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Tell the database who acts in this transaction; the change log picks it up at the first
    write. Must run inside a transaction: the setting ends with it.

    The context carries a token, so that one made by hand can be told from one made here.
    """
    assert connection.in_atomic_block, "a context belongs to one transaction"
    context: dict[str, Any] = {
        "actor": actor,
        "actor_id": str(actor_id) if actor_id else None,
        "command": command,
        "reason": reason,
        "request_id": request_id,
        "run_id": str(run_id) if run_id else None,
        "facts": {"release": __version__, **(_surroundings.get() or {}), **(facts or {})},
    }
    context["token"] = issue_token(context)
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('kintsugi.context', %s, true)",
            [json.dumps(context, ensure_ascii=False, default=str)],
        )


@contextlib.contextmanager
def recorded(
    *,
    actor: Any,
    command: str,
    reason: str = "",
    request_id: str = "",
    run_id: UUID | None = None,
    **facts: Any,
) -> Iterator[None]:
    """An atomic block whose writes to business tables are logged under this actor and command.

    ``actor`` is a user or, for the system itself, a name such as ``"system"``. Inside another
    recorded block it joins that transaction and keeps its context: one transaction, one cause.
    """
    # The setting ends with its transaction: one that only begins here cannot have it.
    begins = not connection.in_atomic_block
    with transaction.atomic():
        if begins or not _current():
            set_context(
                actor=actor if isinstance(actor, str) else str(actor),
                actor_id=None if isinstance(actor, str) else actor.pk,
                command=command,
                reason=reason,
                request_id=request_id,
                run_id=run_id,
                facts=facts,
            )
        yield


def _current() -> bool:
    """Whether this transaction has a context already."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(current_setting('kintsugi.context', true), '') <> ''")
        return bool(cursor.fetchone()[0])
