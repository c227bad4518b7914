"""The only writer of locations, lots, units and the ledger.

What may move is for the database to say (``sql/ledger.sql``); ``refusals`` puts it in words. A
posting is whole: every line, every balance and every position, or nothing.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.queries import query
from kintsugi.stock.kinds import POSTING_KINDS
from kintsugi.stock.lines import Document as Document
from kintsugi.stock.lines import Line as Line
from kintsugi.stock.lines import (
    check_places,
    check_quantities,
    check_size,
    check_whole,
    check_whose,
)
from kintsugi.stock.models import (
    Block,
    Location,
    Lot,
    Period,
    Posting,
    Reservation,
    Unit,
    Warehouse,
)
from kintsugi.stock.refusals import explained
from kintsugi.stock.services_labels import LotLabel as LotLabel
from kintsugi.stock.services_labels import UnitLabel as UnitLabel
from kintsugi.stock.services_labels import lot_differs as lot_differs
from kintsugi.stock.services_labels import register_labelled as register_labelled
from kintsugi.stock.services_labels import register_lots as register_lots
from kintsugi.stock.services_posting import (
    insert_moves,
    number_and_costs,
    person_of,
    post_head,
)
from kintsugi.stock.services_taking import place_of_warehouse as place_of_warehouse
from kintsugi.stock.services_taking import take_reserved as take_reserved

# -- places ----------------------------------------------------------------------------------------


def open_warehouse(
    *, actor: Any, code: str, name: str, region_code: str = "", address: str = ""
) -> Warehouse:
    """Open a warehouse with one location for each of its zones.

    Raises KintsugiError ``stock.code-taken`` or ``stock.code-missing`` (facts: field).
    """
    code = _code(code)
    with recorded(actor=actor, command="stock.open-warehouse", reason=code):
        _refuse_taken(Warehouse.objects.filter(code=code), code)
        made = Warehouse.objects.create(
            code=code, name=name.strip() or code, region_code=region_code, address=address
        )
        Location.objects.bulk_create(
            Location(id=uuid7(), warehouse=made, code=zone.upper(), kind="bin", zone=zone, name="")
            for zone in ("receiving", "quarantine", "rejected", "return", "shipping")
        )
    return made


def add_location(
    *,
    actor: Any,
    code: str,
    kind: str,
    warehouse: Warehouse | None = None,
    zone: str = "",
    temp_zone: str = "",
    name: str = "",
    party: UUID | None = None,
) -> Location:
    """Add a place. Raises KintsugiError ``stock.code-taken`` or ``stock.code-missing``."""
    code = _code(code)
    with recorded(actor=actor, command="stock.add-location", reason=code):
        _refuse_taken(Location.objects.filter(warehouse=warehouse, code=code), code)
        return Location.objects.create(
            warehouse=warehouse, code=code, kind=kind, zone=zone, temp_zone=temp_zone,
            name=name, party_id=party,
        )  # fmt: skip


def change_location(
    *, actor: Any, location: UUID, name: str, zone: str, temp_zone: str
) -> Location:
    """Change what a place is called and what may lie there. Raises KintsugiError
    ``stock.goods-too-warm`` where the temperature contradicts goods in it, ``stock.bin-needs-zone``
    or NotFound."""
    with recorded(actor=actor, command="stock.change-location", reason=name[:400]), explained():
        found = Location.objects.select_for_update(of=("self",)).filter(pk=location).first()
        if found is None:
            raise NotFound(Text("库位", "location"), str(location))
        if found.kind == "bin" and not zone:
            raise KintsugiError(
                "stock.bin-needs-zone",
                Text("库位须属于一个库区。", "A bin belongs to a zone."),
                Text("选择库区。", "Choose its zone."),
                field="zone",
            )
        Location.objects.filter(pk=found.pk).update(
            name=name.strip(), zone=zone, temp_zone=temp_zone, version=found.version + 1
        )
        return Location.objects.select_related("warehouse").get(pk=found.pk)


def add_bins(*, actor: Any, warehouse: Warehouse, bins: Mapping[str, str]) -> int:
    """Add locations for qualified goods to a warehouse: their names by code; those that are there
    stay as they are. The number added, in two statements whatever their number."""
    wanted = {_code(code): name for code, name in bins.items()}
    with recorded(actor=actor, command="stock.add-location", reason=warehouse.code):
        known = set(
            Location.objects.filter(warehouse=warehouse, code__in=wanted).values_list(
                "code", flat=True
            )
        )
        made = Location.objects.bulk_create(
            Location(warehouse=warehouse, code=code, kind="bin", zone="qualified", name=name)
            for code, name in wanted.items()
            if code not in known
        )
    return len(made)


def world(kind: str) -> Location:
    """The one place of a kind that is nobody's: supplier, scrap, loss, opening, in transit. Made
    on first use, inside a recorded transaction."""
    code = kind.upper()
    found = Location.objects.filter(warehouse=None, kind=kind, party=None, code=code).first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "make_place"), [uuid7(), code, kind, None])
        found = Location.objects.get(warehouse=None, code=code)
    return found


def place_of(party: UUID, kind: str = "customer") -> Location:
    """The place of a customer or supplier; made on first use, inside a recorded transaction. The
    first of several, which a party has that another one was merged into."""
    found = Location.objects.filter(party_id=party, kind=kind).order_by("id").first()
    if found is None:
        letter = {"consignment": "K"}.get(kind, kind[0].upper())  # C is the customer's own place
        code = f"{letter}-{str(party)[-12:]}"
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "make_place"), [uuid7(), code, kind, party])
        found = Location.objects.filter(party_id=party, kind=kind).earliest("id")
    return found


# -- lots and units --------------------------------------------------------------------------------


def register_lot(
    *,
    product: UUID,
    lot_no: str,
    mfg_date: dt.date | None = None,
    expiry_date: dt.date | None = None,
) -> Lot:
    """The lot of a product, made on first sight, inside a recorded transaction. Dates that were
    not known are filled in; a label that contradicts the known ones is refused.

    Raises KintsugiError ``stock.lot-missing`` or ``stock.lot-differs`` (facts: field, known, read).
    """
    lot_no = " ".join(lot_no.split())
    if not lot_no:
        raise KintsugiError(
            "stock.lot-missing",
            Text("没有批号。", "There is no lot number."),
            Text("扫描标签,或手工输入批号。", "Scan the label, or type the lot number."),
            field="lot_no",
        )
    with connection.cursor() as cursor:
        cursor.execute(
            query("stock", "register_lot"), [uuid7(), product, lot_no, mfg_date, expiry_date]
        )
    lot = Lot.objects.select_for_update().get(product_id=product, lot_no=lot_no)
    for field, read in (("mfg_date", mfg_date), ("expiry_date", expiry_date)):
        known = getattr(lot, field)
        if read is None or known == read:
            continue
        if known is not None:
            raise lot_differs(lot_no, field, known, read)
        Lot.objects.filter(pk=lot.pk).update(**{field: read})
        setattr(lot, field, read)
    return lot


def register_units(
    *,
    product: UUID,
    serials: Sequence[str],
    outside: Location,
    lot: Lot | None = None,
    quality: str = "pending",
    mfg_date: dt.date | None = None,
    expiry_date: dt.date | None = None,
) -> dict[str, Unit]:
    """Units by serial number, those that are new made at a place outside; inside a recorded
    transaction. Two statements whatever their number.

    Raises KintsugiError ``stock.serial-twice`` (facts: serial_no) or ``stock.serial-missing``.
    """
    cleaned = ["".join(one.split()).upper() for one in serials]
    if not all(cleaned):
        raise KintsugiError(
            "stock.serial-missing",
            Text("有一行没有序列号。", "A line has no serial number."),
            Text("扫描标签,或手工输入序列号。", "Scan the label, or type the serial number."),
            field="serial_no",
        )
    seen: set[str] = set()
    for serial in cleaned:
        if serial in seen:
            raise KintsugiError(
                "stock.serial-twice",
                Text(f"序列号 {serial} 出现两次。", f"Serial {serial} is there twice."),
                Text("删除重复的一行。", "Take one of the two out."),
                field="serial_no",
                serial_no=serial,
            )
        seen.add(serial)
    known = set(
        Unit.objects.filter(product_id=product, serial_no__in=cleaned).values_list(
            "serial_no", flat=True
        )
    )
    Unit.objects.bulk_create(
        (
            Unit(
                product_id=product, serial_no=serial, lot=lot, location=outside, quality=quality,
                mfg_date=mfg_date, expiry_date=expiry_date or (lot.expiry_date if lot else None),
            )
            for serial in cleaned
            if serial not in known
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return {
        unit.serial_no: unit
        for unit in Unit.objects.filter(product_id=product, serial_no__in=cleaned)
    }


# -- the ledger ------------------------------------------------------------------------------------


def post(
    *,
    actor: Any,
    kind: str,
    lines: Sequence[Line],
    key: str,
    at: dt.datetime,
    document: Document | None = None,
    business_date: dt.date | None = None,
    reason: str = "",
) -> Posting:
    """Post moves as one: positions, balances and value follow in the same statement.

    The same ``key`` with the same content gives the same posting; with other content
    ``core.key-reused``. A day before today needs a reason. Raises KintsugiError ``stock.*`` with
    the line, the thing, where it is and what to do.
    """
    assert kind in POSTING_KINDS, f"unknown kind of posting {kind}"
    assert kind != "reversal", "a reversal is made by reverse()"
    check_size(lines)
    check_quantities(lines)
    day = business_date or timezone.localtime(at).date()
    if day < timezone.localtime(at).date() and not reason.strip():
        raise KintsugiError(
            "stock.backdated",
            Text(f"日期 {day} 早于今天。", f"The day {day} lies before today."),
            Text("写明补录原因。", "Say why it is recorded late."),
            field="reason",
            business_date=day,
        )
    paper = document or Document()
    check_places(lines)
    # The day as it was given: a repetition after midnight is still the same command.
    payload = {
        "kind": kind, "day": business_date, "document": paper, "reason": reason,
        "lines": list(lines),
    }  # fmt: skip

    def work(made: UUID) -> Posting:
        number, costs = number_and_costs(timezone.localtime(at).date(), lines)
        posting = post_head(pk=made, number=number, actor=actor, kind=kind, day=day, at=at,
                            paper=paper, key=key, reason=reason)  # fmt: skip
        insert_moves(posting, lines, costs)
        return posting

    return _once(actor=actor, command=f"stock.{kind}", key=key, payload=payload, work=work,
                 reason=reason or paper.number)  # fmt: skip


def reverse(
    *, actor: Any, posting: UUID, reason: str, key: str, at: dt.datetime, taken_back_by: str = ""
) -> Posting:
    """Post the opposite of a posting, at its own values. The goods must still be where it put
    them. ``taken_back_by``: the kind of document whose command this is. Raises KintsugiError
    ``stock.*``: ``stock.of-document`` for another document's, ``stock.reversed``."""
    if not reason.strip():
        raise KintsugiError(
            "stock.reason-missing",
            Text("没有写明冲销原因。", "No reason was given."),
            Text("写明为何冲销。", "Say why it is reversed."),
            field="reason",
        )

    def work(made: UUID) -> Posting:
        # Nobody may lock a row of the ledger, since nobody may change one.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"reverse {posting}"])
        first = Posting.objects.filter(pk=posting).first()
        if first is None:
            raise NotFound(Text("过账", "posting"), str(posting))
        done = Posting.objects.filter(reverses=first).first()
        if done is not None:
            raise KintsugiError(
                "stock.reversed",
                Text(f"{first.number} 已由 {done.number} 冲销。",
                     f"{first.number} was reversed by {done.number}."),
                Text("无需再冲销。", "There is nothing left to reverse."),
                posting=first.number,
                reversal=done.number,
            )  # fmt: skip
        check_whose(first, taken_back_by)
        check_whole(first)
        paper = Document(first.document_kind, first.document_no, first.document_id)
        today = timezone.localtime(at).date()
        number, _costs = number_and_costs(today, [])
        head = post_head(pk=made, number=number, actor=actor, kind="reversal", day=today, at=at,
                         paper=paper, key=key, reason=reason, reverses=first)  # fmt: skip
        with explained(), connection.cursor() as cursor:
            cursor.execute(query("stock", "reverse_moves"), [head.pk, first.pk])
        return head

    payload = {"posting": posting, "reason": reason}
    return _once(actor=actor, command="stock.reverse", key=key, payload=payload, work=work,
                 reason=reason)  # fmt: skip


