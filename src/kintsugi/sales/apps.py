"""The sales app."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """What is sold."""

    name = "kintsugi.sales"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add orders and contracts to search, home, customers' pages and packs."""
        from kintsugi.sales import evidence_delivery, evidence_pack, finding

        finding.register()
        evidence_pack.register()
        evidence_delivery.register()
