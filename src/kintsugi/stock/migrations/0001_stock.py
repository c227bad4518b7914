"""Locations, lots, units, the ledger with its rules, and its projections."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
import kintsugi.stock.models
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    initial = True

    dependencies = [
        ("identity", "0031_matrix"),
        ("parties", "0001_initial"),
        ("products", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL("create sequence stock_move_seq", "drop sequence stock_move_seq"),
        migrations.RunSQL("create sequence stock_posting_seq", "drop sequence stock_posting_seq"),
        migrations.CreateModel(
            name="Cost",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="products.product",
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(
                        decimal_places=4, default=0, max_digits=18, verbose_name="quantity"
                    ),
                ),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=6, default=0, max_digits=22, verbose_name="value"
                    ),
                ),
            ],
            options={
                "verbose_name": "stock value",
                "verbose_name_plural": "stock values",
            },
        ),
        migrations.CreateModel(
            name="Warehouse",
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
                    models.CharField(max_length=30, unique=True, verbose_name="warehouse code"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "region_code",
                    models.CharField(
                        blank=True, db_default="", max_length=20, verbose_name="region"
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True, db_default="", max_length=500, verbose_name="address"
                    ),
                ),
            ],
            options={
                "verbose_name": "warehouse",
                "verbose_name_plural": "warehouses",
            },
        ),
        migrations.CreateModel(
            name="Location",
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
                ("code", models.CharField(max_length=30, verbose_name="location code")),
                (
                    "name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="name"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bin", "bin"),
                            ("van", "van"),
                            ("consignment", "consignment"),
                            ("in_transit", "in transit"),
                            ("vendor_repair", "at a repairer"),
                            ("customer", "customer site"),
                            ("supplier", "supplier"),
                            ("scrap", "scrap"),
                            ("loss", "stock differences"),
                            ("opening", "opening balance"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("receiving", "receiving"),
                            ("quarantine", "quarantine"),
                            ("qualified", "qualified"),
                            ("rejected", "rejected"),
                            ("return", "returns"),
                            ("shipping", "shipping"),
                            ("recall", "recall"),
                        ],
                        db_default="",
                        max_length=20,
                        verbose_name="zone",
                    ),
                ),
                (
                    "temp_zone",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("normal", "room, 10–30 °C"),
                            ("cool", "cool, ≤20 °C"),
                            ("cold", "cold, 2–8 °C"),
                            ("frozen", "frozen, ≤−15 °C"),
                        ],
                        db_default="",
                        max_length=20,
                        verbose_name="temperature",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="locations",
                        to="stock.warehouse",
                    ),
                ),
            ],
            options={
                "verbose_name": "location",
                "verbose_name_plural": "locations",
            },
        ),
        migrations.CreateModel(
            name="Lot",
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
                ("lot_no", models.CharField(max_length=60, verbose_name="lot number")),
                ("mfg_date", models.DateField(blank=True, null=True, verbose_name="made on")),
                ("expiry_date", models.DateField(blank=True, null=True, verbose_name="expiry")),
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
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "quality",
                    models.CharField(
                        choices=[
                            ("pending", "to be inspected"),
                            ("qualified", "qualified"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                        verbose_name="quality",
                    ),
                ),
                (
                    "on_hand",
                    models.DecimalField(
                        decimal_places=4, default=0, max_digits=18, verbose_name="on hand"
                    ),
                ),
                (
                    "reserved",
                    models.DecimalField(
                        decimal_places=4, default=0, max_digits=18, verbose_name="reserved"
                    ),
                ),
                ("is_ours", models.BooleanField(default=True)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
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
            ],
            options={
                "verbose_name": "stock balance",
                "verbose_name_plural": "stock balances",
            },
        ),
        migrations.CreateModel(
            name="Period",
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
                ("month", models.DateField(unique=True, verbose_name="month")),
                ("closed_at", models.DateTimeField(verbose_name="closed")),
                ("closed_by_name", models.CharField(max_length=200, verbose_name="closed by")),
            ],
            options={
                "verbose_name": "closed month",
                "verbose_name_plural": "closed months",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="period_is_a_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
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
                        choices=[
                            ("opening", "opening balance"),
                            ("receipt", "receipt"),
                            ("acceptance", "acceptance"),
                            ("put_away", "put-away"),
                            ("transfer", "transfer"),
                            ("pick", "pick"),
                            ("ship", "shipment"),
                            ("sign", "signed receipt"),
                            ("return_in", "return"),
                            ("issue", "issue to a work order"),
                            ("adjustment", "adjustment"),
                            ("count", "stocktake"),
                            ("scrap", "scrapping"),
                            ("supplier_return", "return to the supplier"),
                            ("recall_return", "recall return"),
                            ("repair", "to and from repair"),
                            ("reversal", "reversal"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("business_date", models.DateField(verbose_name="date")),
                ("posted_at", models.DateTimeField(verbose_name="posted")),
                (
                    "document_kind",
                    models.CharField(
                        blank=True, db_default="", max_length=40, verbose_name="document"
                    ),
                ),
                (
                    "document_no",
                    models.CharField(
                        blank=True, db_default="", max_length=80, verbose_name="document number"
                    ),
                ),
                ("document_id", models.UUIDField(blank=True, null=True)),
                ("key", models.CharField(max_length=200, unique=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                ("person_name", models.CharField(max_length=200, verbose_name="person")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="stock.posting",
                    ),
                ),
            ],
            options={
                "verbose_name": "stock posting",
                "verbose_name_plural": "stock postings",
            },
        ),
        migrations.CreateModel(
            name="Unit",
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
                ("serial_no", models.CharField(max_length=60, verbose_name="serial number")),
                ("mfg_date", models.DateField(blank=True, null=True, verbose_name="made on")),
                ("expiry_date", models.DateField(blank=True, null=True, verbose_name="expiry")),
                (
                    "quality",
                    models.CharField(
                        choices=[
                            ("pending", "to be inspected"),
                            ("qualified", "qualified"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                        verbose_name="quality",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "serial unit",
                "verbose_name_plural": "serial units",
            },
        ),
        migrations.CreateModel(
            name="Reservation",
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
                ("document_kind", models.CharField(max_length=40)),
                ("document_no", models.CharField(max_length=80, verbose_name="document number")),
                ("document_line", models.UUIDField()),
                (
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "active"),
                            ("consumed", "consumed"),
                            ("released", "released"),
                        ],
                        db_default="active",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
            },
        ),
        migrations.CreateModel(
            name="Move",
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
                    "seq",
                    models.BigIntegerField(
                        db_default=kintsugi.stock.models.NextMove(),
                        editable=False,
                        unique=True,
                        verbose_name="move",
                    ),
                ),
                ("line", models.PositiveIntegerField(verbose_name="line")),
                (
                    "source_quality",
                    models.CharField(
                        choices=[
                            ("pending", "to be inspected"),
                            ("qualified", "qualified"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "target_quality",
                    models.CharField(
                        choices=[
                            ("pending", "to be inspected"),
                            ("qualified", "qualified"),
                            ("rejected", "rejected"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "unit_cost",
                    models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True),
                ),
                ("document_line", models.UUIDField(blank=True, null=True)),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.product",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="stock.posting",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "stock move",
                "verbose_name_plural": "stock moves",
            },
        ),
        migrations.CreateModel(
            name="Block",
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
                    "kind",
                    models.CharField(
                        choices=[("hold", "hold"), ("recall", "recall")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("placed_by_name", models.CharField(max_length=200, verbose_name="placed by")),
                ("placed_at", models.DateTimeField(verbose_name="placed")),
                (
                    "released_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="released by"
                    ),
                ),
                (
                    "released_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="released"),
                ),
                ("release_reason", models.CharField(blank=True, db_default="", max_length=400)),
                (
                    "placed_by",
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
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
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
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "block",
                "verbose_name_plural": "blocks",
            },
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(fields=["lot_no"], name="lot_number"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("product", "lot_no"), name="lot_once"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("id", "product"), name="lot_with_product"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mfg_date__isnull", True),
                    ("expiry_date__isnull", True),
                    ("mfg_date__lte", models.F("expiry_date")),
                    _connector="OR",
                ),
                name="lot_made_before_expiry",
            ),
        ),
        migrations.AddIndex(
            model_name="balance",
            index=models.Index(fields=["location", "product"], name="balance_at_location"),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.UniqueConstraint(
                fields=("product", "lot", "location", "quality"),
                name="balance_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_ours", False), ("on_hand__gte", 0), _connector="OR"),
                name="balance_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reserved", 0),
                    models.Q(("reserved__gt", 0), ("reserved__lte", models.F("on_hand"))),
                    _connector="OR",
                ),
                name="balance_reserved_is_there",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["-business_date", "-number"], name="posting_by_date"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["document_id"], name="posting_of_document"),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "opening",
                            "receipt",
                            "acceptance",
                            "put_away",
                            "transfer",
                            "pick",
                            "ship",
                            "sign",
                            "return_in",
                            "issue",
                            "adjustment",
                            "count",
                            "scrap",
                            "supplier_return",
                            "recall_return",
                            "repair",
                            "reversal",
                        ],
                    )
                ),
                name="posting_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reversal"), ("reverses__isnull", False)),
                    models.Q(
                        models.Q(("kind", "reversal"), _negated=True), ("reverses__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="posting_reversal_names_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["adjustment", "scrap", "reversal"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="posting_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(fields=["serial_no"], name="unit_serial"),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(fields=["location", "product"], name="unit_at_location"),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(fields=["lot"], name="unit_of_lot"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.UniqueConstraint(
                fields=("product", "serial_no"), name="unit_serial_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.UniqueConstraint(fields=("id", "product"), name="unit_with_product"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(("quality__in", ["pending", "qualified", "rejected"])),
                name="unit_quality_known",
            ),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(fields=["document_line"], name="reservation_of_line"),
        ),
        migrations.AddIndex(
            model_name="reservation",
            index=models.Index(
                condition=models.Q(("status", "active")),
                fields=["expires_at"],
                name="reservation_expiring",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("qty__gt", 0)), name="reservation_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__isnull", True), ("qty", 1), _connector="OR"),
                name="reservation_unit_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active"), ("unit__isnull", False)),
                fields=("unit",),
                name="reservation_unit_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "consumed", "released"])),
                name="reservation_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["lot", "seq"], name="move_of_lot"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["unit", "seq"], name="move_of_unit"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["product", "seq"], name="move_of_product"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["target", "seq"], name="move_into"),
        ),
        migrations.AddIndex(
            model_name="move",
            index=models.Index(fields=["document_line"], name="move_of_document_line"),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.UniqueConstraint(fields=("posting", "line"), name="move_line_once"),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(("qty__gt", 0)), name="move_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__isnull", True), ("qty", 1), _connector="OR"),
                name="move_unit_alone",
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", models.F("target")), _negated=True),
                    models.Q(("source_quality", models.F("target_quality")), _negated=True),
                    _connector="OR",
                ),
                name="move_goes_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unit_cost__isnull", True), ("unit_cost__gte", 0), _connector="OR"
                ),
                name="move_cost_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(("source_quality__in", ["pending", "qualified", "rejected"])),
                name="move_source_quality_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="move",
            constraint=models.CheckConstraint(
                condition=models.Q(("target_quality__in", ["pending", "qualified", "rejected"])),
                name="move_target_quality_known",
            ),
        ),
        migrations.AddIndex(
            model_name="block",
            index=models.Index(
                condition=models.Q(("released_at__isnull", True)),
                fields=["product"],
                name="block_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["hold", "recall"])), name="block_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="block_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_at__isnull", True),
                    models.Q(("release_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="block_release_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by__isnull", True),
                    models.Q(("released_by", models.F("placed_by")), _negated=True),
                    _connector="OR",
                ),
                name="block_released_by_another",
            ),
        ),
        migrations.AddIndex(
            model_name="location",
            index=models.Index(fields=["party", "kind"], name="location_of_party"),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                fields=("warehouse", "code"), name="location_code_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind__in", ["customer", "supplier"]), ("party__isnull", False)
                ),
                fields=("party", "kind"),
                name="location_of_party_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "bin",
                            "van",
                            "consignment",
                            "in_transit",
                            "vendor_repair",
                            "customer",
                            "supplier",
                            "scrap",
                            "loss",
                            "opening",
                        ],
                    )
                ),
                name="location_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "zone__in",
                        [
                            "",
                            "receiving",
                            "quarantine",
                            "qualified",
                            "rejected",
                            "return",
                            "shipping",
                            "recall",
                        ],
                    )
                ),
                name="location_zone_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(("temp_zone__in", ["", "normal", "cool", "cold", "frozen"])),
                name="location_temperature_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "bin"), _negated=True),
                    models.Q(("warehouse__isnull", False), models.Q(("zone", ""), _negated=True)),
                    _connector="OR",
                ),
                name="location_bin_has_warehouse_and_zone",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["customer", "consignment"]), _negated=True),
                    ("party__isnull", False),
                    _connector="OR",
                ),
                name="location_of_somebody",
            ),
        ),
        migrations.RunSQL(query("stock", "ledger"), migrations.RunSQL.noop),
    ]
