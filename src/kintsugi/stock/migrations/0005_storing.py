"""Storage checks, sensors, readings and excursions, with their rules."""

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
        ("stock", "0004_tracing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sensor",
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
                ("code", models.CharField(max_length=40, unique=True, verbose_name="sensor")),
                (
                    "low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="not below",
                    ),
                ),
                (
                    "high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="not above",
                    ),
                ),
                (
                    "gap_minutes",
                    models.PositiveIntegerField(default=60, verbose_name="longest gap, minutes"),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
                    ),
                ),
            ],
            options={
                "verbose_name": "sensor",
                "verbose_name_plural": "sensors",
            },
        ),
        migrations.CreateModel(
            name="Reading",
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
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "temperature",
                    models.DecimalField(decimal_places=2, max_digits=5, verbose_name="temperature"),
                ),
                (
                    "humidity",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="humidity",
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.sensor",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading",
                "verbose_name_plural": "readings",
            },
        ),
        migrations.CreateModel(
            name="Excursion",
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
                (
                    "kind",
                    models.CharField(
                        choices=[("high", "too warm"), ("low", "too cold"), ("no_data", "no data")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="from")),
                ("ended_at", models.DateTimeField(verbose_name="to")),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes outside")),
                (
                    "worst",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="furthest",
                    ),
                ),
                (
                    "deviation",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="beyond the limit",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "to be judged"), ("judged", "judged")],
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("goods", models.JSONField(default=list)),
                ("blocks", models.JSONField(default=list)),
                ("loaded_by_name", models.CharField(max_length=200, verbose_name="loaded by")),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("release", "release"),
                            ("hold", "keep on hold"),
                            ("reject", "reject"),
                        ],
                        db_default="",
                        max_length=8,
                        verbose_name="decision",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "judged_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="judged by"
                    ),
                ),
                ("judged_at", models.DateTimeField(blank=True, null=True, verbose_name="judged")),
                (
                    "judged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "loaded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "sensor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.sensor",
                    ),
                ),
            ],
            options={
                "verbose_name": "excursion",
                "verbose_name_plural": "excursions",
            },
        ),
        migrations.CreateModel(
            name="StorageCheck",
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
                ("checked_on", models.DateField(verbose_name="date")),
                (
                    "temperature",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="temperature",
                    ),
                ),
                (
                    "humidity",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="humidity",
                    ),
                ),
                (
                    "finding",
                    models.CharField(
                        choices=[
                            ("sound", "sound"),
                            ("packaging", "packaging damaged"),
                            ("appearance", "looks wrong"),
                            ("label", "label unreadable"),
                            ("climate", "temperature or humidity out of range"),
                            ("other", "other"),
                        ],
                        max_length=12,
                        verbose_name="finding",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="what was done"
                    ),
                ),
                ("checked_by_name", models.CharField(max_length=200, verbose_name="checked by")),
                (
                    "block",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.block",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
                    ),
                ),
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
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "storage check",
                "verbose_name_plural": "storage checks",
            },
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low__isnull", True),
                    ("high__isnull", True),
                    ("low__lt", models.F("high")),
                    _connector="OR",
                ),
                name="sensor_range_sound",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("low__isnull", False), ("high__isnull", False), _connector="OR"
                ),
                name="sensor_has_a_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="sensor",
            constraint=models.CheckConstraint(
                condition=models.Q(("gap_minutes__gte", 1), ("gap_minutes__lte", 1440)),
                name="sensor_gap_sound",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.UniqueConstraint(fields=("sensor", "at"), name="reading_once"),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(("temperature__gte", -100), ("temperature__lte", 100)),
                name="reading_sound",
            ),
        ),
        migrations.AddConstraint(
            model_name="reading",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("humidity__isnull", True),
                    models.Q(("humidity__gte", 0), ("humidity__lte", 100)),
                    _connector="OR",
                ),
                name="reading_humidity_sound",
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.UniqueConstraint(
                fields=("sensor", "kind", "started_at"), name="excursion_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["high", "low", "no_data"])),
                name="excursion_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["", "release", "hold", "reject"])),
                name="excursion_decision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__gte", models.F("started_at"))),
                name="excursion_ends_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "open"),
                    models.Q(
                        ("judged_at__isnull", False),
                        ("judged_by__isnull", False),
                        models.Q(("decision", ""), _negated=True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="excursion_judged_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="excursion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("judged_by__isnull", True),
                    ("loaded_by__isnull", True),
                    models.Q(("judged_by", models.F("loaded_by")), _negated=True),
                    _connector="OR",
                ),
                name="excursion_judged_by_another",
            ),
        ),
        migrations.AddIndex(
            model_name="storagecheck",
            index=models.Index(fields=["location", "-checked_on"], name="check_of_location"),
        ),
        migrations.AddConstraint(
            model_name="storagecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "finding__in",
                        ["sound", "packaging", "appearance", "label", "climate", "other"],
                    )
                ),
                name="check_finding_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finding", "sound"), models.Q(("action", ""), _negated=True), _connector="OR"
                ),
                name="check_finding_has_action",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("humidity__isnull", True),
                    models.Q(("humidity__gte", 0), ("humidity__lte", 100)),
                    _connector="OR",
                ),
                name="check_humidity_sound",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lot__isnull", True), ("product__isnull", False), _connector="OR"
                ),
                name="check_lot_of_product",
            ),
        ),
        migrations.RunSQL(query("stock", "storing"), migrations.RunSQL.noop),
        migrations.RunSQL(query("stock", "places"), migrations.RunSQL.noop),
    ]
