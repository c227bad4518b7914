"""The crosswalk remembers what its records were, and a rollback can close them."""

import django.db.models.functions
from django.db import migrations, models

from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [("audit", "0023_hold_on_product")]

    operations = [
        migrations.CreateModel(
            name="CrosswalkChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provenance_id", models.BigIntegerField()),
                ("run_id", models.UUIDField(null=True)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.Now())),
            ],
            options={
                "indexes": [
                    models.Index(fields=["provenance_id", "id"], name="crosswalk_change_of"),
                    models.Index(
                        fields=["run_id", "provenance_id"], name="crosswalk_change_by_run"
                    ),
                ]
            },
        ),
        migrations.AddField(
            model_name="provenance", name="closed_run_id", field=models.UUIDField(null=True)
        ),
        migrations.RemoveConstraint(model_name="provenance", name="provenance_source_key"),
        migrations.AddConstraint(
            model_name="provenance",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_run_id__isnull", True)),
                fields=("entity", "source", "source_key"),
                name="provenance_source_key",
            ),
        ),
        migrations.RunSQL(query("audit", "crosswalk_history"), migrations.RunSQL.noop),
    ]
