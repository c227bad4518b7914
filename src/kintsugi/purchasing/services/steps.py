"""What every command of purchasing does: once, recorded, under a lock, by the right person."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import NotFound, Text
from kintsugi.core.states import StateMachine
from kintsugi.purchasing.refusals import explained, refuse

LINES_MAX = 500

Row = TypeVar("Row", bound=models.Model)


def once(
    *, actor: Any, command: str, key: str, payload: Mapping[str, Any],
    work: Callable[[], dict[str, Any]], reason: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Run a command under its idempotency key, each person's own, and answer as the first time."""
    own = f"{getattr(actor, 'person_id', None) or actor}:{key}"
    with explained(), recorded(actor=actor, command=f"purchasing.{command}", reason=reason[:400]):
        return run_once(scope=f"purchasing.{command}", key=own, payload=payload, work=work)


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; None for a job of the system."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found


def locked(model: type[Row], pk: UUID, name: Text) -> Row:
    """A document, locked until the transaction ends. Raises NotFound beyond the person's scope."""
    found = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise NotFound(name, str(pk))
    return found


def change(row: models.Model, **values: Any) -> None:
    """Write some columns of a locked row and count its version up."""
    version = row.version + 1  # type: ignore[attr-defined]
    type(row)._base_manager.filter(pk=row.pk).update(version=version, **values)
    for field, value in {**values, "version": version}.items():
        setattr(row, field, value)


def may_become(machine: StateMachine, status: str, target: str) -> None:
    """Raise IllegalTransition unless the step is listed; a document that is there already does not
    take it again (a repetition of the same command is answered before it comes here)."""
    machine.step(status, target)


def need_reason(text: str, field: str = "reason") -> str:
    """The reason, without blanks around. Raises ``purchasing.reason-missing``."""
    if not text.strip():
        raise refuse("reason-missing", field=field)
    return text.strip()[:400]


def other_than(
    actor: Any, first: UUID | None, *, did: tuple[str, str], does: tuple[str, str]
) -> None:
    """Refuse where the actor is who did the first half: ``did`` and ``does`` in both languages."""
    person = person_of(actor)
    if person is not None and person == first:
        raise refuse("same-person", first=did[0], second=does[0], first_en=did[1],
                     second_en=does[1])  # fmt: skip


def check_lines(lines: Sequence[Any], limit: int = LINES_MAX) -> None:
    """At least one line, not too many, and more than nothing on each (``qty``)."""
    if not lines:
        raise refuse("no-lines", field="lines")
    if len(lines) > limit:
        raise refuse("too-many-lines", limit=limit)
    for number, one in enumerate(lines, 1):
        if one.qty <= 0:
            raise refuse("quantity", line=number, field="qty")
