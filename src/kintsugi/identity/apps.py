"""The identity app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Accounts and log-in. A person apart from accounts is the directory's business, not ours."""

    name = "kintsugi.identity"
    default_auto_field = "django.db.models.BigAutoField"
