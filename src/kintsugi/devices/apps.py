"""The devices app."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Devices in the field: one physical unit each, and its serial passport."""

    name = "kintsugi.devices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add devices to search, home and the pages of parties and products."""
        from kintsugi.devices import evidence_pack, finding, retention

        finding.register()
        evidence_pack.register()
        retention.register()
