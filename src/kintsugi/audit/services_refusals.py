"""The only writer of refused acts."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from kintsugi.audit.context import recorded
from kintsugi.audit.refusals import Refusal
from kintsugi.core.errors import KintsugiError
from kintsugi.identity.services import count_request

KEPT_PER_MINUTE = 30
FACTS_CHARS = 4000
#: Answers that are no refused acts: nobody was there to refuse (401), nothing was there to act on
#: (404, 405), it was never read (413), or it was only too much (429).
NO_ACTS = frozenset({401, 404, 405, 413, 429})


def note_refusal(
    *,
    actor: Any,
    command: str,
    error: KintsugiError | None,
    rule: str,
    status: int,
    at: datetime,
    address: str = "",
    request_id: str = "",
) -> Refusal | None:
    """Keep one refused act in a transaction of its own; at most thirty a minute of one actor, the
    last of which says that more followed. None when it was not kept.

    ``actor`` is a user or a name, as in ``recorded``; ``error`` gives rule, message and facts,
    without it ``rule`` names what refused.
    """
    named = isinstance(actor, str)
    actor_id: UUID | None = None if named else actor.pk
    minute = int(at.timestamp()) // 60
    who = f"{actor}:{address}" if named else str(actor_id)
    count = count_request(key=f"refusal:{who}"[:120], window=minute)
    if count > KEPT_PER_MINUTE:
        return None
    with recorded(actor=actor, command="audit.note-refusal", request_id=request_id):
        refusal = Refusal(
            at=at,
            actor_id=actor_id,
            actor=str(actor)[:200],
            command=command[:120],
            rule=(error.code if error else rule)[:80],
            message=error.message.zh[:400] if error else "",
            status=status,
            facts=_facts(error),
            address=address,
            request_id=request_id,
            suppressed=count == KEPT_PER_MINUTE,
        )
        refusal.save(force_insert=True)
    return refusal


def _facts(error: KintsugiError | None) -> dict[str, Any]:
    """The refusal's facts as JSON, or their names where they are too long."""
    if error is None:
        return {}
    text = json.dumps(error.facts, ensure_ascii=False, default=str).replace("\\u0000", "")
    if len(text) > FACTS_CHARS:
        return {"too_long": sorted(error.facts)}
    return dict(json.loads(text))
