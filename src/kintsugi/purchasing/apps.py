"""The purchasing app."""

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    """What is bought."""

    name = "kintsugi.purchasing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add purchasing to search, home, packs and what people sign."""
        from kintsugi.purchasing import evidence_pack, finding, signing

        finding.register()
        evidence_pack.register()
        signing.register()
