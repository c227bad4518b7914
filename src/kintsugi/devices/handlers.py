"""What devices do when something has happened elsewhere."""

from kintsugi.core.events import on
from kintsugi.core.models import Event
from kintsugi.devices.services import register_signed, take_returned


@on("sales.signed")
def register_devices(event: Event) -> None:
    """Every serial that a customer signed for is a device from now on; one that is known already
    is updated. Idempotent by the event's id."""
    register_signed(key=str(event.pk), facts=event.facts, at=event.at)


@on("sales.returned")
def return_devices(event: Event) -> None:
    """Devices that came back are with nobody any more. Idempotent by the event's id."""
    take_returned(key=str(event.pk), facts=event.facts, at=event.at)
