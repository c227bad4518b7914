"""The log's functions cost less, and a large update after many small ones no longer its square; a
transaction never joins the row of an older one that had its number."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("audit", "0014_rolling_fold")]

    operations = [
        migrations.RunSQL(query("audit", name), migrations.RunSQL.noop)
        for name in ("context_tokens", "log_functions")
    ]
