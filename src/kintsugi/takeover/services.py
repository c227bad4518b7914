"""The only writer of statements and takeovers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.loading import TableLoader
from kintsugi.core.numbering import next_number
from kintsugi.core.queries import query
from kintsugi.products.selectors import by_codes, find_by_reference
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as ledger
from kintsugi.takeover import selectors
from kintsugi.takeover.kinds import TAKEOVER
from kintsugi.takeover.models import Takeover

#: Lines of one posting of the ledger.
POSTING_LINES = 5_000


@dataclass(frozen=True)
class LevelLoader(TableLoader):
    """Loads records of the contract ``stated_level``."""

    def references(self, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The product by code, identifier, catalogue number or model."""
        if "product" not in records.columns:
            return {}
        return {"product": find_by_reference(records["product"])}


PLACES = TableLoader(
    entity="stated_place",
    table="takeover_statedplace",
    fields=("system", "code", "name"),
    key=("system", "code"),
)
LEVELS = LevelLoader(
    entity="stated_level",
    table="takeover_statedlevel",
    fields=(
        "system", "item_ref", "product", "warehouse", "bin", "lot_no", "serial_no", "mfg_date",
        "expiry_date", "quantity", "quality", "unit_cost", "counted_on",
    ),
    columns={"product": "product_id"},
    key=("system", "item_ref"),
    references_to={"product_id": ("products_product", "product_code")},
)  # fmt: skip
MOVEMENTS = TableLoader(
    entity="stated_movement",
    table="takeover_statedmovement",
    fields=(
        "system", "movement_ref", "item_ref", "ordinal", "kind", "moved_on", "quantity_after",
        "added", "removed",
    ),
    key=("system", "movement_ref"),
)  # fmt: skip


def propose(*, actor: Any, system: str, reason: str, key: str, at: dt.datetime) -> Takeover:
    """Ask that the sound levels of a system become an opening balance.

    Raises KintsugiError ``takeover.reason-missing``, ``.waiting`` where one is asked for already,
    ``.nothing`` or ``.too-many``; NotFound for a system that states nothing.
    """
    _reason(reason)

    def work() -> dict[str, Any]:
        _lock(system)
        if selectors.system(system) is None:
            raise NotFound(Text("来源系统", "system"), system)
        waiting = Takeover.objects.filter(system=system, status="proposed").first()
        if waiting is not None:
            raise KintsugiError(
                "takeover.waiting",
                Text(f"{waiting.number} 已在待批准。", f"{waiting.number} waits for approval."),
                Text("先批准或撤回它。", "Approve or withdraw it first."),
                takeover=waiting.number,
            )
        lines = _sound(system)
        made = Takeover.objects.create(
            number=next_number(prefix="TO", on=timezone.localtime(at).date()),
            system=system, levels=len(lines), digest=selectors.digest_of(lines),
            reason=reason.strip(), requested_by_id=_person(actor), requested_by_name=str(actor),
            requested_at=at,
        )  # fmt: skip
        return {"takeover": str(made.pk)}

    payload = {"system": system, "reason": reason}
    with recorded(actor=actor, command="takeover.propose", reason=reason[:400]):
        done = run_once(scope="takeover", key=_own(actor, key), payload=payload, work=work)
    return Takeover.objects.get(pk=done["takeover"])


