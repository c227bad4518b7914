"""Which tables the record covers."""

from django.apps import apps

from kintsugi.core.models import BusinessModel


def business_tables() -> list[str]:
    """Names of all tables whose rows are business rows, in order."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, BusinessModel) and model._meta.managed
    )
