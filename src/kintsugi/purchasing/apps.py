"""The purchasing app."""

from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    """What is bought."""

    name = "kintsugi.purchasing"
    default_auto_field = "django.db.models.BigAutoField"
