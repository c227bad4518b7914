"""The rows of one posting: its number, its head, its moves; called by ``services`` alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.queries import query
from kintsugi.stock.lines import Document, Line
from kintsugi.stock.models import Move, Posting
from kintsugi.stock.refusals import explained


def post_head(
    *,
    pk: UUID,
    number: str,
    actor: Any,
    kind: str,
    day: dt.date,
    at: dt.datetime,
    paper: Document,
    key: str,
    reason: str,
    reverses: Posting | None = None,
) -> Posting:
    """The posting itself; the month it belongs to is open, or the database refuses it."""
    with explained():
        return Posting.objects.create(
            pk=pk, number=number,
            kind=kind, business_date=day, posted_at=at, document_kind=paper.kind,
            document_no=paper.number, document_id=paper.id, key=key, reason=reason.strip(),
            person_id=person_of(actor), person_name=str(actor), reverses=reverses,
        )  # fmt: skip


def insert_moves(
    posting: Posting, lines: Sequence[Line], costs: Mapping[UUID, Decimal | None]
) -> None:
    """All moves in one statement: the ledger's trigger sees them together."""
    with explained():
        Move.objects.bulk_create(
            Move(
                posting=posting,
                line=number,
                product_id=line.product,
                lot_id=line.lot,
                unit_id=line.unit,
                source_id=line.source,
                target_id=line.target,
                source_quality=line.source_quality,
                target_quality=line.target_quality or line.source_quality,
                qty=line.qty,
                unit_cost=costs.get(line.product) if line.unit_cost is None else line.unit_cost,
                document_line=line.document_line,
            )
            for number, line in enumerate(lines, 1)
        )


def number_and_costs(day: dt.date, lines: Sequence[Line]) -> tuple[str, dict[UUID, Decimal | None]]:
    """A number such as ``ST-20261126-000042``, and what one of each product that enters or leaves
    the house is worth; its value stays locked. The number comes from a sequence, not a series
    without gaps: that would let one posting at a time commit, whatever it is about."""
    columns = [[getattr(line, name) for line in lines] for name in ("product", "source", "target")]
    with connection.cursor() as cursor:
        cursor.execute(query("stock", "number_and_costs"), columns)
        rows = cursor.fetchall()
    costs = {product: cost for _number, product, cost in rows if product is not None}
    return f"ST-{day:%Y%m%d}-{rows[0][0]:06d}", costs


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; the system has none."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found
