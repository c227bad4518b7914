"""The core app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Shared building blocks; no business meaning of its own."""

    name = "kintsugi.core"
    default_auto_field = "django.db.models.BigAutoField"
