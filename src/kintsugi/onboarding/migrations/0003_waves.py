"""Runs are rehearsed, let go by two persons, loaded in waves and in windows."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0002_rollback"),
    ]

    operations = [
        migrations.CreateModel(
            name="RestorePoint",
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
                ("at", models.DateTimeField(verbose_name="at")),
                ("position", models.BigIntegerField()),
                ("tables", models.JSONField()),
            ],
            options={
                "verbose_name": "restore point",
                "verbose_name_plural": "restore points",
            },
        ),
        migrations.CreateModel(
            name="Wave",
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
                ("number", models.PositiveSmallIntegerField(verbose_name="wave")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("kind", models.CharField(max_length=10, verbose_name="stage")),
                ("rule", models.JSONField()),
                ("rows", models.PositiveIntegerField(verbose_name="source rows")),
            ],
            options={
                "verbose_name": "wave",
                "verbose_name_plural": "waves",
            },
        ),
        migrations.AddField(
            model_name="run",
            name="act",
            field=models.CharField(blank=True, db_default="", max_length=40, verbose_name="act"),
        ),
        migrations.AddField(
            model_name="run",
            name="asked",
            field=models.CharField(blank=True, db_default="", max_length=10),
        ),
        migrations.AddField(
            model_name="run",
            name="contracts",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="run",
            name="is_governed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="run",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="waves",
                to="onboarding.run",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="rehearsal",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="resume_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="goes on at"),
        ),
        migrations.AddField(
            model_name="source",
            name="is_governed",
            field=models.BooleanField(db_default=False, default=False, verbose_name="two persons"),
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
                    ("rehearsed", "rehearsed"),
                    ("approved", "approved"),
                    ("waves", "in waves"),
                    ("applying", "applying"),
                    ("paused", "paused"),
                    ("applied", "applied"),
                    ("verified", "verified"),
                    ("failed", "stopped"),
                    ("planned", "rollback planned"),
                    ("withdrawn", "given up"),
                    ("reverted", "rolled back"),
                    ("partly-reverted", "partly rolled back"),
                ],
                default="created",
                max_length=20,
                verbose_name="status",
            ),
        ),
        migrations.CreateModel(
            name="LoadWindow",
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
                (
                    "code",
                    models.SlugField(
                        allow_unicode=True, max_length=60, unique=True, verbose_name="code"
                    ),
                ),
                ("name_zh", models.CharField(max_length=200)),
                ("name_en", models.CharField(max_length=200)),
                ("time_zone", models.CharField(max_length=60, verbose_name="time zone")),
                ("hours", models.JSONField(blank=True, default=list)),
                ("blackouts", models.JSONField(blank=True, default=list)),
                (
                    "at_once",
                    models.PositiveSmallIntegerField(default=1, verbose_name="runs at once"),
                ),
                (
                    "rows_a_second",
                    models.PositiveIntegerField(default=0, verbose_name="rows a second"),
                ),
                ("limits", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "verbose_name": "load window",
                "verbose_name_plural": "load windows",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("at_once__gte", 1), ("at_once__lte", 16)),
                        name="window_runs_at_once",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="run",
            name="window",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="onboarding.loadwindow",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status__in", ("approved", "paused"))),
                fields=["resume_at"],
                name="run_goes_on",
            ),
        ),
        migrations.AddField(
            model_name="restorepoint",
            name="run",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="restore_point",
                to="onboarding.run",
            ),
        ),
        migrations.AddField(
            model_name="wave",
            name="run",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="wave",
                to="onboarding.run",
            ),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("pilot", "widened", "full"))), name="wave_kind"
            ),
        ),
        migrations.RunSQL(query("onboarding", "load_by_act"), migrations.RunSQL.noop),
    ]
