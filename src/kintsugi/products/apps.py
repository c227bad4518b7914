"""The products app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, their UDI device identifiers and package levels."""

    name = "kintsugi.products"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add products to search, home and the pages of parties."""
        from kintsugi.products import finding

        finding.register()
