"""Changes as the lines that are hashed: read from the database in one stream, in sealed order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from django.db import connection

from kintsugi.core.queries import query

#: The largest id a row may have.
LAST = 2**63 - 1
#: Leaves of one run of hashes in the database, and of one step of the stream.
RUN = 4096


@dataclass(frozen=True)
class Place:
    """Which changes: (xid, id) above ``from_…`` up to ``to_…``, and id above ``after_change`` up
    to ``upto_change``. Places never overlap, whatever a restore does to transaction ids."""

    from_xid: int
    from_change: int
    to_xid: int
    to_change: int
    after_change: int = 0
    upto_change: int = LAST

    def until(self, line: bytes) -> "Place":
        """The same place, ended with this line."""
        xid, change = position(line)
        return replace(self, to_xid=xid, to_change=change)

    def since(self, line: bytes) -> "Place":
        """The same place, begun after this line."""
        xid, change = position(line)
        return replace(self, from_xid=xid, from_change=change)


def position(line: bytes) -> tuple[int, int]:
    """Where a line stands in the order: its transaction's and its own id."""
    leaf = json.loads(line)
    return leaf["transaction"]["xid"], leaf["id"]


def quiet_planner() -> None:
    """Settings of a transaction that reads the log: no compilation of expressions, which costs
    more than it saves here, and names that nobody can put in front of the system's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "set local jit = off; set local work_mem = '64MB';"
            " set local search_path = pg_catalog, public"
        )


def lines(place: Place, *, most: int = LAST) -> Iterator[list[bytes]]:
    """The lines of a place, at most ``most``, in lists of up to RUN.

    COPY's text format escapes nothing in JSON but the backslash, so that whole blocks are
    unescaped at once.
    """
    facts = {name: getattr(place, name) for name in Place.__dataclass_fields__}
    statement = f"copy ({query('audit', 'leaf_lines')}) to stdout"
    rest: list[bytes] = []
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement, {**facts, "most": most}) as out,
    ):
        blocks: list[Any] = []
        for block in out:
            blocks.append(bytes(block))
            if len(blocks) == RUN:
                rest += b"".join(blocks).replace(b"\\\\", b"\\").split(b"\n")[:-1]
                blocks.clear()
                while len(rest) >= RUN:
                    yield rest[:RUN]
                    rest = rest[RUN:]
        rest += b"".join(blocks).replace(b"\\\\", b"\\").split(b"\n")[:-1]
    while rest:
        yield rest[:RUN]
        rest = rest[RUN:]


def hashed(some: list[bytes]) -> list[bytes]:
    """Leaf hashes of lines."""
    return [sha256(b"\x00" + line).digest() for line in some]
