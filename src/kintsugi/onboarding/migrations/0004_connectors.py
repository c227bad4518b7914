"""Sources are registered, assessed and approved; connectors fetch their data."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0003_waves"),
    ]

    operations = [
        migrations.CreateModel(
            name="Assessment",
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
                ("standard", models.PositiveIntegerField(verbose_name="version of the standard")),
                ("items", models.JSONField(default=dict)),
                ("sha256", models.CharField(max_length=64)),
                ("assessed_at", models.DateTimeField(verbose_name="assessed")),
                ("assessed_by", models.CharField(max_length=200, verbose_name="person")),
                (
                    "act",
                    models.CharField(blank=True, db_default="", max_length=40, verbose_name="act"),
                ),
            ],
            options={
                "verbose_name": "assessment",
                "verbose_name_plural": "assessments",
            },
        ),
        migrations.CreateModel(
            name="Connector",
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("settings", models.JSONField(blank=True, default=dict)),
                (
                    "secret",
                    models.CharField(
                        blank=True, db_default="", max_length=120, verbose_name="secret"
                    ),
                ),
                (
                    "cron",
                    models.CharField(
                        blank=True, db_default="", max_length=120, verbose_name="schedule"
                    ),
                ),
                ("time_zone", models.CharField(max_length=60, verbose_name="time zone")),
                (
                    "allow_private",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="inside the house"
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(db_default=True, default=True, verbose_name="active"),
                ),
                ("state", models.JSONField(blank=True, default=dict)),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next fetch")),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
            ],
            options={
                "verbose_name": "connector",
                "verbose_name_plural": "connectors",
            },
        ),
        migrations.CreateModel(
            name="Fetch",
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
                ("item", models.CharField(max_length=400, verbose_name="item")),
                ("mark", models.CharField(max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("arrived", "arrived"),
                            ("imported", "imported"),
                            ("same", "nothing new"),
                            ("waiting", "waits for a person"),
                            ("held", "held"),
                            ("failed", "failed"),
                            ("left", "left out"),
                        ],
                        default="arrived",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "attempts",
                    models.PositiveIntegerField(db_default=1, default=1, verbose_name="tries"),
                ),
                ("error", models.JSONField(null=True)),
                ("facts", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "verbose_name": "fetch",
                "verbose_name_plural": "fetches",
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("table_no", models.PositiveIntegerField()),
                ("table_name", models.CharField(max_length=200)),
                ("rows", models.BigIntegerField()),
                ("scores", models.JSONField(default=dict)),
                ("overall", models.JSONField(default=dict)),
                ("content", models.JSONField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="source",
            name="contact",
            field=models.CharField(
                blank=True, db_default="", max_length=200, verbose_name="contact"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="delivery",
            field=models.CharField(
                blank=True, db_default="", max_length=10, verbose_name="delivery"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="high_risk",
            field=models.JSONField(blank=True, default=list, verbose_name="high-risk fields"),
        ),
        migrations.AddField(
            model_name="source",
            name="origin",
            field=models.CharField(
                db_default="quick", default="quick", max_length=10, verbose_name="origin"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="personal_data",
            field=models.CharField(
                blank=True, db_default="", max_length=10, verbose_name="personal data"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="refresh_days",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="fresh within days"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="shrink_max",
            field=models.PositiveSmallIntegerField(
                db_default=50, default=50, verbose_name="may shrink by"
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="system",
            field=models.CharField(
                blank=True, db_default="", max_length=120, verbose_name="system"
            ),
        ),
        migrations.AlterField(
            model_name="source",
            name="status",
            field=models.CharField(
                choices=[
                    ("proposed", "proposed"),
                    ("assessed", "assessed"),
                    ("approved", "approved"),
                    ("live", "live"),
                    ("retired", "retired"),
                ],
                default="live",
                max_length=20,
                verbose_name="status",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("shrink_max__lte", 100)), name="source_shrink_in_range"
            ),
        ),
        migrations.AddField(
            model_name="assessment",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assessments",
                to="onboarding.source",
            ),
        ),
        migrations.AddField(
            model_name="connector",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="connectors",
                to="onboarding.source",
            ),
        ),
        migrations.AddField(
            model_name="fetch",
            name="connector",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="fetches",
                to="onboarding.connector",
            ),
        ),
        migrations.AddField(
            model_name="fetch",
            name="run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="fetches",
                to="onboarding.run",
            ),
        ),
        migrations.AddField(
            model_name="fetch",
            name="snapshot",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="fetches",
                to="onboarding.snapshot",
            ),
        ),
        migrations.AddField(
            model_name="profile",
            name="snapshot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="profiles",
                to="onboarding.snapshot",
            ),
        ),
        migrations.AddField(
            model_name="profile",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="profiles",
                to="onboarding.source",
            ),
        ),
        migrations.AddIndex(
            model_name="assessment",
            index=models.Index(fields=["source", "-assessed_at"], name="assessment_newest"),
        ),
        migrations.AddIndex(
            model_name="connector",
            index=models.Index(
                condition=models.Q(("is_active", True), ("is_void", False)),
                fields=["next_at"],
                name="connector_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="connector",
            constraint=models.UniqueConstraint(
                fields=("source", "name"), name="connector_named_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="connector",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("secret", ""),
                    ("secret__regex", "^(env|file):[A-Za-z0-9_.-]+$"),
                    _connector="OR",
                ),
                name="connector_secret_by_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="fetch",
            index=models.Index(fields=["connector", "-started_at"], name="fetch_newest"),
        ),
        migrations.AddConstraint(
            model_name="fetch",
            constraint=models.UniqueConstraint(
                fields=("connector", "item", "mark"), name="fetch_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(
                fields=("source", "snapshot", "table_no"), name="profile_once"
            ),
        ),
        migrations.RunSQL(query("onboarding", "source_by_act"), migrations.RunSQL.noop),
    ]
