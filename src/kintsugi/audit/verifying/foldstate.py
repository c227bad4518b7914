"""How far the last clean fold came, kept where whoever edits behind the triggers cannot set it."""

import hmac
import json
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from kintsugi.audit.verifying.keys import context_keys, known_keys
from kintsugi.audit.verifying.models import FoldState

FORMAT = "kintsugi-fold-2"
NIL = UUID(int=0)
SAVE = """
insert into audit_fold_state (number, horizon, body, mac) values (1, %(horizon)s, %(body)s, %(mac)s)
on conflict (number) do update
set horizon = excluded.horizon, body = excluded.body, mac = excluded.mac
"""


@dataclass(frozen=True)
class Kept:
    """A clean fold saw all that transactions below ``horizon`` did; the round goes on at the row
    id ``place``. ``system`` names server and database, whose transaction ids mean nothing
    elsewhere. Not ``sound``: somebody else wrote it."""

    system: str
    horizon: int
    place: UUID = NIL
    sound: bool = True


def load() -> Kept | None:
    """What the last clean fold kept; None before the first."""
    row = FoldState.objects.filter(number=1).first()
    if row is None:
        return None
    sound = any(
        hmac.compare_digest(_mac(key.secret, row.horizon, row.body), row.mac)
        for key in known_keys()
    )
    if not sound:
        return Kept("", 0, sound=False)
    body = json.loads(row.body)
    return Kept(body["system"], row.horizon, UUID(body["place"]))


def keep(state: Kept) -> None:
    """Keep it for the next fold."""
    body = json.dumps({"system": state.system, "place": str(state.place)})
    mac = _mac(context_keys()[-1].secret, state.horizon, body)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SAVE, {"horizon": state.horizon, "body": body, "mac": mac})


def system_name() -> str:
    """The server and the database in it: a copy has another name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select system_identifier from pg_control_system()) || '/' || d.oid"
            " from pg_database d where d.datname = current_database()"
        )
        return str(cursor.fetchone()[0])


def _mac(secret: bytes, horizon: int, body: str) -> str:
    return hmac.new(secret, f"{FORMAT}\n{horizon}\n{body}".encode(), "sha256").hexdigest()
