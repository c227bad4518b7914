"""What an approval rests on, and merges, change under two persons only."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("parties", "0004_merges"), ("products", "0002_trade")]

    operations = [
        migrations.RunSQL(query("products", "approved"), migrations.RunSQL.noop),
        migrations.RunSQL(query("products", "merges"), migrations.RunSQL.noop),
    ]
