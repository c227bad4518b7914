"""How far the log has been folded over the tables, authenticated by a context key."""

from django.db import migrations, models

from kintsugi.core.migrating import Together


class Migration(Together):
    dependencies = [("audit", "0012_log_functions")]

    operations = [
        migrations.CreateModel(
            name="FoldState",
            fields=[
                ("number", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("horizon", models.BigIntegerField()),
                ("body", models.TextField()),
                ("mac", models.TextField()),
            ],
            options={"db_table": "audit_fold_state"},
        ),
    ]
