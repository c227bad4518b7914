"""The database's refusals in words: a rule raises with a code of its own and its facts as JSON."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import DatabaseError

from kintsugi.core.errors import KintsugiError, Text

Facts = Mapping[str, Any]
#: What a rule's refusal says of its facts: code, what is wrong, what to do.
Words = Callable[[Facts], tuple[str, Text, Text]]


@contextlib.contextmanager
def explained(states: Mapping[str, Words], **facts: Any) -> Iterator[None]:
    """A block whose refusal by a rule among ``states`` (by SQLSTATE) is raised as a KintsugiError
    that names the rule and the row. Other database errors pass unchanged.

    No savepoint of its own: the command around it has one, and each costs two round trips.
    """
    try:
        yield
    except DatabaseError as error:
        found = refusal_of(error, states, **facts)
        if found is None:
            raise
        raise found from error


def refusal_of(
    error: DatabaseError, states: Mapping[str, Words], **facts: Any
) -> KintsugiError | None:
    """The refusal in words; None when it is none of these rules."""
    cause = error.__cause__
    words = states.get(str(getattr(cause, "sqlstate", None) or ""))
    if words is None:
        return None
    detail = getattr(getattr(cause, "diag", None), "message_detail", None)
    try:
        found = json.loads(detail or "{}")
    except ValueError:
        found = {}
    code, message, remedy = words(found)
    return KintsugiError(code, message, remedy, **{**found, **facts})
