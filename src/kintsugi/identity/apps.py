"""The identity app."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def _publish(sender: AppConfig, using: str, **_: Any) -> None:
    from kintsugi.identity.services import publish_conflicts, publish_matrix

    existing = connections[using].introspection.table_names()
    if "identity_dutyconflict" in existing:
        publish_conflicts(using=using)
    if "identity_matrixentry" in existing:
        publish_matrix(using=using)


class IdentityConfig(AppConfig):
    """People, their accounts, and log-in."""

    name = "kintsugi.identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Word refusals; after every migration tell the database who may do what."""
        from kintsugi.core.access import name_denials
        from kintsugi.identity import datasets
        from kintsugi.identity.control import finding
        from kintsugi.identity.matrix import denial

        name_denials(denial)
        post_migrate.connect(_publish, sender=self)
        datasets.register()
        finding.register()  # acts and signatures are found by search
