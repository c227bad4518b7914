"""What purchasing's tables must hold to, for whoever writes."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("purchasing", "0001_purchasing"),
        ("products", "0002_trade"),
        ("stock", "0002_scope"),
    ]

    operations = [migrations.RunSQL(query("purchasing", "rules"), migrations.RunSQL.noop)]
