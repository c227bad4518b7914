"""The log's functions account for every row they touch, and write times in UTC."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("audit", "0011_context_tokens")]

    operations = [migrations.RunSQL(query("audit", "log_functions"), migrations.RunSQL.noop)]
