"""Devices that customers signed for, and those that came back: written from what sales told."""

import datetime as dt
from calendar import monthrange
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.devices.models import Device

ACTOR = "sales"


def register_signed(*, key: str, facts: Mapping[str, Any], at: dt.datetime) -> int:
    """Register or update a device for each serial of a signed receipt; how many they were. The
    warranty follows the facts: the contract's rule and months, or, for a unit that replaces
    another, the rest of the other one's. A warranty that begins with the installation has no days
    yet."""

    def work() -> dict[str, Any]:
        items = [one for one in facts["items"] if one["serial_no"]]
        known = _known(items)
        old = _replaced(items)
        fresh = []
        for one in items:
            columns = {
                "customer_id": UUID(facts["customer"]), "status": "in_transit",
                "department": facts["department"] or None,
                "install_site": facts["ship_to"] or None,
                **_warranty(one["warranty"], facts, old),
            }  # fmt: skip
            here = known.get((UUID(one["product"]), one["serial_no"]))
            if here is not None:
                # One that a rollback took back stands again: it was sold and signed for.
                Device.objects.filter(pk=here.pk).update(
                    **columns, is_void=False, void_reason="", version=F("version") + 1,
                    updated_at=Now(),
                )  # fmt: skip
                continue
            fresh.append(
                Device(
                    product_id=UUID(one["product"]), serial_no=one["serial_no"],
                    lot_no=one["lot_no"] or None, mfg_date=_day(one["mfg_date"]),
                    expiry_date=_day(one["expiry_date"]), **columns,
                )
            )  # fmt: skip
        Device.objects.bulk_create(fresh)
        return {"devices": len(items)}

    return _once("devices.register-signed", key, facts, work, facts["delivery_no"])


def take_returned(*, key: str, facts: Mapping[str, Any], at: dt.datetime) -> int:
    """Say of each device that came back that it did; its warranty stays as it was. How many."""

    def work() -> dict[str, Any]:
        items = [one for one in facts["items"] if one["serial_no"]]
        state = "recalled" if facts["reason"] == "recall" else "returned"
        ids = [one.pk for one in _known(items).values()]
        Device.objects.filter(pk__in=ids).update(
            status=state, customer_id=None, department=None, install_site=None,
            version=F("version") + 1, updated_at=Now(),
        )  # fmt: skip
        return {"devices": len(ids)}

    return _once("devices.take-returned", key, facts, work, facts["return"])


def last_day(start: dt.date, months: int) -> dt.date:
    """The last day of a term: so many months on, less a day; the end is inclusive."""
    total = start.month - 1 + months
    year, month = start.year + total // 12, total % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    end = dt.date(year, month, day)
    # 31 January and one month: through the last day of February.
    return end - dt.timedelta(days=1) if day == start.day else end


def _once(command: str, key: str, facts: Mapping[str, Any], work: Any, reason: str) -> int:
    with recorded(actor=ACTOR, command=command, reason=reason[:400]):
        done = run_once(scope=command, key=key, payload=dict(facts), work=work)
    return int(done["devices"])


def _known(items: list[dict[str, Any]]) -> dict[tuple[UUID, str], Device]:
    """The devices of these serials, locked in one order."""
    wanted = {(UUID(one["product"]), one["serial_no"]) for one in items}
    rows = (
        Device._base_manager.select_for_update(of=("self",))
        .filter(
            product_id__in={product for product, _ in wanted},
            serial_no__in={serial for _, serial in wanted},
        )
        .order_by("pk")
    )
    return {
        (one.product_id, one.serial_no): one
        for one in rows
        if (one.product_id, one.serial_no) in wanted
    }


def _replaced(items: list[dict[str, Any]]) -> dict[tuple[str, str], Device]:
    """The devices that these replace."""
    wanted = {
        (one["warranty"]["replaces_product"], one["warranty"]["replaces"])
        for one in items
        if one["warranty"].get("replaces")
    }
    rows = Device._base_manager.filter(
        product_id__in={product for product, _ in wanted},
        serial_no__in={serial for _, serial in wanted},
    )
    return {(str(one.product_id), one.serial_no): one for one in rows}


def _warranty(
    terms: Mapping[str, Any], facts: Mapping[str, Any], old: Mapping[tuple[str, str], Device]
) -> dict[str, Any]:
    """First and last day, and where they come from."""
    before = old.get((terms.get("replaces_product", ""), terms.get("replaces", "")))
    if before is not None and terms.get("inherits"):
        return {
            "warranty_start": before.warranty_start, "warranty_end": before.warranty_end,
            "warranty_terms": f"{terms['from']}; inherits {before.serial_no}"[:500],
        }  # fmt: skip
    start = {
        "delivery_signed": _day(facts["signed_on"]),
        "shipped": _day(facts["shipped_on"]),
        "contract_date": _day(terms["contract_date"]),
    }.get(terms["rule"])
    months = int(terms["months"])
    said = f"{terms['from']}: {terms['rule']}, {months} months"
    if start is None or months < 1:
        return {"warranty_start": None, "warranty_end": None, "warranty_terms": said}
    return {
        "warranty_start": start, "warranty_end": last_day(start, months), "warranty_terms": said,
    }  # fmt: skip


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
