"""The takeover app."""

from django.apps import AppConfig


class TakeoverConfig(AppConfig):
    """Other systems' stock on its way into the ledger."""

    name = "kintsugi.takeover"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name its commands, and add it to the auditor's desk."""
        from kintsugi.takeover import evidence_pack

        evidence_pack.register()
