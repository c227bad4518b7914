"""Approvals ask the rules of trade."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("sales", "0001_sales"),
        ("parties", "0003_credit"),
        ("products", "0002_trade"),
    ]

    operations = [migrations.RunSQL(query("sales", "trade"), migrations.RunSQL.noop)]
