"""Install the change log's functions; the log itself only grows."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query

APPEND_ONLY = """
create trigger audit_append_only before update or delete or truncate on {table}
    for each statement execute function audit_append_only();
"""


class Migration(Together):
    dependencies = [("audit", "0001_initial"), ("core", "0001_initial")]

    operations = [
        migrations.RunSQL(query("audit", "install"), migrations.RunSQL.noop),
        *(
            migrations.RunSQL(APPEND_ONLY.format(table=table), migrations.RunSQL.noop)
            for table in ("audit_change", "audit_transaction")
        ),
    ]
