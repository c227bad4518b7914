"""Lock-out after failed log-ins: per name and per address, with growing pauses.

Both are counted from ``LoginEvent``, so all processes share them, a restart forgets nothing, and an
auditor sees the same rows that decided. Names that belong to nobody are counted like names that do:
the answer tells nothing.
"""

import hashlib
import hmac
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max

from kintsugi.identity.records import LoginEvent

WINDOW = timedelta(hours=24)
ADDRESS_WINDOW = timedelta(hours=1)
FREE_BY_NAME = 5
FREE_BY_ADDRESS = 50
FIRST_PAUSE_S = 60
LONGEST_PAUSE_S = 3600


@dataclass(frozen=True)
class Lock:
    """A pause that has to pass before the next attempt is looked at. ``is_new``: nobody was told
    yet, so it is recorded."""

    until: datetime
    is_new: bool
    by_address: bool = False

    def minutes(self, at: datetime) -> int:
        """Whole minutes to wait, at least one."""
        return max(1, math.ceil((self.until - at).total_seconds() / 60))


def name_key(username: str) -> str:
    """A keyed hash of a user name, whatever its case; of use only with this installation's key."""
    text = username.strip().casefold().encode()
    return hmac.new(settings.SECRET_KEYS[-1].encode(), text, hashlib.sha256).hexdigest()[:32]


def pause_s(failures: int, free: int) -> int:
    """Seconds to wait after so many failures: none up to ``free``, then a minute, doubling to an
    hour."""
    if failures < free:
        return 0
    return int(min(FIRST_PAUSE_S * 2 ** min(failures - free, 10), LONGEST_PAUSE_S))


def lock_of(*, key: str, address: str, at: datetime) -> Lock | None:
    """The pause that this name or address has to wait out at ``at``; None when it may try."""
    events = LoginEvent.objects.filter(name_key=key, at__gt=at - WINDOW)
    kinds = LoginEvent.Kind
    forgiven = events.filter(kind__in=(kinds.SUCCESS, kinds.UNLOCKED)).aggregate(at=Max("at"))["at"]
    if forgiven:
        events = events.filter(at__gt=forgiven)
    failures = list(events.filter(kind=kinds.FAILURE).order_by("-at").values_list("at", flat=True))
    if found := _pause(failures, FREE_BY_NAME, at):
        told = events.filter(kind=kinds.LOCKED, at__gte=failures[0]).exists()
        return Lock(found, is_new=not told)
    here = LoginEvent.objects.filter(address=address, at__gt=at - ADDRESS_WINDOW)
    tries = list(
        here.filter(kind=kinds.FAILURE).order_by("-at").values_list("at", flat=True)[:1000]
    )
    if address and (found := _pause(tries, FREE_BY_ADDRESS, at)):
        told = here.filter(kind=kinds.LOCKED, at__gte=tries[0]).exists()
        return Lock(found, is_new=not told, by_address=True)
    return None


def _pause(failures: list[datetime], free: int, at: datetime) -> datetime | None:
    pause = pause_s(len(failures), free)
    if not pause:
        return None
    until = failures[0] + timedelta(seconds=pause)
    return until if until > at else None


def claim(key: str) -> bool:
    """Make this the only attempt on a name until the transaction ends; False when another one is
    running. Without it, many attempts at once would all be counted as the first."""
    number = int.from_bytes(bytes.fromhex(key)[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
