"""Devices put right under two persons: which fields, and what a typed name stands for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import polars as pl
from django.urls import reverse

from kintsugi.core.errors import KintsugiError
from kintsugi.devices import services
from kintsugi.devices.models import Device
from kintsugi.engine.contract import load_contract
from kintsugi.engine.text import Text
from kintsugi.engine.values import RULES
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import Correction
from kintsugi.parties.selectors import find_by_name, party_names
from kintsugi.products.selectors import find_by_reference, product_names


def find(name: str, text: str) -> dict[str, str]:
    """The product or party a typed name stands for. Raises KintsugiError ``correction.invalid``."""
    look, names = (
        (find_by_reference, product_names) if name == "product" else (find_by_name, party_names)
    )
    found = look(pl.Series([text])).row(0, named=True)
    if found["id"] is None:
        rule = RULES[found["rule"] or "reference.unknown"]
        raise KintsugiError(
            "correction.invalid", rule.describe(text), rule.remedy, field=name, value=text,
            rule=rule.id,
        )  # fmt: skip
    return {"id": found["id"], "name": names([found["id"]])[found["id"]]}


def write(row: Device, values: Mapping[str, Any]) -> None:
    """Hand the values to the service that writes devices."""
    services.correct_device(device=row, values=values)


def url(pk: UUID) -> str:
    """The serial passport."""
    return reverse("devices:detail", args=[pk])


def edit_url(act: Act) -> str:
    """Where the author changes the plan."""
    return reverse("devices:correct-again", args=[act.subject_id, act.pk])


CORRECTION = Correction(
    entity="device",
    name="device.correct",
    title=Text("更正设备档案", "Correct a device"),
    rows=lambda: Device.objects.filter(is_void=False).select_related(
        "product", "customer", "supplier"
    ),
    url=url,
    edit_url=edit_url,
    fields=load_contract("device").names,
    write=write,
    find=find,
    partial=lambda row: row.partial_dates or (),
)
