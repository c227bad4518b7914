"""The identity app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """People, their accounts, and log-in."""

    name = "kintsugi.identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let people sign acts, and find them."""
        from kintsugi.identity.control import finding

        finding.register()
