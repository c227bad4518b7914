"""The edge of the device pages: today's date comes in here."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from kintsugi.audit.selectors import evidence_of
from kintsugi.core.ids import uuid7
from kintsugi.devices import selectors
from kintsugi.devices.corrections import CORRECTION
from kintsugi.devices.models import Device
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import correctable, present_values, save_correction
from kintsugi.parties.selectors import party_names
from kintsugi.products.selectors import product_names

COLUMNS = {"product": "product_id", "supplier": "supplier_id", "customer": "customer_id"}


def today() -> dt.date:
    """The business day here."""
    return timezone.localdate()


def rows(_user: Any) -> QuerySet[Device]:
    """Devices with their warranty as of today and their number of sources."""
    return selectors.with_sources(selectors.devices(today=today()))


def names(column: str, ids: Sequence[str]) -> dict[str, str]:
    """Names of what a device's reference columns point to."""
    return product_names(ids) if column == "product_id" else party_names(ids)


def find(_user: Any, pk: UUID) -> Device:
    """One device with its evidence and its warranty as of today."""
    record = selectors.device(pk=pk, today=today())
    record.today = today()  # type: ignore[attr-defined]
    record.evidence = evidence_of(  # type: ignore[attr-defined]
        gid=pk, entity="device", columns=COLUMNS, names=names
    )
    return record


def at_party(record: Any) -> QuerySet[Device]:
    """Devices at a customer."""
    return selectors.at_party(record.pk, today=today())


def of_product(record: Any) -> QuerySet[Device]:
    """Devices of a product."""
    return selectors.of_product(record.pk, today=today())


def search(query: str, limit: int) -> list[Device]:
    """Devices for the search over everything."""
    found = selectors.searched(selectors.devices(today=today()), query)
    return list(found.order_by("serial_no", "pk")[:limit])


def count() -> int:
    """How many devices there are."""
    return selectors.devices(today=today()).count()


def out_of_warranty() -> int:
    """How many of them are out of warranty today."""
    return selectors.out_of_warranty(today=today())


def to_correct(_user: Any, pk: UUID, act: UUID | None = None) -> Any:
    """The device to correct, with the act whose plan is being changed."""
    return correctable(CORRECTION, pk, act)


def typed(record: Any) -> dict[str, str]:
    """What the correction form starts with."""
    return present_values(CORRECTION, record)


def propose(*, user: Any, record: Any, version: int | None, reason: str, **values: Any) -> Act:
    """The filled form as an act that waits for a second person."""
    return save_correction(
        CORRECTION,
        account=user,
        record=record,
        typed=values,
        reason=reason,
        at=timezone.now(),
        key=uuid7().hex,
    )