def close_month(*, actor: Any, month: dt.date, at: dt.datetime) -> Period:
    """Close a month: from then on nothing is posted into it. Raises KintsugiError
    ``stock.month-running`` or ``stock.month-closed``."""
    first = month.replace(day=1)
    if first >= timezone.localtime(at).date().replace(day=1):
        raise KintsugiError(
            "stock.month-running",
            Text(f"{first:%Y-%m} 还没结束。", f"{first:%Y-%m} is not over yet."),
            Text("月底之后再结账。", "Close it when it is over."),
            field="month",
        )
    with recorded(actor=actor, command="stock.close-month", reason=f"{first:%Y-%m}"):
        if Period.objects.filter(month=first).exists():
            raise KintsugiError(
                "stock.month-closed",
                Text(f"{first:%Y-%m} 已结账。", f"{first:%Y-%m} is closed already."),
                Text("无需再操作。", "There is nothing left to do."),
                field="month",
            )
        return Period.objects.create(month=first, closed_at=at, closed_by_name=str(actor))


# -- reservations and blocks -----------------------------------------------------------------------


def reserve(
    *,
    document: Document,
    document_line: UUID,
    picks: Iterable[Mapping[str, Any]],
    expires_at: dt.datetime | None = None,
) -> list[Reservation]:
    """Keep goods for a document's line, inside a recorded transaction. ``picks`` are rows of
    ``selectors.first_expiring``. Raises KintsugiError ``stock.not-enough``."""
    return reserve_lines(document=document, picks={document_line: picks}, expires_at=expires_at)


