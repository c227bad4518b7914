"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What is owed and paid."""

    name = "kintsugi.billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add invoices to search, home, customers' pages and packs."""
        from kintsugi.billing import evidence_pack, finding

        finding.register()
        evidence_pack.register()
