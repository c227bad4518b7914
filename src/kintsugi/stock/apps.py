"""The stock app: after each migration the ledger's projections belong to its triggers alone."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def _limit(sender: AppConfig, using: str, **_: Any) -> None:
    """After the grants that come with every migration (``core.scope.guard_database``)."""
    from kintsugi.core.queries import query

    connection = connections[using]
    if "stock_cost" in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(query("stock", "rights"))


class StockConfig(AppConfig):
    """Where every thing is."""

    name = "kintsugi.stock"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Limit the rights after each migrate; add stock to search, home and packs."""
        from kintsugi.stock import evidence_pack, finding

        post_migrate.connect(_limit, sender=self)
        finding.register()
        evidence_pack.register()
