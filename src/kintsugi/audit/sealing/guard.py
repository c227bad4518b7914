"""What protects the record, as text that can be compared."""

from collections.abc import Iterable, Iterator

from django.db import connections

from kintsugi.core.queries import query


def guard_text(*, using: str = "default") -> str:
    """Triggers, functions, privileges, policies and roles, one a line, in order."""
    with connections[using].cursor() as cursor:
        cursor.execute(query("audit", "guard"))
        return "\n".join(sorted(row[0] for row in cursor.fetchall()))


def differences(before: str, after: str) -> Iterator[tuple[str, str, str]]:
    """What differs between two such texts: (change, kind, name), change being ``added``,
    ``removed`` or ``changed``."""
    was, now = _by_name(before), _by_name(after)
    for kind, name in sorted(was.keys() | now.keys()):
        old, new = was.get((kind, name)), now.get((kind, name))
        if old != new:
            change = "added" if old is None else "removed" if new is None else "changed"
            yield change, kind, name


def unexplained(before: str, after: str, *, first: bool) -> Iterator[tuple[str, str, str]]:
    """The differences that nothing accounts for. ``first``: beside the first checkpoint, accounts
    that an installation makes for itself after its migrations are how it began, and no change."""
    for change, kind, name in differences(before, after):
        if not (first and change == "added" and kind in ("role", "member")):
            yield change, kind, name


def nearest(texts: Iterable[str], text: str) -> str:
    """The one of these texts that differs least from ``text``: the release it came with."""
    return min(texts, key=lambda one: sum(1 for _ in differences(one, text)), default="")


def _by_name(text: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for line in filter(None, text.split("\n")):
        kind, _, rest = line.partition(" ")
        # A function's name holds its arguments and so spaces; all other names hold none.
        name, _, detail = rest.partition(") ") if kind == "function" else rest.partition(" ")
        found.setdefault((kind, name + ")" * (kind == "function")), []).append(detail)
    return found
