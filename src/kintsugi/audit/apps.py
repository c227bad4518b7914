"""The audit app: after each migration every business table gets its change log."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _cover(sender: AppConfig, using: str, **_: Any) -> None:
    from kintsugi.audit.retention.services import keep_tables
    from kintsugi.audit.services import cover_tables, publish_transitions

    cover_tables(using=using)
    publish_transitions(using=using)
    keep_tables(using=using)


class AuditConfig(AppConfig):
    """Covers business tables with the change log and the database with the state machines."""

    name = "kintsugi.audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Attach after every migrate, so that a new table cannot be forgotten."""
        from kintsugi.audit.packs import sections
        from kintsugi.audit.packs.screens import scope_panel
        from kintsugi.audit.reports import desk, registers
        from kintsugi.audit.reports.registry import register_dataset
        from kintsugi.audit.retention import rules
        from kintsugi.audit.retention.screens import keep_panel
        from kintsugi.core import panels

        post_migrate.connect(_cover, sender=self)
        sections.register()
        rules.register()
        for dataset in (desk.DATASET, registers.PACKS, registers.HOLDS):
            register_dataset(dataset)
        for entity in ("device", "party"):
            panels.register(scope_panel(entity, entity))
            panels.register(keep_panel(entity))
