"""The products app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, their UDI device identifiers and package levels."""

    name = "kintsugi.products"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add products to search, home, the pages of parties, evidence packs and retention."""
        from kintsugi.products import evidence_pack, finding

        finding.register()
        evidence_pack.register()
