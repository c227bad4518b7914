"""The parties app."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Customers, suppliers, makers, carriers: who we deal with."""

    name = "kintsugi.parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add parties to search and home."""
        from kintsugi.parties import evidence_pack, finding

        finding.register()
        evidence_pack.register()
