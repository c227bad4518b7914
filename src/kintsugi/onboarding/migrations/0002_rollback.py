"""A run can be rolled back, by a run of its own that two persons let go."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0001_initial"),
        ("audit", "0024_crosswalk_history"),
        ("identity", "0031_matrix"),
    ]

    operations = [
        migrations.CreateModel(
            name="Rollback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kintsugi.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1, default=1, editable=False, verbose_name="version"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="changed",
                    ),
                ),
                (
                    "is_void",
                    models.BooleanField(db_default=False, default=False, verbose_name="void"),
                ),
                (
                    "void_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason of voiding"
                    ),
                ),
                ("plan_sha256", models.CharField(max_length=64)),
                ("counts", models.JSONField(default=dict)),
                ("chunks", models.JSONField(default=list)),
                ("planned_at", models.DateTimeField()),
                (
                    "act",
                    models.CharField(blank=True, db_default="", max_length=40, verbose_name="act"),
                ),
                ("result", models.JSONField(default=dict)),
                ("proof", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "rollback",
                "verbose_name_plural": "rollbacks",
            },
        ),
        migrations.CreateModel(
            name="RollbackItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kintsugi.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1, default=1, editable=False, verbose_name="version"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="changed",
                    ),
                ),
                (
                    "is_void",
                    models.BooleanField(db_default=False, default=False, verbose_name="void"),
                ),
                (
                    "void_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason of voiding"
                    ),
                ),
                ("stage", models.CharField(max_length=10)),
                ("entity", models.CharField(max_length=40)),
                ("row_id", models.UUIDField()),
                (
                    "field",
                    models.CharField(
                        blank=True, db_default="", max_length=63, verbose_name="field"
                    ),
                ),
                ("outcome", models.CharField(max_length=20, verbose_name="outcome")),
                ("before", models.JSONField(null=True)),
                ("loaded", models.JSONField(null=True)),
                ("current", models.JSONField(null=True)),
                (
                    "changed_by",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="person"
                    ),
                ),
                ("changed_at", models.DateTimeField(null=True)),
                ("later_run_id", models.UUIDField(null=True)),
                ("amends", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "verbose_name": "conflict of a rollback",
                "verbose_name_plural": "conflicts of rollbacks",
            },
        ),
        migrations.AddField(
            model_name="run",
            name="reverts",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rollbacks",
                to="onboarding.run",
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="status",
            field=models.CharField(
                choices=[
                    ("created", "created"),
                    ("reading", "reading"),
                    ("staged", "staged"),
                    ("validated", "validated"),
                    ("applying", "applying"),
                    ("applied", "applied"),
                    ("verified", "verified"),
                    ("failed", "stopped"),
                    ("planned", "rollback planned"),
                    ("approved", "rollback approved"),
                    ("withdrawn", "rollback given up"),
                    ("reverted", "rolled back"),
                    ("partly-reverted", "partly rolled back"),
                ],
                default="created",
                max_length=20,
                verbose_name="status",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("planned", "approved", "applying", "failed"))),
                fields=("reverts",),
                name="run_one_rollback_open",
            ),
        ),
        migrations.AddField(
            model_name="rollback",
            name="run",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rollback",
                to="onboarding.run",
            ),
        ),
        migrations.AddField(
            model_name="rollbackitem",
            name="rollback",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="onboarding.rollback",
            ),
        ),
        migrations.AddIndex(
            model_name="rollbackitem",
            index=models.Index(fields=["rollback", "stage", "id"], name="rollback_item_of"),
        ),
        migrations.AddIndex(
            model_name="rollbackitem",
            index=models.Index(
                condition=models.Q(("amends", True)),
                fields=["later_run_id", "row_id"],
                name="rollback_item_amends",
            ),
        ),
        migrations.RunSQL(query("onboarding", "rollback_by_act"), migrations.RunSQL.noop),
    ]
