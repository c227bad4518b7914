"""Evidence packs of devices and lots: the records with each value's cell."""

from collections.abc import Sequence
from uuid import UUID

from kintsugi.audit.selectors import (
    SUBJECTS_MAX,
    Chapter,
    RecordValues,
    Scope,
    ScopeKind,
    Section,
    Subject,
    record_kind,
    register_scope,
    register_section,
    too_large,
    value_table,
)
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.devices import selectors
from kintsugi.devices.models import Device

COLUMNS = {"product": "product_id", "supplier": "supplier_id", "customer": "customer_id"}
RELATED = {"product": {"manufacturer": "manufacturer_id", "mah": "mah_id"}, "party": {}}
DEVICE = Text("设备", "Device")
LOT = Text("批次", "Lot")


def resolve_device(key: str) -> Scope:
    """``SERIAL``, ``SERIAL|PRODUCT CODE`` where a serial number is shared, or an id.

    Raises NotFound or KintsugiError ``pack.several-devices`` (facts: products).
    """
    serial, _, product = (part.strip() for part in key.partition("|"))
    try:
        found = list(selectors.with_references().filter(pk=UUID(key)))
    except ValueError:
        found = selectors.by_serial(serial, product=product or None)
    if not found:
        raise NotFound(DEVICE, key)
    if len(found) > 1:
        codes = [one.product.product_code for one in found]
        raise KintsugiError(
            "pack.several-devices",
            Text(
                f"序列号“{serial}”属于 {len(found)} 台设备。",
                f"The serial number “{serial}” belongs to {len(found)} devices.",
            ),
            Text(
                f"请写作 {serial}|产品编码:{'、'.join(codes)}。",
                f"Write {serial}|PRODUCT CODE, with one of: {', '.join(codes)}.",
            ),
            field="key",
            serial=serial,
            products=codes,
        )
    [device] = found
    title = Text(f"设备 {device.serial_no}", f"Device {device.serial_no}")
    facts = [
        (Text("产品", "Product"), f"{device.product} ({device.product.product_code})"),
        *([(Text("使用单位", "Customer"), str(device.customer))] if device.customer else []),
        (Text("记录 ID", "Record id"), str(device.pk)),
    ]
    return Scope("device", str(device.pk), title, _subjects([device]), facts=facts)


def resolve_lot(key: str) -> Scope:
    """``PRODUCT CODE/LOT``: all devices of a lot of a product.

    Raises NotFound, KintsugiError ``pack.lot-unclear`` or ``pack.too-large``.
    """
    product, slash, lot = (part.strip() for part in key.partition("/"))
    if not (product and slash and lot):
        raise KintsugiError(
            "pack.lot-unclear",
            Text(f"无法理解批次“{key}”。", f"The lot “{key}” is not understood."),
            Text("请写作 产品编码/批号。", "Write PRODUCT CODE/LOT."),
            field="key",
            key=key,
        )
    found = selectors.of_lot(product_code=product, lot_no=lot, limit=SUBJECTS_MAX + 1)
    if not found:
        raise NotFound(LOT, key)
    if len(found) > SUBJECTS_MAX:
        raise too_large("devices", rows=len(found), limit=SUBJECTS_MAX)
    title = Text(f"批次 {lot}({product})", f"Lot {lot} ({product})")
    facts = [
        (Text("产品", "Product"), f"{found[0].product} ({product})"),
        (Text("批号", "Lot"), lot),
        (Text("设备数", "Devices"), str(len(found))),
    ]
    return Scope("lot", f"{product}/{lot}", title, _subjects(found), facts=facts)


def _subjects(devices: Sequence[Device]) -> list[Subject]:
    """The devices, and the products and parties they name."""
    made = [Subject("device", one.pk, one.serial_no) for one in devices]
    related: dict[UUID, Subject] = {}
    for one in devices:
        product = one.product
        related[product.pk] = Subject("product", product.pk, product.product_code, related=True)
        for party in (one.customer, one.supplier, product.manufacturer):
            if party is not None:
                related[party.pk] = Subject("party", party.pk, str(party), related=True)
    return made + sorted(related.values(), key=lambda s: (s.entity, s.title, str(s.id)))


def collect_devices(scope: Scope, limit: int) -> Chapter | None:
    """Every value of every device with the cell it came from; its product and parties after."""
    ids = [one.id for one in scope.subjects if one.entity == "device"]
    if not ids:
        return None
    devices = list(selectors.with_references().filter(pk__in=ids).order_by("serial_no", "pk"))
    chapter = Chapter(
        [
            value_table(
                "devices",
                DEVICE if len(devices) == 1 else Text("设备", "Devices"),
                [RecordValues("device", one, COLUMNS, one.serial_no) for one in devices],
            )
        ]
    )
    others: dict[UUID, RecordValues] = {}
    for one in devices:
        product = one.product
        others[product.pk] = RecordValues(
            "product", product, RELATED["product"], product.product_code
        )
        for party in (one.customer, one.supplier):
            if party is not None:
                others[party.pk] = RecordValues("party", party, RELATED["party"], str(party))
    shown = sorted(others.values(), key=lambda r: (r.entity, r.title, str(r.record.pk)))
    for entity, title in (
        ("product", Text("产品", "Product")),
        ("party", Text("使用单位与供应商", "Customer and supplier")),
    ):
        of_kind = [one for one in shown if one.entity == entity]
        if of_kind:
            chapter.tables.append(value_table(f"{entity}-values", title, of_kind))
    if chapter.rows > limit:
        raise too_large("devices", rows=chapter.rows, limit=limit)
    return chapter


def _by_serial(text: str) -> list[UUID]:
    return [one.pk for one in selectors.by_serial(text)]


def register() -> None:
    """Add devices and lots to evidence packs and to the auditor's desk."""
    register_scope(
        ScopeKind(
            "device",
            DEVICE,
            Text(
                "序列号;若多台相同,写作 序列号|产品编码",
                "Serial number; where several share it: SERIAL|PRODUCT CODE",
            ),
            resolve_device,
            10,
        )
    )
    register_scope(
        ScopeKind("lot", LOT, Text("产品编码/批号", "PRODUCT CODE/LOT"), resolve_lot, 20)
    )
    register_section(
        Section("devices", Text("记录与每个值的来源", "Records and the origin of each value"),
                collect_devices, 10)
    )  # fmt: skip
    record_kind("devices_device", page="devices:detail", entity="device", find=_by_serial)
