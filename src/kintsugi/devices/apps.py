"""The devices app."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Devices in the field: one physical unit each, and its serial passport."""

    name = "kintsugi.devices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add devices to search, home and the pages of parties and products."""
        from kintsugi.audit.selectors import name_commands
        from kintsugi.devices import (  # noqa: F401
            corrections,
            evidence_pack,
            finding,
            handlers,
            retention,
        )
        from kintsugi.identity.services import register_act_kind

        finding.register()
        evidence_pack.register()
        retention.register()
        register_act_kind(corrections.CORRECTION.kind())
        name_commands({corrections.CORRECTION.name: corrections.CORRECTION.title})
