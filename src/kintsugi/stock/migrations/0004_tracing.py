"""Recalls that were drilled; their record stays as it came out."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("identity", "0031_matrix"),
        ("products", "0001_initial"),
        ("stock", "0003_counting"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecallDrill",
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
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                ("serial_from", models.CharField(blank=True, db_default="", max_length=60)),
                ("serial_to", models.CharField(blank=True, db_default="", max_length=60)),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("made_by_name", models.CharField(max_length=200, verbose_name="made by")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("taken_ms", models.PositiveIntegerField(verbose_name="took")),
                (
                    "received",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="received"),
                ),
                (
                    "found",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="found"),
                ),
                ("figures", models.JSONField()),
                ("holders", models.JSONField()),
                (
                    "lot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.lot",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "drill of a recall",
                "verbose_name_plural": "drills of recalls",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="drill_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("serial_from", ""), ("serial_to", "")),
                            models.Q(
                                models.Q(("serial_from", ""), _negated=True),
                                models.Q(("serial_to", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="drill_range_has_two_ends",
                    ),
                ],
            },
        ),
        migrations.RunSQL(query("stock", "tracing"), migrations.RunSQL.noop),
    ]
