"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """What is owed and paid."""

    name = "kintsugi.billing"
    default_auto_field = "django.db.models.BigAutoField"
