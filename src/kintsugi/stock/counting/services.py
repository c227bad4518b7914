"""Stocktakes: plan, freeze, count blindly, explain, approve, post.

Goods may move while a stocktake runs. What the ledger says is frozen at its beginning, for the
record; each count is compared with what the ledger says at the moment of that count, so that a move
in between is no difference. The only writer of stocktakes.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.core.queries import query
from kintsugi.stock import services
from kintsugi.stock.counting.services_found import Found, found_lines
from kintsugi.stock.counting.settling import settled
from kintsugi.stock.counting.states import LEFT_ALONE, REASONS, STOCKTAKE
from kintsugi.stock.lines import Document
from kintsugi.stock.models import Move, Stocktake, StocktakeCount, StocktakeLine, Warehouse
from kintsugi.stock.refusals import explained
from kintsugi.stock.typed import product_of, products_of, unknown

#: Codes that a plan may name, and lines that one stocktake may have.
CODES_MAX, LINES_MAX = 500, 20_000
ENTRIES_MAX = 2_000


@dataclass(frozen=True)
class Plan:
    """Which part of a warehouse: zones, codes of places and of products; nothing named: all."""

    zones: Sequence[str] = ()
    places: Sequence[str] = ()
    products: Sequence[str] = ()


def plan_stocktake(
    *,
    actor: Any,
    warehouse: Warehouse,
    plan: Plan,
    key: str,
    at: dt.datetime,
    note: str = "",
) -> Stocktake:
    """Plan a stocktake of a warehouse or a part of it. Raises KintsugiError ``stocktake.nobody``
    or ``stocktake.too-many-codes``."""
    person = person_of(actor)
    if max(len(plan.places), len(plan.products)) > CODES_MAX:
        raise KintsugiError(
            "stocktake.too-many-codes",
            Text(f"一次最多列 {CODES_MAX} 个编码。", f"Name at most {CODES_MAX} codes."),
            Text("分几次盘点,或改按库区。", "Plan several, or choose zones."),
            limit=CODES_MAX,
        )

    places, products = _places(warehouse, plan.places), _products(plan.products)

    def work() -> dict[str, Any]:
        made = Stocktake.objects.create(
            number=next_number(prefix="PD", on=timezone.localtime(at).date()),
            warehouse=warehouse, status="planned", zones=sorted(set(plan.zones)),
            places=places, products=products, note=note.strip(),
            planned_by_id=person, planned_by_name=str(actor), planned_at=at,
        )  # fmt: skip
        return {"stocktake": str(made.pk)}

    payload = {"warehouse": str(warehouse.pk), "plan": asdict(plan), "note": note}
    with recorded(actor=actor, command="stock.plan-stocktake", reason=note[:400]):
        done = run_once(scope="stocktake", key=f"{person}:{key}", payload=payload, work=work)
    return Stocktake.objects.get(pk=done["stocktake"])


def start_stocktake(*, actor: Any, stocktake: UUID, at: dt.datetime) -> Stocktake:
    """Freeze what the ledger says, in one statement. Again: nothing happens. Raises KintsugiError
    ``stocktake.nothing`` or ``stocktake.too-large``."""
    person_of(actor)
    with recorded(actor=actor, command="stock.start-stocktake"):
        found = locked(stocktake)
        if found.status == "counting":
            return found
        STOCKTAKE.check(found.status, "counting")
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "stocktake_freeze"), {"stocktake": found.pk})
            frozen = cursor.rowcount
        if not 0 < frozen <= LINES_MAX:
            raise KintsugiError(
                "stocktake.too-large" if frozen else "stocktake.nothing",
                Text(f"该范围共 {frozen:,} 行,一次可盘 1 至 {LINES_MAX:,} 行。",
                     f"There are {frozen:,} lines to count; a stocktake has 1 to {LINES_MAX:,}."),
                Text("按库区、库位或产品缩小或改换范围。",
                     "Choose other or fewer zones, places or products."),
                lines=frozen, limit=LINES_MAX,
            )  # fmt: skip
        last = Move._base_manager.aggregate(n=Max("seq"))["n"] or 0
        return _changed(found, status="counting", started_at=at, snapshot_seq=last)


def record_counts(
    *,
    actor: Any,
    stocktake: UUID,
    place: str,
    found: Sequence[Found],
    key: str,
    at: dt.datetime,
    is_complete: bool = False,
) -> int:
    """What one person found at one place; returns how many lines that were counted by it.

    ``is_complete``: this is all there is, so what else should lie there is counted as nothing. A
    person counts a line once; where the record differs, another one counts again. Raises
    KintsugiError ``stocktake.*`` or ``stock.unknown-*`` with field and line, and counts nothing.
    """
    person = person_of(actor)
    if len(found) > ENTRIES_MAX or not (found or is_complete):
        raise KintsugiError(
            "stocktake.entries",
            Text(f"一次可录 1 至 {ENTRIES_MAX:,} 行。", f"Give 1 to {ENTRIES_MAX:,} lines."),
            Text("空库位请勾选“已盘完”。", "For an empty place say that this is all."),
            field="qty", limit=ENTRIES_MAX,
        )  # fmt: skip

    def work() -> dict[str, Any]:
        one = locked(stocktake)
        if one.status != "counting":
            raise KintsugiError(
                "stocktake.not-counting",
                Text(f"{one.number} 不在盘点状态。", f"{one.number} is not being counted."),
                Text("先开始盘点;已结束的另建一次。",
                     "Start it first; plan another one if it is over."),
            )  # fmt: skip
        counted = found_lines(one, place, found)
        if is_complete:
            _add_what_is_missing(one, place, person, counted)
        _refuse_twice(counted, person)
        _write(counted, person=person, name=str(actor), at=at)
        return {"lines": len(counted)}

    payload = {
        "stocktake": str(stocktake), "place": place, "found": [asdict(one) for one in found],
        "complete": is_complete,
    }  # fmt: skip
    with recorded(actor=actor, command="stock.count", reason=place[:400]):
        done = run_once(scope="stocktake-count", key=f"{person}:{key}", payload=payload, work=work)
    return int(done["lines"])


def finish_counting(*, actor: Any, stocktake: UUID, at: dt.datetime) -> Stocktake:
    """Nothing is left to count: the differences are shown, with their value. Raises KintsugiError
    ``stocktake.open`` (facts: lines). Again: nothing happens."""
    person_of(actor)
    with recorded(actor=actor, command="stock.finish-stocktake"):
        found = locked(stocktake)
        if found.status == "review":
            return found
        STOCKTAKE.check(found.status, "review")
        left = found.lines.filter(state__in=("open", "recount")).count()
        if left:
            raise KintsugiError(
                "stocktake.open",
                Text(f"还有 {left:,} 行要盘或复盘。", f"Lines still to be counted: {left:,}."),
                Text("盘完后再结束;复盘须由另一人。",
                     "Count them first; another person counts again what differs."),
                lines=left,
            )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "stocktake_value"), {"stocktake": found.pk})
        return _changed(found, status="review", finished_at=at)


def explain_difference(*, actor: Any, line: UUID, reason: str, note: str = "") -> StocktakeLine:
    """Why the record and the shelf differ. Raises KintsugiError ``stocktake.no-difference``,
    ``stocktake.not-in-review``, ``stocktake.note-missing`` or NotFound."""
    assert reason in REASONS, f"unknown reason {reason}"
    with recorded(actor=actor, command="stock.explain-difference", reason=note[:400]):
        row = StocktakeLine.objects.filter(pk=line).first()
        if row is None:
            raise NotFound(Text("盘点行", "line of a stocktake"), str(line))
        if locked(row.stocktake_id).status != "review":
            raise KintsugiError(
                "stocktake.not-in-review",
                Text("这次盘点不在待批准状态。", "This stocktake does not wait for approval."),
                Text("盘完后再写原因。", "Finish counting first."),
            )
        if row.state != "confirmed":
            raise KintsugiError(
                "stocktake.no-difference",
                Text("这一行没有差异。", "This line has no difference."),
                Text("无需写原因。", "There is nothing to explain."),
            )
        if reason in ("unknown", LEFT_ALONE) and not note.strip():
            raise KintsugiError(
                "stocktake.note-missing",
                Text("此原因须补充说明。", "This reason needs a note."),
                Text("写明已查过什么,或由哪张单据处理。",
                     "Say what was looked into, or which document settles it."),
                field="note",
            )  # fmt: skip
        StocktakeLine.objects.filter(pk=row.pk).update(
            reason=reason, note=note.strip(), version=row.version + 1
        )
        row.refresh_from_db()
        return row


def approve_stocktake(
    *, actor: Any, stocktake: UUID, reason: str, key: str, at: dt.datetime
) -> Stocktake:
    """Post the differences, by somebody who counted nothing of it: a serial that lies elsewhere
    moves, what is missing is a loss, what is too much a gain. Raises KintsugiError
    ``stocktake.counter``, ``stocktake.not-ready``, ``stocktake.with-customer`` and what the ledger
    refuses; nothing is posted then."""
    person = person_of(actor)
    _need(reason)

    def work() -> dict[str, Any]:
        found = locked(stocktake)
        STOCKTAKE.step(found.status, "posted")
        if StocktakeCount.objects.filter(line__stocktake=found, counted_by_id=person).exists():
            raise KintsugiError(
                "stocktake.counter",
                Text("参与盘点的人不能批准。", "Who counted in it cannot approve it."),
                Text("请没有参与盘点的人批准。", "Ask somebody who counted nothing of it."),
            )
        open_lines = found.lines.filter(state="confirmed", reason="").count()
        if open_lines:
            raise KintsugiError(
                "stocktake.not-ready",
                Text(f"有 {open_lines:,} 处差异没有写原因。",
                     f"Differences without a reason: {open_lines:,}."),
                Text("先为每处差异写明原因。", "Explain each difference first."),
                lines=open_lines,
            )  # fmt: skip
        lines = settled(found, services.world("loss"))
        posting = services.post(
            actor=actor, kind="count", lines=lines, key=f"stocktake:{found.pk}", at=at,
            document=Document("stocktake", found.number, found.pk), reason=reason,
        ) if lines else None  # fmt: skip
        with explained():
            _changed(
                found, status="posted", posting=posting, decided_by_id=person,
                decided_by_name=str(actor), decided_at=at, decision_reason=reason.strip(),
            )  # fmt: skip
        return {"stocktake": str(found.pk)}

    payload = {"stocktake": str(stocktake), "reason": reason}
    with recorded(actor=actor, command="stock.approve-stocktake", reason=reason[:400]):
        run_once(scope="stocktake-approve", key=f"{person}:{key}", payload=payload, work=work)
    return Stocktake.objects.get(pk=stocktake)


def cancel_stocktake(*, actor: Any, stocktake: UUID, reason: str, at: dt.datetime) -> Stocktake:
    """Give it up; its counts stay in the record, nothing is posted. Again: nothing happens. Raises
    KintsugiError ``stocktake.reason-missing``."""
    person = person_of(actor)
    _need(reason)
    with recorded(actor=actor, command="stock.cancel-stocktake", reason=reason[:400]):
        found = locked(stocktake)
        if found.status == "cancelled":
            return found
        STOCKTAKE.step(found.status, "cancelled")
        return _changed(
            found, status="cancelled", decided_by_id=person, decided_by_name=str(actor),
            decided_at=at, decision_reason=reason.strip(),
        )  # fmt: skip


# -- inside ----------------------------------------------------------------------------------------


def person_of(actor: Any) -> UUID:
    """Who acts. Raises KintsugiError ``stocktake.nobody``: two persons cannot be told apart
    where one of them is none."""
    found: UUID | None = getattr(actor, "person_id", None)
    if found is None:
        raise KintsugiError(
            "stocktake.nobody",
            Text("此操作须由人员完成。", "This takes a person."),
            Text("用人员账户登录。", "Log in with a person's account."),
        )
    return found


def locked(stocktake: UUID) -> Stocktake:
    """The stocktake, locked: one command about it at a time. Raises NotFound."""
    found = Stocktake.objects.select_for_update(of=("self",)).filter(pk=stocktake).first()
    if found is None:
        raise NotFound(Text("盘点", "stocktake"), str(stocktake))
    return found


def _changed(found: Stocktake, **facts: Any) -> Stocktake:
    Stocktake.objects.filter(pk=found.pk).update(version=found.version + 1, **facts)
    found.refresh_from_db()
    return found


def _need(reason: str) -> None:
    if not reason.strip():
        raise KintsugiError(
            "stocktake.reason-missing",
            Text("没有写明理由。", "No reason was given."),
            Text("写明依据。", "Say what it rests on."),
            field="reason",
        )


def _places(warehouse: Warehouse, given: Sequence[str]) -> list[str]:
    """Codes of places of the warehouse. Raises KintsugiError ``stock.unknown-places``."""
    codes = sorted(
        {"".join(one.split()).upper().rpartition("/")[2] for one in given if one.strip()}
    )
    known = set(warehouse.locations.filter(code__in=codes).values_list("code", flat=True))
    for line, code in enumerate(codes, 1):
        if code not in known:
            raise unknown("places", "库位", "location", code, line)
    return codes


def _products(given: Sequence[str]) -> list[str]:
    """Codes of products as they are kept. Raises KintsugiError ``stock.unknown-products``."""
    codes = [one for one in given if one.strip()]
    known = products_of(codes)
    return sorted(
        {product_of(one, known, n, "products").product_code for n, one in enumerate(codes, 1)}
    )


def _add_what_is_missing(
    stocktake: Stocktake, place: str, person: UUID, counted: dict[UUID, Decimal]
) -> None:
    """Lines of the place that nobody named: there is nothing of it. Those that agree already, and
    those that this person has counted, are left as they are."""
    code = "".join(place.split()).upper().rpartition("/")[2]
    waiting = stocktake.lines.filter(location__code=code, state__in=("open", "recount"))
    mine = StocktakeCount.objects.filter(line__stocktake=stocktake, counted_by_id=person)
    for pk in waiting.exclude(pk__in=mine.values("line")).values_list("pk", flat=True):
        counted.setdefault(pk, Decimal(0))


def _refuse_twice(counted: Mapping[UUID, Decimal], person: UUID) -> None:
    again = (
        StocktakeCount.objects.filter(line__in=list(counted), counted_by_id=person)
        .select_related("line__product", "line__unit")
        .first()
    )
    if again is not None:
        what = again.line.unit or again.line.product.product_code
        raise KintsugiError(
            "stocktake.counted-already",
            Text(f"您已盘过 {what}。", f"You have counted {what} already."),
            Text("复盘须由另一人。", "Another person counts it again."),
            field="product_code", thing=str(what),
        )  # fmt: skip


def _write(counted: Mapping[UUID, Decimal], *, person: UUID, name: str, at: dt.datetime) -> None:
    lines, qtys = list(counted), list(counted.values())
    with explained(), connection.cursor() as cursor:
        cursor.execute(
            query("stock", "stocktake_count"),
            {"lines": lines, "qtys": qtys, "person": person, "name": name, "at": at},
        )
        cursor.execute(query("stock", "stocktake_judge"), {"lines": lines})
