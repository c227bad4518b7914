"""Devices over HTTP."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.records import Record, links_of, record_schema
from kintsugi.core.api.schemas import READ, Links
from kintsugi.devices import selectors, views
from kintsugi.devices.models import Device
from kintsugi.devices.screens import DEVICES

router = Router(tags=["Devices"])


class DeviceBase(Record):
    """What a device has beyond its contract."""

    warranty: str = Field(
        description="today: "
        + "; ".join(f"`{c}` {t.en} {t.zh}" for c, t in selectors.WARRANTY.items())
    )
    partial_dates: list[str] | None = Field(
        None, description="dates known to the month or year only; they hold its first day"
    )
    links: Links

    @staticmethod
    def resolve_links(device: Device) -> dict[str, str]:
        """Where to go from here."""
        return links_of("device", "devices", device.pk)


DEVICE = record_schema("DeviceOut", entity="device", base=DeviceBase)

add_list(
    router,
    "",
    DEVICES,
    DEVICE,
    name="devices",
    summary="Devices, one a physical unit",
    related=("supplier",),
)


@router.get("/{id}", response={200: DEVICE, **READ}, summary="One device")
@requires("device.read")
def device(request: HttpRequest, id: UUID) -> Device:
    """The golden record. Where each value came from: `explain`."""
    return selectors.device(pk=id, today=views.today())
