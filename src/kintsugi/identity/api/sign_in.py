"""Log-ins and sessions over HTTP."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from kintsugi.core.access import SIGNED_IN, requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import WRITE
from kintsugi.identity import services_sign_in
from kintsugi.identity.records import LoginEvent, Session
from kintsugi.identity.screens import EVENTS, SESSIONS, device_of

router = Router(tags=["Log-in"])


class EventOut(Schema):
    """Something that happened at the door."""

    id: UUID
    at: datetime
    kind: str
    account: str | None = Field(description="the user name; none where no account has that name")
    method: str
    address: str
    device: str
    reason: str

    @staticmethod
    def resolve_account(row: LoginEvent) -> str | None:
        """The user name."""
        return row.account.username if row.account else None

    @staticmethod
    def resolve_device(row: LoginEvent) -> str:
        """Browser and system."""
        return device_of(row)


class SessionOut(Schema):
    """One open log-in."""

    id: str = Field(description="a hash; it opens nothing")
    account: str
    since: datetime
    seen_at: datetime = Field(description="last seen, to the minute")
    address: str
    device: str

    @staticmethod
    def resolve_id(row: Session) -> str:
        """The hash of the session's key."""
        return row.pk

    @staticmethod
    def resolve_account(row: Session) -> str:
        """The user name."""
        return row.account.username if row.account else ""

    @staticmethod
    def resolve_device(row: Session) -> str:
        """Browser and system."""
        return device_of(row)


class Ended(Schema):
    """How many sessions were ended."""

    ended: int


add_list(
    router,
    "/log-ins",
    EVENTS,
    EventOut,
    name="log-ins",
    summary="Log-ins, refusals, changed factors",
)
add_list(
    router,
    "/sessions",
    SESSIONS,
    SessionOut,
    name="sessions",
    summary="Open log-ins",
)


@router.delete("/sessions/{id}", response={200: Ended, **WRITE}, summary="End a session")
@requires(SIGNED_IN)
def end_session(request: HttpRequest, id: str) -> dict[str, int]:
    """End one of one's own log-ins."""
    services_sign_in.end_session(
        session_id=id,
        account=request.user,  # type: ignore[arg-type]  # the API's log-in has seen to it
        at=request.at,  # type: ignore[attr-defined]
        reason="ended by its owner",
    )
    return {"ended": 1}