def approve(*, actor: Any, takeover: UUID, reason: str, at: dt.datetime) -> Takeover:
    """Post what was asked for: warehouses, locations, lots and units that are new are made, then
    the opening balance, all or nothing. Approving twice posts once.

    Raises KintsugiError ``takeover.same-person``, ``.changed`` where the statements are no longer
    those that were shown, ``core.illegal-transition``, and what the ledger refuses.
    """
    _reason(reason)
    with recorded(actor=actor, command="takeover.approve", reason=reason[:400]):
        found = _waiting(takeover)
        if found.status == "posted":
            return found
        TAKEOVER.check(found.status, "posted")
        person = _person(actor)
        if person is not None and person == found.requested_by_id:
            raise KintsugiError(
                "takeover.same-person",
                Text("申请的人不能自己批准。", "Who asked for it cannot approve it."),
                Text("请质量或财务的另一位同事批准。",
                     "Ask another person of quality or finance."),
                takeover=found.number,
            )  # fmt: skip
        _lock(found.system)
        lines = _sound(found.system)
        if selectors.digest_of(lines) != found.digest:
            raise KintsugiError(
                "takeover.changed",
                Text("申请之后,来源库存已改变。", "What the system states has changed since."),
                Text("撤回后重新申请。", "Withdraw it and ask again."),
                takeover=found.number,
                shown=found.levels,
                now=len(lines),
            )
        _post(actor, found, lines, at)
        _note(found, [one["id"] for one in lines])
        return _decide(found, "posted", actor, at)


def withdraw(*, actor: Any, takeover: UUID, reason: str, at: dt.datetime) -> Takeover:
    """Take a takeover back that waits. Raises ``core.illegal-transition``."""
    _reason(reason)
    with recorded(actor=actor, command="takeover.withdraw", reason=reason[:400]):
        found = _waiting(takeover)
        if found.status == "withdrawn":
            return found
        TAKEOVER.check(found.status, "withdrawn")
        return _decide(found, "withdrawn", actor, at)


# -- inside ----------------------------------------------------------------------------------------


def _sound(system: str) -> list[dict[str, Any]]:
    faulty = {one["id"] for one in selectors.faults(system)}
    lines = selectors.sound(system, faulty=sorted(faulty))
    if not lines:
        raise KintsugiError(
            "takeover.nothing",
            Text("没有可接管的库存。", "There is nothing that can come over."),
            Text("先处理列出的问题。", "Deal with what is listed first."),
            system=system,
            faulty=len(faulty),
        )
    if len(lines) > selectors.LEVELS_MAX:
        raise KintsugiError(
            "takeover.too-many",
            Text(f"一次最多接管 {selectors.LEVELS_MAX:,} 行。",
                 f"At most {selectors.LEVELS_MAX:,} rows come over at a time."),
            Text("按仓库分成几个来源系统导入。", "Import them as several systems, by warehouse."),
            system=system,
            limit=selectors.LEVELS_MAX,
        )  # fmt: skip
    return lines


def _post(actor: Any, found: Takeover, lines: Sequence[dict[str, Any]], at: dt.datetime) -> None:
    places = _places(actor, found.system, lines)
    products = {
        code: one.pk for code, one in by_codes(one["product_code"] for one in lines).items()
    }
    outside = ledger.world("opening")
    lots = ledger.register_lots(
        [
            ledger.LotLabel(
                products[one["product_code"]], one["lot_no"], one["mfg_date"], one["expiry_date"]
            )
            for one in sorted(lines, key=_dated_last)
            if one["lot_no"]
        ]
    )
    units = _units(lines, products, lots, outside)
    made = []
    for one in lines:
        product = products[one["product_code"]]
        unit = units.get((product, _bare(one["serial_no"])))
        lot = lots.get((product, one["lot_no"]))
        made.append(
            ledger.Line(
                product=product, source=outside.pk, target=places[one["warehouse"], one["bin"]],
                qty=Decimal(1) if unit else one["quantity"], lot=lot.pk if lot else None,
                unit=unit, source_quality=one["quality"], unit_cost=one["unit_cost"],
                document_line=one["id"],
            )
        )  # fmt: skip
    paper = ledger.Document(kind="takeover", number=found.number, id=found.pk)
    for start in range(0, len(made), POSTING_LINES):
        ledger.post(
            actor=actor, kind="opening", lines=made[start : start + POSTING_LINES], at=at,
            key=f"{found.number}/{start // POSTING_LINES + 1}", document=paper, reason=found.reason,
        )  # fmt: skip


