"""Reads of devices: lists, one device, search."""

import datetime as dt
from uuid import UUID

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When

from kintsugi.audit.selectors import source_count
from kintsugi.core.bulk import fetch_frame
from kintsugi.core.lookups import occurs, starts
from kintsugi.core.queries import query
from kintsugi.devices.models import Device
from kintsugi.engine.text import Text
from kintsugi.engine.udi import Udi, UdiError, parse_udi
from kintsugi.products.selectors import product_ids_by_di

#: States of a warranty at a day, in the order of the filter.
WARRANTY: dict[str, Text] = {
    "in": Text("在保", "in warranty"),
    "ending": Text("90 天内到期", "ends within 90 days"),
    "out": Text("过保", "out of warranty"),
    "not_started": Text("尚未开始", "not started"),
    "unknown": Text("不详", "unknown"),
}
WARRANTY_TONES = {"in": "good", "ending": "warn", "out": "bad", "not_started": "live"}
ENDING_DAYS = 90


def _ends_before(day: dt.date) -> Q:
    """The warranty ends before the day; an end known to the month lasts the whole month."""
    of_month = Q(partial_dates__contains=["warranty_end"])
    whole = Q(partial_dates__isnull=True) | ~of_month
    return (whole & Q(warranty_end__lt=day)) | (of_month & Q(warranty_end__lt=day.replace(day=1)))


def devices(*, today: dt.date) -> QuerySet[Device]:
    """All devices that stand, with product, maker and customer, and ``warranty`` at ``today``."""
    soon = today + dt.timedelta(days=ENDING_DAYS)
    state = Case(
        When(warranty_end__isnull=True, then=Value("unknown")),
        When(_ends_before(today), then=Value("out")),
        When(warranty_start__gt=today, then=Value("not_started")),
        When(_ends_before(soon), then=Value("ending")),
        default=Value("in"),
        output_field=CharField(),
    )
    return (
        Device.objects.filter(is_void=False)
        .select_related("product__manufacturer", "customer")
        .annotate(warranty=state)
    )


def out_of_warranty(*, today: dt.date) -> int:
    """How many devices are out of warranty at ``today``."""
    rows = Device.objects.filter(is_void=False, warranty_end__isnull=False)
    return rows.filter(_ends_before(today)).count()


def with_sources(rows: QuerySet[Device]) -> QuerySet[Device]:
    """The same rows with ``source_records``: how many source records stand behind each."""
    return rows.annotate(source_records=source_count("device"))


def device(*, pk: UUID, today: dt.date) -> Device:
    """One device with all it points to. Raises ``Device.DoesNotExist``."""
    return devices(today=today).select_related("product__mah", "supplier").get(pk=pk)


def searched(rows: QuerySet[Device], text: str) -> QuerySet[Device]:
    """Devices by a scanned UDI, else by a part of the serial number or the beginning of the device
    number; every way is answered by an index."""
    udi = _scanned(text)
    if udi is not None and udi.serial:
        products = product_ids_by_di(udi.di)
        return rows.filter(product_id__in=products, serial_no=udi.serial)
    return rows.filter(occurs("serial_no", text) | starts("device_no", text))


def _scanned(text: str) -> Udi | None:
    try:
        return parse_udi(text)
    except UdiError:
        return None


def at_party(party_id: UUID, *, today: dt.date) -> QuerySet[Device]:
    """Devices at a customer."""
    return devices(today=today).filter(customer_id=party_id).order_by("pk")


def of_product(product_id: UUID, *, today: dt.date) -> QuerySet[Device]:
    """Devices of a product."""
    return devices(today=today).filter(product_id=product_id).order_by("pk")


def is_device_within(pk: UUID) -> bool:
    """Whether this is a device, and within the scope at work."""
    return Device.objects.filter(pk=pk).exists()


def customers_by_devices(*, limit: int) -> list[UUID]:
    """The customers with most devices, by number of devices; ties by id."""
    counted = Device.objects.filter(is_void=False, customer__isnull=False).values("customer")
    ordered = counted.annotate(n=Count("pk")).order_by("-n", "customer")
    return list(ordered.values_list("customer", flat=True)[:limit])


def natural_keys() -> dict[str, str]:
    """``product_code|serial_no`` of every device by id; for reports over a whole onboarding."""
    found = fetch_frame(query("devices", "natural_keys"))
    return dict(found.iter_rows()) if found.width else {}


def best_documented() -> Device | None:
    """The device that most sources speak of; None when there is no device."""
    found = fetch_frame(query("devices", "best_documented"))
    return Device.objects.filter(pk=UUID(found["id"][0])).first() if found.height else None


def with_references() -> QuerySet[Device]:
    """Devices, void ones too, with all they point to: for evidence, where nothing is left out."""
    return Device.objects.select_related("product__manufacturer", "customer", "supplier")


def of_lot(*, product_code: str, lot_no: str, limit: int) -> list[Device]:
    """Devices of one lot of a product, by serial number; at most ``limit``."""
    found = with_references().filter(product__product_code=product_code, lot_no=lot_no)
    return list(found.order_by("serial_no", "pk")[:limit])


def by_serial(serial: str, *, product: str | None = None, limit: int = 20) -> list[Device]:
    """Devices with this serial number, whatever its case; of one product where its code is
    given."""
    devices = with_references().filter(serial_no__iexact=serial.strip())
    if product:
        devices = devices.filter(product__product_code=product)
    return list(devices.order_by("serial_no", "id")[:limit])
