"""What billing tells sales: sales does not know invoices, but its credit check counts them."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from uuid import UUID

from kintsugi.sales.models import BilledLine, Receivable


def set_receivable(*, customer: UUID, amount: Callable[[], Decimal]) -> Decimal:
    """Write what a customer owes, inside a running command. ``amount`` is asked once the customer's
    row is locked, so that two commands never write an older sum over a newer one."""
    Receivable.objects.bulk_create(
        [Receivable(customer_id=customer, amount=Decimal(0))], ignore_conflicts=True
    )
    found = Receivable.objects.select_for_update(of=("self",)).get(customer=customer)
    owed = amount()
    if owed != found.amount:
        Receivable.objects.filter(pk=found.pk).update(amount=owed, version=found.version + 1)
    return owed


def set_billed(
    *, lines: Collection[UUID], quantities: Callable[[], Mapping[UUID, Decimal]]
) -> None:
    """Write how much of order lines is invoiced, inside a running command; ``quantities`` is asked
    once their rows are locked."""
    BilledLine.objects.bulk_create(
        [BilledLine(order_line_id=pk, qty=Decimal(0)) for pk in sorted(lines)],
        ignore_conflicts=True,
    )
    rows = BilledLine.objects.select_for_update(of=("self",)).filter(order_line__in=lines)
    known = {one.order_line_id: one for one in rows.order_by("order_line_id")}
    changed = []
    for pk, qty in quantities().items():
        one = known[pk]
        if one.qty != qty:
            one.qty, one.version = qty, one.version + 1
            changed.append(one)
    BilledLine.objects.bulk_update(changed, ["qty", "version"])
