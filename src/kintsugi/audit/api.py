"""The record over HTTP: refused acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Router, Schema

from kintsugi.audit.refusal_screens import REFUSALS
from kintsugi.core.api.lists import add_list

router = Router(tags=["Audit"])


class RefusalOut(Schema):
    """One refused act."""

    id: UUID
    at: datetime
    actor: str
    actor_id: UUID | None
    command: str
    rule: str
    status: int
    facts: dict[str, Any]
    address: str
    request_id: str
    suppressed: bool


add_list(
    router,
    "/refusals",
    REFUSALS,
    RefusalOut,
    name="refusals",
    summary="Acts that a rule refused; for administrators and auditors",
)
