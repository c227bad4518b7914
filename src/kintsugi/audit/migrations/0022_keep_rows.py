"""Nothing is deleted; legal holds stand as they were ordered."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("audit", "0021_reading_the_log")]

    operations = [
        migrations.RunSQL(query("audit", "keep_rows"), migrations.RunSQL.noop),
    ]
