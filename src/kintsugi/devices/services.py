"""The only writer of devices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import F
from django.db.models.functions import Now

from kintsugi.core.errors import StaleVersion
from kintsugi.core.loading import TableLoader
from kintsugi.devices.models import Device
from kintsugi.devices.services_trade import register_signed as register_signed
from kintsugi.devices.services_trade import take_returned as take_returned
from kintsugi.engine.contract import load_contract
from kintsugi.parties.selectors import find_by_name
from kintsugi.products.selectors import find_by_reference


@dataclass(frozen=True)
class DeviceLoader(TableLoader):
    """Loads records of the contract ``device``."""

    def references(self, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The product by code, identifier, catalogue number or model; parties by name."""
        found: dict[str, pl.DataFrame] = {
            name: find_by_name(records[name])
            for name in ("customer", "supplier")
            if name in records.columns
        }
        if "product" in records.columns:
            found["product"] = find_by_reference(records["product"])
        return found

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """List the dates that are known to the month or year only."""
        partial = [name for name in frame.columns if name.endswith("__precision")]
        if not partial:
            return frame
        names = pl.concat_list(
            pl.when(pl.col(name).is_not_null() & (pl.col(name) != "day")).then(
                pl.lit(f"{name.removesuffix('__precision')}")
            )
            for name in partial
        ).list.drop_nulls()
        text = "{" + names.list.join(",") + "}"
        return frame.with_columns(pl.when(names.list.len() > 0).then(text).alias("partial_dates"))


#: What makes a full date of a year or a month, by the length of its text.
FIRST_DAY = {4: "-01-01", 7: "-01", 10: ""}

LOADER = DeviceLoader(
    entity="device",
    table="devices_device",
    fields=(
        "serial_no", "product", "product_model", "udi_full", "lot_no", "mfg_date", "expiry_date",
        "purchase_date", "purchase_price", "currency", "supplier", "customer", "department",
        "install_site", "install_accepted_on", "warranty_start", "warranty_end",
        "warranty_terms", "status", "software_version", "risk_level", "device_no", "notes",
    ),
    columns={"product": "product_id", "supplier": "supplier_id", "customer": "customer_id"},
    key=("product_id", "serial_no"),
    derived=("partial_dates",),
    ordered=(("mfg_date", "expiry_date"), ("warranty_start", "warranty_end")),
    checks={"serial.lookalike": ("devices", "lookalike_serials")},
    references_to={
        "product_id": ("products_product", "product_code"),
        "supplier_id": ("parties_party", "party_key"),
        "customer_id": ("parties_party", "party_key"),
    },
    told_as={"supplier_id": "name", "customer_id": "name"},
)  # fmt: skip


def correct_device(*, device: Device, values: Mapping[str, Any]) -> None:
    """Write corrected values, as a plan of ``device.correct`` has them, and count the version up.

    Dates known to the month or year only are listed in ``partial_dates``. Raises StaleVersion
    when the device is no longer at the version it was read with.
    """
    contract = load_contract("device")
    partial = set(device.partial_dates or ())
    columns: dict[str, Any] = {}
    for name, value in values.items():
        known = contract.field(name)
        if known.reference:
            columns[LOADER.columns[name]] = value["id"] if value else None
        elif known.type == "date":
            columns[name] = value + FIRST_DAY[len(value)] if value else None
            partial.discard(name)
            if value and len(value) < 10:
                partial.add(name)
        else:
            columns[name] = value
    columns["partial_dates"] = sorted(partial) or None
    changed = Device.objects.filter(pk=device.pk, version=device.version).update(
        **columns, version=F("version") + 1, updated_at=Now()
    )
    if not changed:
        raise StaleVersion(str(device), read=device.version, now=device.version + 1)
