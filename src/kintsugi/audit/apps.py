"""The audit app: after each migration every business table gets its change log."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _cover(sender: AppConfig, using: str, **_: Any) -> None:
    from kintsugi.audit.services import cover_tables, publish_transitions

    cover_tables(using=using)
    publish_transitions(using=using)


class AuditConfig(AppConfig):
    """Covers business tables with the change log and the database with the state machines."""

    name = "kintsugi.audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Attach after every migrate, so that a new table cannot be forgotten."""
        from kintsugi.audit.packs import sections

        post_migrate.connect(_cover, sender=self)
        sections.register()
