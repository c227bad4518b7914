"""The products app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, their UDI device identifiers and package levels."""

    name = "kintsugi.products"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add products to search, home, the pages of parties, evidence packs and retention."""
        from kintsugi.core import panels
        from kintsugi.products import evidence_pack, finding, trade_screens

        finding.register()
        finding.register_trade()
        evidence_pack.register()
        for panel in trade_screens.PANELS:
            panels.register(panel)
