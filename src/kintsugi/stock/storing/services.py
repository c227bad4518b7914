"""The only writer of sensors, readings, excursions and storage checks.

An excursion holds the cold-chain goods that lay there in the same transaction that found it.
Another person than who loaded the readings judges it; to release it is to release those holds.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core.bulk import copy_frame
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.core.queries import query
from kintsugi.stock import services
from kintsugi.stock.counting.services import person_of
from kintsugi.stock.models import Block, Excursion, Lot, Reading, Sensor, StorageCheck
from kintsugi.stock.storing.reading_in import checked, readings_wrong
from kintsugi.stock.storing.rules import COLD_CHAIN, DECISIONS, EXCURSION, FINDINGS, RANGES
from kintsugi.stock.storing.selectors import rows_of
from kintsugi.stock.typed import clean_lot_no, place_named, product_of, products_of, unknown

GOODS_MAX, EXCURSIONS_MAX = 2_000, 1_000


def add_sensor(
    *,
    actor: Any,
    code: str,
    place: str,
    low: Decimal | None = None,
    high: Decimal | None = None,
    gap_minutes: int = 60,
) -> Sensor:
    """A thermometer at a place; its range is that of the place's temperature zone unless given.
    Raises KintsugiError ``storage.sensor-taken``, ``storage.range`` or ``stock.unknown-place``."""
    code = "".join(code.split()).upper()
    at = place_named(place, "place")
    if low is None and high is None:
        low, high = RANGES.get(at.temp_zone, (None, None))
    if (low is None and high is None) or (low is not None and high is not None and low >= high):
        raise KintsugiError(
            "storage.range",
            Text("没有成立的温度范围。", "There is no range of temperature."),
            Text("填上下限;或先设库位的温区。",
                 "Give its limits, or say the temperature of the place first."),
            field="high",
        )  # fmt: skip
    with recorded(actor=actor, command="stock.add-sensor", reason=code):
        if not code or Sensor._base_manager.filter(code=code).exists():
            raise KintsugiError(
                "storage.sensor-taken",
                Text(f"编号“{code}”为空或已被使用。", f"The code “{code}” is empty or taken."),
                Text("换一个编号。", "Choose another code."),
                field="code",
            )
        return Sensor.objects.create(
            code=code, location=at, low=low, high=high, gap_minutes=gap_minutes
        )


def record_readings(
    *, actor: Any, rows: Sequence[Mapping[str, str]], at: dt.datetime
) -> dict[str, int]:
    """Keep readings, all or none: how many were new, how many excursions were found or grew. The
    same readings again change nothing. A fixed number of statements, and a few for each excursion.

    Raises KintsugiError ``storage.readings-wrong`` (facts: wrong) and what ``checked`` raises.
    """
    known = {one.code: one for one in Sensor.objects.filter(is_void=False)}
    frame = checked(rows, known, at=at)
    with recorded(actor=actor, command="stock.record-readings"):
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "readings_table"))
        copy_frame(table="reading_incoming", frame=frame)
        differing = rows_of("readings_differ", limit=50)
        if differing:
            raise readings_wrong([
                {"row": int(one["row_no"]), "field": "temperature", "value": one["temperature"],
                 "why": f"{one['kept']} °C is kept for this time"}
                for one in differing
            ])  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "readings_keep"))
            new = cursor.rowcount
        sensors = [known[code] for code in frame["sensor"].unique().to_list()]
        first = dt.datetime.fromisoformat(str(frame["at"].min()))
        found = _excursions(actor, sensors, first, at) if new else 0
    return {"new": new, "excursions": found}


def judge_excursion(
    *, actor: Any, excursion: UUID, decision: str, reason: str, at: dt.datetime
) -> Excursion:
    """Say what an excursion means for what lay there. ``release`` ends the holds it placed; with
    ``hold`` and ``reject`` they stay, and rejected goods leave by scrapping or return only.

    Raises KintsugiError ``storage.same-person``, ``storage.judged``, ``storage.reason-missing`` or
    NotFound.
    """
    assert decision in DECISIONS, f"unknown decision {decision}"
    person = person_of(actor)
    if not reason.strip():
        raise KintsugiError(
            "storage.reason-missing",
            Text("没有写明依据。", "No reason was given."),
            Text("写明依据,如稳定性资料。", "Say what it rests on, such as stability data."),
            field="reason",
        )
    with recorded(actor=actor, command="stock.judge-excursion", reason=reason[:400]):
        found = Excursion.objects.select_for_update(of=("self",)).filter(pk=excursion).first()
        if found is None:
            raise NotFound(Text("温度超限", "excursion"), str(excursion))
        if found.status == "judged":
            raise KintsugiError(
                "storage.judged",
                Text(f"{found.number} 已判定。", f"{found.number} is judged already."),
                Text("如需改变,另行冻结或解除。", "Hold or release the goods by themselves."),
            )
        EXCURSION.check(found.status, "judged")
        if person == found.loaded_by_id:
            raise KintsugiError(
                "storage.same-person",
                Text("上传读数的人不能判定。", "Who loaded the readings cannot judge them."),
                Text("请另一位质量人员判定。", "Ask another person of quality."),
            )
        Excursion.objects.filter(pk=found.pk).update(
            status="judged", decision=decision, reason=reason.strip(), judged_by_id=person,
            judged_by_name=str(actor), judged_at=at, version=found.version + 1,
        )  # fmt: skip
        if decision == "release":
            standing = Block.objects.filter(pk__in=found.blocks, released_at=None)
            for block in standing.order_by("pk").values_list("pk", flat=True):
                services.release_block(
                    actor=actor, block=block, at=at, reason=f"{found.number}: {reason}"[:400]
                )
        found.refresh_from_db()
        return found


def record_check(
    *,
    actor: Any,
    place: str,
    finding: str,
    key: str,
    at: dt.datetime,
    product_code: str = "",
    lot_no: str = "",
    temperature: Decimal | None = None,
    humidity: Decimal | None = None,
    action: str = "",
    is_held: bool = False,
) -> StorageCheck:
    """What somebody saw at a place, of a product or lot or of all that lies there. ``is_held``
    places a hold at once. Raises KintsugiError ``storage.nothing-wrong``,
    ``storage.reason-missing`` or ``stock.unknown-*``."""
    assert finding in FINDINGS, f"unknown finding {finding}"
    person = person_of(actor)
    location = place_named(place, "place")
    product, lot = _goods(product_code, lot_no)
    if finding != "sound" and not action.strip():
        raise KintsugiError(
            "storage.reason-missing",
            Text("发现异常须写明处理措施。", "A finding needs what was done about it."),
            Text("写明处理措施。", "Say what was done."),
            field="action",
        )
    if is_held and (finding == "sound" or product is None):
        raise KintsugiError(
            "storage.nothing-wrong",
            Text("只有对某产品的异常才能冻结。", "Only a finding about a product places a hold."),
            Text("选择发现的异常并填产品。", "Choose what was found, and name the product."),
            field="is_held",
        )

    def work() -> dict[str, Any]:
        block = None
        if is_held and product is not None:
            block = services.place_block(
                actor=actor, kind="hold", product=product.pk, lot=lot.pk if lot else None,
                reason=f"{FINDINGS[finding].zh} {location}: {action}"[:400], at=at,
            )  # fmt: skip
        made = StorageCheck.objects.create(
            location=location, product=product, lot=lot, temperature=temperature,
            checked_on=timezone.localtime(at).date(), humidity=humidity, finding=finding,
            action=action.strip(), checked_by_id=person, checked_by_name=str(actor), block=block,
        )  # fmt: skip
        return {"check": str(made.pk)}

    payload = {
        "place": place, "finding": finding, "product": product_code, "lot": lot_no,
        "temperature": temperature, "humidity": humidity, "action": action, "held": is_held,
    }  # fmt: skip
    with recorded(actor=actor, command="stock.storage-check", reason=action[:400]):
        done = run_once(scope="storage-check", key=f"{person}:{key}", payload=payload, work=work)
    return StorageCheck.objects.get(pk=done["check"])


# -- inside ----------------------------------------------------------------------------------------


def _goods(product_code: str, lot_no: str) -> tuple[Any, Lot | None]:
    if not product_code.strip():
        if lot_no.strip():
            raise unknown("product_code", "产品", "product", "", 1)
        return None, None
    product = product_of(product_code, products_of([product_code]))
    if not lot_no.strip():
        return product, None
    lot = Lot.objects.filter(product_id=product.pk, lot_no=clean_lot_no(lot_no)).first()
    if lot is None:
        raise unknown("lot_no", "批号", "lot", lot_no, 1)
    return product, lot


def _excursions(actor: Any, sensors: Sequence[Sensor], first: dt.datetime, at: dt.datetime) -> int:
    """Derives the excursions that new readings made or lengthened; how many."""
    ids = [one.pk for one in sensors]
    # In one order: two loads of the same sensors wait for each other.
    list(Sensor.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    rows = rows_of("excursions", sensors=ids, since=_since(ids, first))
    if len(rows) > EXCURSIONS_MAX:
        raise KintsugiError(
            "storage.too-many-readings",
            Text(f"这些读数产生 {len(rows):,} 次超限,一次最多 {EXCURSIONS_MAX:,} 次。",
                 f"These readings make {len(rows):,} excursions; at most {EXCURSIONS_MAX:,}."),
            Text("核对传感器的范围,或分几次上传。",
                 "Look at the sensor's range, or load them in parts."),
            field="file", limit=EXCURSIONS_MAX,
        )  # fmt: skip
    by_id = {one.pk: one for one in sensors}
    return sum(_keep(actor, by_id[row["sensor_id"]], row, at) for row in rows)


def _since(ids: Sequence[UUID], first: dt.datetime) -> dt.datetime:
    """From when the log is looked at again: the reading before the first new one, or the beginning
    of an excursion that reaches until then."""
    before = Reading.objects.filter(sensor__in=ids, at__lt=first).values("sensor")
    since: dt.datetime = min(
        [first, *(row["at"] for row in before.annotate(at=Max("at")).order_by())]
    )
    known = Excursion.objects.filter(sensor__in=ids)
    while True:
        reaching = known.filter(started_at__lt=since, ended_at__gte=since).order_by("started_at")
        started = reaching.values_list("started_at", flat=True).first()
        if started is None:
            return since
        since = started


def _keep(actor: Any, sensor: Sensor, row: Mapping[str, Any], at: dt.datetime) -> bool:
    """The excursion as it is now: made, or lengthened; one that was judged goes on as a new one."""
    started = row["started_at"]
    found = Excursion.objects.filter(sensor=sensor, kind=row["kind"], started_at=started).first()
    while found is not None and found.status == "judged":
        if row["ended_at"] <= found.ended_at:
            return False
        started = found.ended_at
        found = Excursion.objects.filter(
            sensor=sensor, kind=row["kind"], started_at=started
        ).first()
    facts = {
        "ended_at": row["ended_at"], "minutes": row["minutes"], "worst": row["worst"],
        "deviation": row["deviation"],
    }  # fmt: skip
    if found is None:
        found = Excursion.objects.create(
            number=next_number(prefix="WD", on=timezone.localtime(at).date()), sensor=sensor,
            kind=row["kind"], started_at=started, status="open",
            loaded_by_id=getattr(actor, "person_id", None), loaded_by_name=str(actor), **facts,
        )  # fmt: skip
    elif all(getattr(found, name) == value for name, value in facts.items()):
        return False
    goods = rows_of(
        "goods_at", location=sensor.location_id, start=started, end=row["ended_at"],
        limit=GOODS_MAX,
    )  # fmt: skip
    Excursion.objects.filter(pk=found.pk).update(
        **facts, version=found.version + 1,
        goods=[{name: str(value or "") for name, value in one.items()} for one in goods],
        blocks=[*found.blocks, *_hold(actor, found, goods, at)],
    )  # fmt: skip
    return True


def _hold(
    actor: Any, found: Excursion, goods: Sequence[Mapping[str, Any]], at: dt.datetime
) -> list[str]:
    """Holds on the cold-chain goods among them that this excursion does not hold yet."""
    standing = Block.objects.filter(pk__in=found.blocks)
    held: set[tuple[Any, Any, Any]] = set(standing.values_list("product", "lot", "unit"))
    made = []
    for one in goods:
        unit = one["unit_id"]
        thing = (one["product_id"], None if unit else one["lot_id"], unit)
        if one["storage_condition"] not in COLD_CHAIN or thing in held:
            continue
        held.add(thing)
        block = services.place_block(
            actor=actor, kind="hold", product=thing[0], lot=thing[1], unit=thing[2], at=at,
            reason=f"{found.number} 温度超限待判定 / excursion to be judged",
        )  # fmt: skip
        made.append(str(block.pk))
    return made
