"""What every command of billing does: once, recorded, on rows it has locked."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.audit.services import recorded
from kintsugi.billing.models import Invoice, Payment
from kintsugi.billing.refusals import explained
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.queries import query
from kintsugi.parties.selectors import parties
from kintsugi.sales import services as sales

NOTHING = Decimal(0)
CENT = Decimal("0.01")


def once(
    *,
    actor: Any,
    command: str,
    key: str,
    payload: Mapping[str, Any],
    work: Callable[[], dict[str, Any]],
    reason: str = "",
) -> dict[str, Any]:
    """Run a command under its name, once however often it is sent; what rules say when the
    transaction ends, they say at the end of the command, in words."""

    def checked() -> dict[str, Any]:
        answer = work()
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute("set constraints all deferred")
        return answer

    name = f"billing.{command}"
    with recorded(actor=actor, command=name, reason=reason[:400]), explained():
        return run_once(scope=name, key=key, payload=payload, work=checked)


def rows_of(name: str, params: Any) -> list[dict[str, Any]]:
    """The rows of a named query as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(query("billing", name), params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; the system has none."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found


def customer_of(pk: UUID) -> Any:
    """The customer. Raises NotFound."""
    found = parties().filter(pk=pk).first()
    if found is None:
        raise NotFound(Text("客户", "customer"), str(pk))
    return found


def locked_invoice(pk: UUID) -> Invoice:
    """An invoice to be changed: others wait. Raises NotFound."""
    found = Invoice.objects.select_for_update(of=("self",)).filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("发票", "invoice"), str(pk))
    return found


def locked_payment(pk: UUID) -> Payment:
    """A payment to be changed: others wait. Raises NotFound."""
    found = Payment.objects.select_for_update(of=("self",)).filter(pk=pk, is_void=False).first()
    if found is None:
        raise NotFound(Text("收付款", "payment"), str(pk))
    return found


def need_reason(reason: str) -> str:
    """The reason without spaces around it. Raises KintsugiError ``billing.reason-missing``."""
    said = reason.strip()
    if not said:
        raise KintsugiError(
            "billing.reason-missing",
            Text("没有写明原因。", "No reason was given."),
            Text("写明原因。", "Say why."),
            field="reason",
        )
    return said


def tell_sales(customer: UUID) -> None:
    """Tell sales what the customer owes now; its credit check rests on it."""
    sales.set_receivable(
        customer=customer,
        amount=lambda: Decimal(
            rows_of("open_of_customer", {"customer": customer})[0]["open_amount"]
        ),
    )
