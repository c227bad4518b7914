"""The log's functions cost less, and a large update after many small ones no longer its square."""

from django.db import migrations

from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_rolling_fold")]

    operations = [migrations.RunSQL(query("audit", "log_functions"), migrations.RunSQL.noop)]
