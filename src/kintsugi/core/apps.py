"""The core app."""

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.backends.signals import connection_created


class CoreConfig(AppConfig):
    """Shared building blocks; no business meaning of its own."""

    name = "kintsugi.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every connection obeys the scope at work; after a request its scope is forgotten."""
        from kintsugi.core import scope

        connection_created.connect(scope.on_connection, dispatch_uid="core.scope")
        request_finished.connect(scope.forget, dispatch_uid="core.scope")