def reserve_lines(
    *,
    document: Document,
    picks: Mapping[UUID, Iterable[Mapping[str, Any]]],
    expires_at: dt.datetime | None = None,
) -> list[Reservation]:
    """The same for several lines of a document at once: rows of free goods by line."""
    rows = [
        Reservation(
            document_kind=document.kind,
            document_no=document.number,
            document_line=line,
            product_id=one["product_id"],
            lot_id=one.get("lot_id"),
            location_id=one["location_id"],
            unit_id=one.get("unit_id"),
            qty=one["qty"],
            expires_at=expires_at,
        )
        for line, found in picks.items()
        for one in found
    ]
    with explained(), transaction.atomic():
        return Reservation.objects.bulk_create(rows)


def queue_for_goods(products: Iterable[UUID]) -> None:
    """Wait until nobody else is choosing goods of these products to reserve; until the running
    transaction ends others wait. In one order, so that two documents never wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(query("stock", "queue_for_goods"), [sorted(set(products))])


def end_reservations(
    *, document_line: UUID, status: str = "released", due_by: dt.datetime | None = None
) -> int:
    """Let go of what is kept for a document's line, or say that it was taken (``consumed``);
    inside a recorded transaction."""
    return end_reservations_of([document_line], status=status, due_by=due_by)


def end_reservations_of(
    lines: Sequence[UUID], *, status: str = "released", due_by: dt.datetime | None = None
) -> int:
    """The same for several lines at once; ``due_by`` ends only what was to end by then."""
    rows = Reservation.objects.filter(document_line__in=lines, status="active")
    if due_by is not None:
        rows = rows.filter(expires_at__lte=due_by)
    with explained(), transaction.atomic():
        return rows.update(status=status)


def place_block(
    *,
    actor: Any,
    kind: str,
    product: UUID,
    reason: str,
    at: dt.datetime,
    lot: UUID | None = None,
    unit: UUID | None = None,
) -> Block:
    """Hold or recall a product, a lot or a unit: from this moment nothing of it goes out. Raises
    KintsugiError ``stock.reason-missing``."""
    if not reason.strip():
        raise KintsugiError(
            "stock.reason-missing",
            Text("没有写明原因。", "No reason was given."),
            Text("写明为何冻结或召回。", "Say why it is held or recalled."),
            field="reason",
        )
    with recorded(actor=actor, command=f"stock.{kind}", reason=reason):
        return Block.objects.create(
            kind=kind, product_id=product, lot_id=lot, unit_id=unit, reason=reason,
            placed_by_id=person_of(actor), placed_by_name=str(actor), placed_at=at,
        )  # fmt: skip


def release_block(*, actor: Any, block: UUID, reason: str, at: dt.datetime) -> Block:
    """End a block, by somebody else than who placed it. Raises KintsugiError
    ``stock.same-person``, ``stock.released``, ``stock.reason-missing`` or NotFound."""
    if not reason.strip():
        raise KintsugiError(
            "stock.reason-missing",
            Text("没有写明解除原因。", "No reason was given."),
            Text("写明依据。", "Say what the release rests on."),
            field="reason",
        )
    with recorded(actor=actor, command="stock.release-block", reason=reason):
        found = Block.objects.select_for_update(of=("self",)).filter(pk=block).first()
        if found is None:
            raise NotFound(Text("冻结", "block"), str(block))
        if found.released_at is not None:
            raise KintsugiError(
                "stock.released",
                Text("已解除。", "It is released already."),
                Text("无需再操作。", "There is nothing left to do."),
            )
        person = person_of(actor)
        if person is not None and person == found.placed_by_id:
            raise KintsugiError(
                "stock.same-person",
                Text("冻结的人不能自己解除。", "Who placed a block cannot release it."),
                Text("请另一位质量人员解除。", "Ask another person of quality."),
            )
        Block.objects.filter(pk=block).update(
            released_by_id=person, released_by_name=str(actor), released_at=at,
            release_reason=reason, version=found.version + 1,
        )  # fmt: skip
        found.refresh_from_db()
        return found


# -- inside ----------------------------------------------------------------------------------------


def _once(
    *,
    actor: Any,
    command: str,
    key: str,
    payload: Mapping[str, Any],
    work: Callable[[UUID], Posting],
    reason: str,
) -> Posting:
    """The posting of a key: made by ``work`` under the id it is given, or made before."""
    made: list[Posting] = []
    own = uuid7()
    answer = {"posting": str(own)}

    def once() -> dict[str, Any]:
        made.append(work(own))
        return answer

    with recorded(actor=actor, command=command, reason=reason[:400]):
        done = run_once(scope="stock", key=key, payload=payload, work=once, answer=answer)
    return made[0] if made else Posting.objects.get(pk=done["posting"])


def _code(text: str) -> str:
    code = "".join(text.split()).upper()
    if not code:
        raise KintsugiError(
            "stock.code-missing",
            Text("没有编码。", "There is no code."),
            Text("给它一个编码。", "Give it a code."),
            field="code",
        )
    return code


def _refuse_taken(found: Any, code: str) -> None:
    if found.exists():
        raise KintsugiError(
            "stock.code-taken",
            Text(f"编码 {code} 已被使用。", f"The code {code} is taken."),
            Text("换一个编码。", "Choose another code."),
            field="code",
            value=code,
        )
