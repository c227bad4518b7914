"""The products app."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, their UDI device identifiers and package levels."""

    name = "kintsugi.products"
    default_auto_field = "django.db.models.BigAutoField"
