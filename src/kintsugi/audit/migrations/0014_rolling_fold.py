"""The fold keeps another note of how far it came; the old one is not read."""

from django.db import migrations

from kintsugi.core.migrating import Together


class Migration(Together):
    dependencies = [("audit", "0013_fold_state")]

    operations = [
        migrations.RunSQL("delete from audit_fold_state", migrations.RunSQL.noop),
    ]
