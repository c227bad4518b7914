"""Loads are compared with the tables and accepted by two persons."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0004_connectors"),
    ]

    operations = [
        migrations.CreateModel(
            name="Acceptance",
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
                ("compared_at", models.DateTimeField(verbose_name="compared")),
                ("compared_by", models.CharField(max_length=200, verbose_name="person")),
                ("results", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("passes", models.BooleanField(verbose_name="passed")),
                (
                    "act",
                    models.CharField(blank=True, db_default="", max_length=40, verbose_name="act"),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="onboarding.run",
                    ),
                ),
            ],
            options={
                "verbose_name": "acceptance",
                "verbose_name_plural": "acceptances",
                "indexes": [models.Index(fields=["run", "-compared_at"], name="acceptance_newest")],
            },
        ),
        migrations.RunSQL(query("onboarding", "acceptance_by_act"), migrations.RunSQL.noop),
    ]
