"""The session engine: rows that know their account, and keys that are hashed at rest.

Django asks for ``SessionStore`` by the name of this module (``SESSION_ENGINE``).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpRequest

from kintsugi.identity.records import ADDRESS_CHARS, AGENT_CHARS, Session

HASH_CHARS = 40  # 160 bits, the width of Django's column
SEEN_EVERY_S = 60


def stored_key(session_key: str) -> str:
    """What the table holds for a cookie."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:HASH_CHARS]


class SessionStore(DatabaseStore):
    """Django's database sessions with the account beside the data.

    ``row`` is the row as it was read with the request, or None for a new session; ``address`` and
    ``agent`` are set by the middleware before anything is saved.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None
        self.address = ""
        self.agent = ""

    @classmethod
    def get_model_class(cls) -> Any:
        """Our table."""
        return Session

    def load(self) -> dict[str, Any]:
        """The data of the session this cookie names; nothing when it was ended or is too old."""
        found = None
        if self.session_key:
            found = (
                Session.objects.filter(session_key=stored_key(self.session_key))
                .filter(expire_date__gt=datetime.now(UTC))
                .first()
            )
        if found is None:
            self._session_key = None
            return {}
        self.row = found
        return self.decode(found.session_data)

    def exists(self, session_key: str) -> bool:
        """Whether this cookie names a session."""
        return Session.objects.filter(session_key=stored_key(session_key)).exists()

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises UpdateError when it was ended in the meantime, so that a
        running request cannot bring an ended session back to life."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        account = data.get(SESSION_KEY)
        values = {
            "session_data": self.encode(data),
            "expire_date": self.get_expiry_date(),
            "account_id": account,
        }
        key = stored_key(self.session_key)
        if must_create:
            values |= {"address": self.address[:ADDRESS_CHARS], "agent": self.agent[:AGENT_CHARS]}
            try:
                with transaction.atomic():
                    Session.objects.bulk_create([Session(session_key=key, **values)])
            except IntegrityError as error:
                from django.contrib.sessions.backends.base import CreateError

                raise CreateError from error
            return
        try:
            with transaction.atomic():
                changed = Session.objects.filter(session_key=key).update(**values)
        except DatabaseError as error:
            raise UpdateError from error
        if not changed:
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End the session."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=stored_key(key)).delete()


def is_over(row: Session, at: datetime) -> bool:
    """Whether a log-in has lasted too long, or rested too long (``SESSION_LIFETIME_S``,
    ``SESSION_IDLE_S``)."""
    lifetime = timedelta(seconds=settings.SESSION_LIFETIME_S)
    idle = timedelta(seconds=settings.SESSION_IDLE_S)
    return at - row.since > lifetime or at - row.seen_at > idle


def note_seen(row: Session, at: datetime, address: str) -> None:
    """Keep when and from where a session was last seen: at most one write a minute."""
    if (at - row.seen_at).total_seconds() < SEEN_EVERY_S and row.address == address:
        return
    Session.objects.filter(pk=row.pk).update(seen_at=at, address=address[:ADDRESS_CHARS])


def address_of(request: HttpRequest) -> str:
    """The client's address: the peer's, or what the trusted proxies in front of us say
    (``TRUSTED_PROXIES`` of them, counted from the right of X-Forwarded-For)."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    count = settings.TRUSTED_PROXIES
    if count:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= count and hops[-count]:
            return hops[-count][:ADDRESS_CHARS]
    return peer[:ADDRESS_CHARS]


def agent_of(request: HttpRequest) -> str:
    """What the browser calls itself, cut."""
    return request.headers.get("User-Agent", "")[:AGENT_CHARS]
