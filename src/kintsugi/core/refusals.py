"""The database's refusals in words: an app says which of its rules mean what; the rest is here."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.text import Text

Facts = Mapping[str, Any]
#: Code, what happened and what to do, from the facts that the database gave.
Words = Callable[[Facts], tuple[str, Text, Text]]


@dataclass(frozen=True)
class Refusals:
    """The rules of an app: by SQLSTATE (``KT110``) with facts as JSON in the detail, and by the
    name of a constraint: code, what, remedy and the form's field."""

    states: Mapping[str, Words] = field(default_factory=dict)
    constraints: Mapping[str, tuple[str, Text, Text, str]] = field(default_factory=dict)

    @contextlib.contextmanager
    def explained(self, **facts: Any) -> Iterator[None]:
        """A block whose refusal by one of these rules is raised as a KintsugiError. Other database
        errors pass unchanged."""
        try:
            yield
        except DatabaseError as error:
            found = self.of(error, **facts)
            if found is None:
                raise
            raise found from error

    def of(self, error: DatabaseError, **facts: Any) -> KintsugiError | None:
        """The refusal in words; None when it is none of these rules."""
        cause = error.__cause__
        diag = getattr(cause, "diag", None)
        known = self.constraints.get(str(getattr(diag, "constraint_name", None) or ""))
        if known is not None:
            code, message, remedy, name = known
            return KintsugiError(code, message, remedy, **{"field": name, **facts})
        words = self.states.get(str(getattr(cause, "sqlstate", None) or ""))
        if words is None:
            return None
        try:
            found = json.loads(getattr(diag, "message_detail", None) or "{}")
        except ValueError:
            found = {}
        code, message, remedy = words(found)
        return KintsugiError(code, message, remedy, **{**found, **facts})
