"""Merges of duplicates, row by row, so that they can be undone."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("parties", "0003_credit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Merge",
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
                ("table_name", models.CharField(max_length=63)),
                ("keep_id", models.UUIDField()),
                ("drop_id", models.UUIDField()),
                ("keep_title", models.CharField(max_length=300, verbose_name="kept")),
                ("drop_title", models.CharField(max_length=300, verbose_name="merged away")),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("act", models.CharField(max_length=40, unique=True, verbose_name="act")),
                ("merged_by_name", models.CharField(max_length=200, verbose_name="merged by")),
                ("merged_at", models.DateTimeField(verbose_name="merged")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                (
                    "undone_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="undone by"
                    ),
                ),
                ("undone_act", models.CharField(blank=True, db_default="", max_length=40)),
            ],
            options={
                "verbose_name": "merge",
                "verbose_name_plural": "merges",
                "indexes": [models.Index(fields=["keep_id"], name="merge_of_keep")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("drop_id",),
                        name="merged_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("keep_id", models.F("drop_id")), _negated=True),
                        name="merge_of_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MergedRows",
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
                ("table_name", models.CharField(max_length=63)),
                ("column_name", models.CharField(max_length=63)),
                (
                    "rows",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None
                    ),
                ),
                (
                    "merge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="parties.merge",
                    ),
                ),
            ],
            options={
                "verbose_name": "rows of a merge",
                "verbose_name_plural": "rows of merges",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merge", "table_name", "column_name"), name="merged_column_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(query("parties", "merges"), migrations.RunSQL.noop),
    ]
