"""The sales app."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """What is sold."""

    name = "kintsugi.sales"
    default_auto_field = "django.db.models.BigAutoField"
