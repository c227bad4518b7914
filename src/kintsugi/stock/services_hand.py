"""What people do with stock by hand: move, open balances, reverse, hold and recall. Scrapping and
adjustments are asked for and approved (``counting.services_adjust``).

They type codes (``typed``); the ledger itself is written by ``services`` alone.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.stock import services
from kintsugi.stock.lines import Document, check_size
from kintsugi.stock.models import Block, Lot, Posting, Unit
from kintsugi.stock.typed import HAND_KINDS, Reader, TypedLine, product_of, products_of, unknown


def post_by_hand(
    *,
    actor: Any,
    kind: str,
    lines: Sequence[TypedLine],
    key: str,
    at: dt.datetime,
    reason: str = "",
    business_date: dt.date | None = None,
    document_no: str = "",
) -> Posting:
    """Transfer or open a balance. The same key with the same typed content gives the same
    posting, with other content ``core.key-reused``; keys are each person's own.

    Raises KintsugiError ``stock.*`` with the field and the line.
    """
    assert kind in HAND_KINDS, f"{kind} is not posted by hand"
    own = _own(actor, key)
    payload = {
        "kind": kind, "lines": [asdict(one) for one in lines], "reason": reason,
        "day": business_date, "document": document_no,
    }  # fmt: skip
    check_size(lines)

    def work() -> dict[str, Any]:
        made = services.post(
            actor=actor, kind=kind, lines=Reader(kind, lines).lines(), key=own, at=at,
            business_date=business_date, reason=reason,
            document=Document(kind="hand" if document_no else "", number=document_no),
        )  # fmt: skip
        return {"posting": str(made.pk)}

    with recorded(actor=actor, command=f"stock.{kind}", reason=(reason or document_no)[:400]):
        done = run_once(scope="stock-hand", key=own, payload=payload, work=work)
    return Posting.objects.get(pk=done["posting"])


def reverse_by_hand(
    *, actor: Any, posting: Posting, reason: str, key: str, at: dt.datetime
) -> Posting:
    """Reverse a posting of somebody else: who posted does not take it back alone. Raises
    KintsugiError ``stock.own-posting`` and what ``services.reverse`` raises."""
    person = getattr(actor, "person_id", None)
    if person is not None and person == posting.person_id:
        raise KintsugiError(
            "stock.own-posting",
            Text("过账的人不能自己冲销。", "Who posted this cannot reverse it."),
            Text("请另一位同事核对后冲销。", "Ask a colleague to look at it and reverse it."),
            posting=posting.number,
        )
    return services.reverse(
        actor=actor, posting=posting.pk, reason=reason, key=_own(actor, key), at=at
    )


def block_by_hand(
    *,
    actor: Any,
    kind: str,
    product_code: str,
    reason: str,
    at: dt.datetime,
    lot_no: str = "",
    serial_no: str = "",
) -> Block:
    """Hold or recall a product, one of its lots or one unit, by their codes. Raises KintsugiError
    ``stock.unknown-*`` or ``stock.reason-missing``."""
    product = product_of(product_code, products_of([product_code]))
    lot_no, serial_no = " ".join(lot_no.split()), "".join(serial_no.split()).upper()
    lot = unit = None
    if serial_no:
        unit = Unit.objects.filter(product_id=product.pk, serial_no=serial_no).first()
        if unit is None:
            raise unknown("serial_no", "序列号", "serial number", serial_no, 1)
    elif lot_no:
        lot = Lot.objects.filter(product_id=product.pk, lot_no=lot_no, is_void=False).first()
        if lot is None:
            raise unknown("lot_no", "批号", "lot", lot_no, 1)
    return services.place_block(
        actor=actor, kind=kind, product=product.pk, reason=reason, at=at,
        lot=lot.pk if lot else None, unit=unit.pk if unit else None,
    )  # fmt: skip


def posting_of(pk: UUID) -> Posting:
    """A posting within the scope at work. Raises NotFound."""
    found = Posting.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(Text("过账", "posting"), str(pk))
    return found


def _own(actor: Any, key: str) -> str:
    return f"{getattr(actor, 'person_id', None) or actor}:{key}"
