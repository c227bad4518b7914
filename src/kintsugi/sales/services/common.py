"""What every command of sales does: once, recorded, on rows it has locked."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import IllegalTransition, KintsugiError, NotFound, Text
from kintsugi.core.scope import restored, widen
from kintsugi.core.states import StateMachine
from kintsugi.sales.models import Contract, Order
from kintsugi.sales.refusals import explained


def once(
    *,
    actor: Any,
    command: str,
    key: str,
    payload: Mapping[str, Any],
    work: Callable[[], dict[str, Any]],
    reason: str = "",
) -> dict[str, Any]:
    """Run a command under its name, once however often it is sent; the rules in words. What it sees
    beyond the person's scope once it found its document (``widen``) ends with it."""
    with (
        restored(),
        recorded(actor=actor, command=f"sales.{command}", reason=reason[:400]),
        explained(),
    ):
        return run_once(
            scope=f"sales.{command}", key=key, payload=payload, work=lambda: _checked(work)
        )


def _checked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a rule says only when the transaction ends, it says at the end of the command."""
    from django.db import connection

    answer = work()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
    return answer


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; the system has none."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found


def locked_order(pk: UUID) -> Order:
    """An order to be changed, within the scope at work: others wait. From here on the command sees
    everything. Raises NotFound."""
    found = Order.objects.select_for_update(of=("self",)).filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("订单", "order"), str(pk))
    widen()
    return found


def locked_contract(pk: UUID) -> Contract:
    """A contract to be changed: others wait. Raises NotFound."""
    found = Contract.objects.select_for_update(of=("self",)).filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("合同", "contract"), str(pk))
    return found


def must_step(
    machine: StateMachine, source: str, target: str, *, begins: Collection[str] = ()
) -> None:
    """Raise IllegalTransition unless the step is listed; a command that was carried out already is
    none either. ``begins``: the states that the command begins from, where others lead to the
    target by other commands."""
    if begins and source not in begins:
        raise IllegalTransition(machine.name, source, target, machine.next(source))
    machine.step(source, target)


def need_reason(reason: str) -> str:
    """The reason without spaces around it. Raises KintsugiError ``sales.reason-missing``."""
    said = reason.strip()
    if not said:
        raise KintsugiError(
            "sales.reason-missing",
            Text("没有写明原因。", "No reason was given."),
            Text("写明原因。", "Say why."),
            field="reason",
        )
    return said


def need_another(actor: Any, first: UUID | None, *, zh: str, en: str) -> None:
    """Somebody else than the first person. Raises KintsugiError ``sales.same-person``."""
    person = person_of(actor)
    if person is not None and person == first:
        raise KintsugiError(
            "sales.same-person",
            Text(zh, en),
            Text("请另一位有权限的同事处理。", "Ask a colleague who may do this."),
        )