def _places(
    actor: Any, system: str, lines: Sequence[dict[str, Any]]
) -> dict[tuple[str, str], UUID]:
    """Where each stated place is with us; warehouses and locations that are new are made."""
    names = selectors.place_names(system)
    wanted: dict[str, set[str]] = {}
    for one in lines:
        wanted.setdefault(one["warehouse"], set()).add(one["bin"])
    known = {w.code: w for w in stock.warehouses().filter(code__in=map(_bare, wanted))}
    found: dict[tuple[str, str], UUID] = {}
    for stated, bins in wanted.items():
        warehouse = known.get(_bare(stated)) or ledger.open_warehouse(
            actor=actor, code=stated, name=stated
        )
        known[warehouse.code] = warehouse
        ledger.add_bins(
            actor=actor, warehouse=warehouse,
            bins={one: names.get(one, "" if _bare(one) == one else one) for one in sorted(bins)},
        )  # fmt: skip
        ids = dict(
            stock.locations()
            .filter(warehouse=warehouse, code__in=[_bare(one) for one in bins])
            .values_list("code", "pk")
        )
        found |= {(stated, one): ids[_bare(one)] for one in bins}
    return found


def _units(
    lines: Sequence[dict[str, Any]], products: dict[str, UUID], lots: dict[Any, Any], outside: Any
) -> dict[tuple[UUID, str], UUID]:
    """Units by product and serial number; one call for those that share lot, quality and dates."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for one in lines:
        if one["serial_no"]:
            product = products[one["product_code"]]
            lot = lots.get((product, one["lot_no"]))
            same = (product, lot, one["quality"], one["mfg_date"], one["expiry_date"])
            groups.setdefault(same, []).append(one["serial_no"])
    found: dict[tuple[UUID, str], UUID] = {}
    for (product, lot, quality, made, expiry), serials in groups.items():
        registered = ledger.register_units(
            product=product, serials=serials, outside=outside, lot=lot, quality=quality,
            mfg_date=made, expiry_date=expiry,
        )  # fmt: skip
        found |= {(product, serial): unit.pk for serial, unit in registered.items()}
    return found


def _note(found: Takeover, levels: Sequence[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            query("takeover", "take"), {"takeover": found.pk, "levels": [str(o) for o in levels]}
        )
        assert cursor.rowcount == len(levels), "every level is taken once"


def _decide(found: Takeover, status: str, actor: Any, at: dt.datetime) -> Takeover:
    Takeover.objects.filter(pk=found.pk).update(
        status=status, decided_by_id=_person(actor), decided_by_name=str(actor), decided_at=at,
        version=found.version + 1,
    )  # fmt: skip
    found.refresh_from_db()
    return found


def _waiting(pk: UUID) -> Takeover:
    found = Takeover.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise NotFound(Text("库存接管", "takeover"), str(pk))
    return found


def _lock(system: str) -> None:
    """One takeover of a system at a time."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"takeover {system}"])


def _reason(reason: str) -> None:
    if not reason.strip():
        raise KintsugiError(
            "takeover.reason-missing",
            Text("没有写明原因。", "No reason was given."),
            Text("写明依据,例如盘点单号。", "Say what it rests on, such as a stocktake's number."),
            field="reason",
        )


def _bare(text: str) -> str:
    """A code as the ledger spells it: without spaces, in capitals."""
    return "".join(text.split()).upper()


def _dated_last(one: dict[str, Any]) -> tuple[bool, bool]:
    """Of several lines of a lot the one that knows its dates counts."""
    return (one["expiry_date"] is not None, one["mfg_date"] is not None)


def _own(actor: Any, key: str) -> str:
    return f"{_person(actor) or actor}:{key}"


def _person(actor: Any) -> UUID | None:
    found: UUID | None = getattr(actor, "person_id", None)
    return found


__all__ = ["LEVELS", "MOVEMENTS", "PLACES", "approve", "propose", "withdraw"]
