"""Contracts, prices and orders with their rules."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.math
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    initial = True

    dependencies = [
        ("identity", "0031_matrix"),
        ("parties", "0001_initial"),
        ("products", "0001_initial"),
        ("stock", "0002_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contract",
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
                    "number",
                    models.CharField(max_length=60, unique=True, verbose_name="contract number"),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="subject"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sale", "sale"),
                            ("service", "service"),
                            ("amc", "maintenance"),
                            ("lease", "lease"),
                            ("consignment", "consignment"),
                            ("framework", "framework"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "waits for approval"),
                            ("refused", "refused"),
                            ("effective", "effective"),
                            ("changing", "being changed"),
                            ("fulfilled", "fulfilled"),
                            ("expired", "expired"),
                            ("terminated", "terminated"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "version_no",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="version in force"
                    ),
                ),
                ("seller_name", models.CharField(max_length=200, verbose_name="seller")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "contract",
                "verbose_name_plural": "contracts",
            },
        ),
        migrations.CreateModel(
            name="ContractVersion",
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
                ("no", models.PositiveIntegerField(verbose_name="version")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "waits for approval"),
                            ("refused", "refused"),
                            ("in_force", "in force"),
                            ("superseded", "superseded"),
                            ("dropped", "dropped"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="reason of the change",
                    ),
                ),
                ("signed_on", models.DateField(blank=True, null=True, verbose_name="signed")),
                ("effective_on", models.DateField(verbose_name="effective from")),
                ("expires_on", models.DateField(blank=True, null=True, verbose_name="expires")),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                (
                    "total",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="total with tax",
                    ),
                ),
                (
                    "delivery_terms",
                    models.TextField(blank=True, db_default="", verbose_name="delivery terms"),
                ),
                (
                    "acceptance_terms",
                    models.TextField(blank=True, db_default="", verbose_name="acceptance terms"),
                ),
                (
                    "warranty_start",
                    models.CharField(
                        choices=[
                            ("install_accept", "installation accepted"),
                            ("delivery_signed", "delivery signed"),
                            ("shipped", "shipment"),
                            ("contract_date", "date of the contract"),
                        ],
                        db_default="install_accept",
                        default="install_accept",
                        max_length=20,
                        verbose_name="warranty begins",
                    ),
                ),
                (
                    "warranty_months",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="warranty, months"
                    ),
                ),
                (
                    "warranty_covers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="covers",
                    ),
                ),
                (
                    "exchange_inherits",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        verbose_name="an exchanged unit inherits the rest of the warranty",
                    ),
                ),
                (
                    "retention_share",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        max_digits=7,
                        verbose_name="retention",
                    ),
                ),
                (
                    "file_name",
                    models.CharField(
                        blank=True, db_default="", max_length=300, verbose_name="signed file"
                    ),
                ),
                (
                    "file_sha256",
                    models.CharField(
                        blank=True, db_default="", max_length=64, verbose_name="hash of the file"
                    ),
                ),
                ("written_by_name", models.CharField(max_length=200, verbose_name="written by")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="submitted"),
                ),
                (
                    "approved_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="approved by"
                    ),
                ),
                (
                    "approved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="approved"),
                ),
                (
                    "decision_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="decision"
                    ),
                ),
                ("verdicts", models.JSONField(blank=True, default=list)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sales.contract",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "contract version",
                "verbose_name_plural": "contract versions",
            },
        ),
        migrations.CreateModel(
            name="ContractLine",
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
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="price with tax"
                    ),
                ),
                (
                    "discount",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        max_digits=7,
                        verbose_name="discount",
                    ),
                ),
                (
                    "tax_rate",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        max_digits=7,
                        verbose_name="tax rate",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="amount with tax"
                    ),
                ),
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                (
                    "called_off",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="called off",
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
                    "version_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.contractversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "contract line",
                "verbose_name_plural": "contract lines",
            },
        ),
        migrations.CreateModel(
            name="ListPrice",
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
                    "group",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "all customers"),
                            ("hospital", "hospitals"),
                            ("clinic", "clinics"),
                            ("dealer", "dealers"),
                            ("individual", "individuals"),
                        ],
                        db_default="",
                        max_length=20,
                        verbose_name="customers",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="price with tax"
                    ),
                ),
                (
                    "floor",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="lowest price"
                    ),
                ),
                (
                    "tax_rate",
                    models.DecimalField(decimal_places=6, max_digits=7, verbose_name="tax rate"),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="to")),
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
                "verbose_name": "list price",
                "verbose_name_plural": "price list",
            },
        ),
        migrations.CreateModel(
            name="Order",
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
                    "number",
                    models.CharField(max_length=40, unique=True, verbose_name="order number"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("sale", "sale"), ("consignment", "consignment")],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                (
                    "customer_ref",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=80,
                        verbose_name="order number of the customer",
                    ),
                ),
                (
                    "ship_to",
                    models.CharField(
                        blank=True, db_default="", max_length=500, verbose_name="delivery address"
                    ),
                ),
                (
                    "ship_contact",
                    models.CharField(
                        blank=True, db_default="", max_length=100, verbose_name="receiver"
                    ),
                ),
                (
                    "ship_phone",
                    models.CharField(
                        blank=True, db_default="", max_length=60, verbose_name="telephone"
                    ),
                ),
                (
                    "department",
                    models.CharField(
                        blank=True, db_default="", max_length=100, verbose_name="department"
                    ),
                ),
                ("ordered_on", models.DateField(verbose_name="ordered")),
                ("wanted_on", models.DateField(verbose_name="wanted")),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                (
                    "total",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="total with tax",
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="note"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("submitted", "waits for approval"),
                            ("approved", "approved"),
                            ("reserved", "reserved"),
                            ("picking", "being picked"),
                            ("part_shipped", "partly shipped"),
                            ("shipped", "shipped"),
                            ("part_signed", "partly signed"),
                            ("signed", "signed"),
                            ("closed", "closed"),
                            ("on_hold", "on hold"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(db_default=1, default=1, verbose_name="revision"),
                ),
                ("seller_name", models.CharField(max_length=200, verbose_name="seller")),
                (
                    "submitted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="submitted"),
                ),
                (
                    "approved_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="approved by"
                    ),
                ),
                (
                    "approved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="approved"),
                ),
                ("approved_on", models.DateField(blank=True, null=True)),
                (
                    "credit_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="credit agreed by"
                    ),
                ),
                (
                    "credit_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="reason of the credit",
                    ),
                ),
                ("held_from", models.CharField(blank=True, db_default="", max_length=12)),
                (
                    "hold_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("credit", "credit"),
                            ("licence", "licence"),
                            ("recall", "recall"),
                            ("other", "other"),
                        ],
                        db_default="",
                        max_length=12,
                        verbose_name="hold",
                    ),
                ),
                (
                    "hold_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "end_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "contract_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.contractversion",
                    ),
                ),
                (
                    "credit_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.warehouse",
                    ),
                ),
            ],
            options={
                "verbose_name": "sales order",
                "verbose_name_plural": "sales orders",
            },
        ),
        migrations.CreateModel(
            name="OrderJudgement",
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
                ("revision", models.PositiveIntegerField(verbose_name="revision")),
                ("occasion", models.CharField(max_length=20, verbose_name="occasion")),
                ("verdicts", models.JSONField(default=list)),
                ("passed", models.BooleanField(verbose_name="passed")),
                ("judged_by_name", models.CharField(max_length=200, verbose_name="by")),
                ("judged_at", models.DateTimeField(verbose_name="judged")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgements",
                        to="sales.order",
                    ),
                ),
            ],
            options={
                "verbose_name": "order check",
                "verbose_name_plural": "order checks",
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
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
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="price with tax"
                    ),
                ),
                (
                    "discount",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        max_digits=7,
                        verbose_name="discount",
                    ),
                ),
                (
                    "tax_rate",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        max_digits=7,
                        verbose_name="tax rate",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, verbose_name="amount with tax"
                    ),
                ),
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                (
                    "list_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=18,
                        null=True,
                        verbose_name="list price",
                    ),
                ),
                (
                    "floor_price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=18,
                        null=True,
                        verbose_name="lowest price",
                    ),
                ),
                (
                    "price_from",
                    models.CharField(
                        choices=[
                            ("contract", "contract"),
                            ("list", "price list"),
                            ("typed", "typed"),
                        ],
                        max_length=12,
                        verbose_name="price from",
                    ),
                ),
                (
                    "price_ref",
                    models.CharField(
                        blank=True, db_default="", max_length=120, verbose_name="taken from"
                    ),
                ),
                (
                    "min_remaining_days",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="remaining life, days"
                    ),
                ),
                (
                    "serials",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="serials wanted",
                    ),
                ),
                (
                    "choice_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="reason of the choice",
                    ),
                ),
                (
                    "choice_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="agreed by"
                    ),
                ),
                ("choice_at", models.DateTimeField(blank=True, null=True, verbose_name="agreed")),
                (
                    "deviates",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="not first expiring"
                    ),
                ),
                (
                    "reserved",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="reserved",
                    ),
                ),
                (
                    "picked",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="picked",
                    ),
                ),
                (
                    "shipped",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="shipped",
                    ),
                ),
                (
                    "refused",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="refused",
                    ),
                ),
                (
                    "signed",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="signed",
                    ),
                ),
                (
                    "returned",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="returned",
                    ),
                ),
                (
                    "choice_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "contract_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.contractline",
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
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.order",
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
                "verbose_name": "order line",
                "verbose_name_plural": "order lines",
            },
        ),
        migrations.CreateModel(
            name="OrderRevision",
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
                ("no", models.PositiveIntegerField(verbose_name="revision")),
                ("content", models.JSONField()),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("changed_by_name", models.CharField(max_length=200, verbose_name="changed by")),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revisions",
                        to="sales.order",
                    ),
                ),
            ],
            options={
                "verbose_name": "order revision",
                "verbose_name_plural": "order revisions",
            },
        ),
        migrations.CreateModel(
            name="PaymentNode",
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
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                ("name", models.CharField(max_length=100, verbose_name="payment")),
                (
                    "share",
                    models.DecimalField(decimal_places=6, max_digits=7, verbose_name="share"),
                ),
                (
                    "due_rule",
                    models.CharField(
                        choices=[
                            ("signed", "after signing"),
                            ("shipped", "after shipment"),
                            ("delivered", "after delivery"),
                            ("accepted", "after acceptance"),
                            ("warranty_end", "after the warranty"),
                            ("date", "on a date"),
                        ],
                        max_length=20,
                        verbose_name="due",
                    ),
                ),
                (
                    "due_days",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="days"),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="date")),
                (
                    "version_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="sales.contractversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payment plan",
            },
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["customer", "status"], name="contract_of_customer"),
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["status", "-number"], name="contract_by_state"),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["sale", "service", "amc", "lease", "consignment", "framework"])
                ),
                name="contract_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["effective", "changing"]), _negated=True),
                    ("version_no__gte", 1),
                    _connector="OR",
                ),
                name="contract_in_force_has_a_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["fulfilled", "expired", "terminated"]), _negated=True),
                    ("ended_on__isnull", False),
                    _connector="OR",
                ),
                name="contract_end_has_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "terminated"), _negated=True),
                    models.Q(("end_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="contract_termination_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.UniqueConstraint(
                fields=("contract", "no"), name="contract_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "in_force")),
                fields=("contract",),
                name="contract_version_in_force_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["draft", "submitted", "refused"])),
                fields=("contract",),
                name="contract_version_written_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_on__isnull", True),
                    ("expires_on__gte", models.F("effective_on")),
                    _connector="OR",
                ),
                name="contract_version_expires_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("retention_share__gte", 0), ("retention_share__lte", 1)),
                name="contract_version_retention_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "warranty_covers__contained_by",
                        ["labour", "parts", "travel", "consumable", "calibration"],
                    )
                ),
                name="contract_version_covers_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="contract_version_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["in_force", "superseded"]), _negated=True),
                    models.Q(
                        models.Q(("file_sha256", ""), _negated=True),
                        ("approved_at__isnull", False),
                        ("signed_on__isnull", False),
                        models.Q(("approved_by_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="contract_version_in_force_is_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("no", 1), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="contract_variation_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("file_sha256", ""), ("file_sha256__regex", "^[0-9a-f]{64}$"), _connector="OR"
                ),
                name="contract_version_hash_is_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "warranty_start__in",
                        ["install_accept", "delivery_signed", "shipped", "contract_date"],
                    )
                ),
                name="contract_version_warranty_start_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.UniqueConstraint(
                fields=("version_of", "line_no"), name="contract_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(("called_off__gte", 0), ("called_off__lte", models.F("qty"))),
                name="contract_line_not_exceeded",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(("qty__gt", 0)), name="contract_line_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", 0)), name="contract_line_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount__gte", 0), ("discount__lte", 1)),
                name="contract_line_discount_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 1)),
                name="contract_line_tax_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount",
                        django.db.models.functions.math.Round(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("qty"), "*", models.F("price")
                                ),
                                "*",
                                django.db.models.expressions.CombinedExpression(
                                    models.Value(1), "-", models.F("discount")
                                ),
                            ),
                            2,
                        ),
                    )
                ),
                name="contract_line_amount_is_the_product",
            ),
        ),
        migrations.AddIndex(
            model_name="listprice",
            index=models.Index(
                fields=["product", "group", "valid_from"], name="list_price_of_product"
            ),
        ),
        migrations.AddConstraint(
            model_name="listprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("group__in", ["", "hospital", "clinic", "dealer", "individual"])
                ),
                name="list_price_group_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="listprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gt", 0)), name="list_price_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="listprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("floor__gte", 0), ("floor__lte", models.F("price"))),
                name="list_price_floor_is_lower",
            ),
        ),
        migrations.AddConstraint(
            model_name="listprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 1)),
                name="list_price_tax_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="listprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True),
                    ("valid_to__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="list_price_ends_later",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["customer", "status"], name="order_of_customer"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["status", "wanted_on"], name="order_by_state"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["-ordered_on", "-number"], name="order_by_date"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["warehouse", "status"], name="order_of_warehouse"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["sale", "consignment"])), name="order_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("seller")), _negated=True),
                    _connector="OR",
                ),
                name="order_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "submitted", "cancelled", "on_hold"]),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("approved_on__isnull", False),
                        models.Q(("approved_by_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_past_approval_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credit_by__isnull", True),
                    models.Q(("credit_by", models.F("seller")), _negated=True),
                    _connector="OR",
                ),
                name="order_credit_agreed_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credit_by_name", ""),
                    models.Q(("credit_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="order_credit_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "on_hold"),
                        models.Q(("held_from", ""), _negated=True),
                        models.Q(("hold_kind", ""), _negated=True),
                        models.Q(("hold_reason", ""), _negated=True),
                    ),
                    models.Q(models.Q(("status", "on_hold"), _negated=True), ("held_from", "")),
                    _connector="OR",
                ),
                name="order_hold_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "cancelled"), _negated=True),
                    models.Q(("end_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="order_cancelled_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hold_kind", ""),
                    ("hold_kind__in", ["credit", "licence", "recall", "other"]),
                    _connector="OR",
                ),
                name="order_hold_known",
            ),
        ),
        migrations.AddIndex(
            model_name="orderjudgement",
            index=models.Index(fields=["order", "-judged_at"], name="judgement_of_order"),
        ),
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(fields=["product"], name="order_line_of_product"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "line_no"), name="order_line_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("picked__gte", 0),
                    ("refused__gte", 0),
                    ("reserved__gte", 0),
                    ("returned__gte", 0),
                    ("shipped__gte", 0),
                    ("signed__gte", 0),
                ),
                name="order_line_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned__lte", models.F("signed"))),
                name="order_line_returned_was_signed",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "shipped__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("signed"), "+", models.F("refused")
                        ),
                    )
                ),
                name="order_line_signed_was_shipped",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("shipped__lte", models.F("picked"))),
                name="order_line_shipped_was_picked",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("picked__lte", models.F("reserved"))),
                name="order_line_picked_was_reserved",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved__lte", models.F("qty"))),
                name="order_line_reserved_was_ordered",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lot__isnull", True), ("serials", [])),
                    models.Q(("choice_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="order_line_choice_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deviates", False),
                    models.Q(
                        ("choice_at__isnull", False),
                        models.Q(("choice_by_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="order_line_deviation_agreed",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_from__in", ["contract", "list", "typed"])),
                name="order_line_price_from_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("qty__gt", 0)), name="order_line_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", 0)), name="order_line_price_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount__gte", 0), ("discount__lte", 1)),
                name="order_line_discount_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 1)),
                name="order_line_tax_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount",
                        django.db.models.functions.math.Round(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("qty"), "*", models.F("price")
                                ),
                                "*",
                                django.db.models.expressions.CombinedExpression(
                                    models.Value(1), "-", models.F("discount")
                                ),
                            ),
                            2,
                        ),
                    )
                ),
                name="order_line_amount_is_the_product",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrevision",
            constraint=models.UniqueConstraint(fields=("order", "no"), name="order_revision_once"),
        ),
        migrations.AddConstraint(
            model_name="orderrevision",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="order_revision_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentnode",
            constraint=models.UniqueConstraint(
                fields=("version_of", "line_no"), name="payment_node_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentnode",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                name="payment_node_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_on__isnull", False), ("due_rule", "date")),
                    models.Q(
                        models.Q(("due_rule", "date"), _negated=True), ("due_on__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="payment_node_date_or_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "due_rule__in",
                        ["signed", "shipped", "delivered", "accepted", "warranty_end", "date"],
                    )
                ),
                name="payment_node_rule_known",
            ),
        ),
        migrations.RunSQL(query("sales", "contracts"), migrations.RunSQL.noop),
        migrations.RunSQL(query("sales", "orders"), migrations.RunSQL.noop),
    ]
