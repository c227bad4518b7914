"""Reserved goods that are taken, whole or in part, and places of a warehouse that are no shelf."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.queries import query
from kintsugi.stock.models import Location, Reservation, Unit
from kintsugi.stock.refusals import explained


def take_reserved(
    taken: Mapping[UUID, Decimal], *, units: Iterable[UUID] = (), status: str = "consumed"
) -> None:
    """Use up so much of each reservation (by id); what is left of it stays kept. ``units`` are
    those that the same transaction goes on to move: they are locked first, as every posting does.
    Inside a recorded transaction; a fixed number of statements.

    Raises KintsugiError ``stock.reservation-gone`` where one has ended or holds less.
    """
    list(Unit.objects.select_for_update(of=("self",)).filter(pk__in=list(units)).order_by("pk"))
    if not taken:
        return
    rows = list(
        Reservation.objects.select_for_update(of=("self",))
        .filter(pk__in=list(taken), status="active")
        .order_by("pk")
    )
    if len(rows) != len(taken) or any(taken[one.pk] > one.qty for one in rows):
        raise KintsugiError(
            "stock.reservation-gone",
            Text("预留已被释放或改变。", "What was reserved was let go of or has changed."),
            Text("刷新后再试。", "Look again and repeat it."),
        )
    left = [
        Reservation(
            document_kind=one.document_kind, document_no=one.document_no,
            document_line=one.document_line, product_id=one.product_id, lot_id=one.lot_id,
            location_id=one.location_id, unit_id=one.unit_id, qty=one.qty - taken[one.pk],
            status="active", expires_at=one.expires_at,
        )
        for one in rows
        if one.qty > taken[one.pk]
    ]  # fmt: skip
    with explained(), transaction.atomic():
        Reservation.objects.filter(pk__in=list(taken)).update(status=status)
        Reservation.objects.bulk_create(left)


def place_of_warehouse(warehouse: UUID, kind: str) -> Location:
    """The one place of a kind that belongs to a warehouse and is no shelf, such as what it has in
    transit. Made on first use, inside a recorded transaction."""
    found = Location.objects.filter(warehouse_id=warehouse, kind=kind).first()
    if found is None:
        code = kind.upper().replace("_", "-")
        with connection.cursor() as cursor:
            cursor.execute(
                query("stock", "make_place_of_warehouse"), [uuid7(), code, kind, warehouse]
            )
        found = Location.objects.get(warehouse_id=warehouse, kind=kind)
    return found
