"""Invoices, payments, matches and the journal, with their rules."""

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
        ("stock", "0002_scope"),
        ("parties", "0003_credit"),
        ("products", "0002_trade"),
        ("sales", "0004_receivables"),
    ]

    operations = [
        migrations.CreateModel(
            name="BankStatement",
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
                ("number", models.CharField(max_length=40, unique=True, verbose_name="statement")),
                ("account", models.CharField(max_length=60, verbose_name="account")),
                ("file_name", models.CharField(max_length=300, verbose_name="file")),
                ("sha256", models.CharField(max_length=64, verbose_name="hash of the file")),
                ("row_count", models.PositiveIntegerField(verbose_name="rows")),
                ("new_count", models.PositiveIntegerField(verbose_name="new payments")),
                ("read_by_name", models.CharField(max_length=200, verbose_name="read by")),
                ("read_at", models.DateTimeField(verbose_name="read")),
            ],
            options={
                "verbose_name": "bank statement",
                "verbose_name_plural": "bank statements",
                "constraints": [
                    models.UniqueConstraint(fields=("account", "sha256"), name="statement_once"),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="statement_hash_is_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                    "net",
                    models.DecimalField(
                        db_default=0, decimal_places=4, default=0, max_digits=18, verbose_name="net"
                    ),
                ),
                (
                    "tax",
                    models.DecimalField(
                        db_default=0, decimal_places=4, default=0, max_digits=18, verbose_name="tax"
                    ),
                ),
                (
                    "gross",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="total with tax",
                    ),
                ),
                (
                    "number",
                    models.CharField(max_length=40, unique=True, verbose_name="document number"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vat_special", "special VAT invoice"),
                            ("vat_general", "general VAT invoice"),
                            ("credit", "credit note"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("approved", "approved"),
                            ("issued", "issued"),
                            ("part_paid", "partly settled"),
                            ("paid", "settled"),
                            ("reversed", "reversed"),
                            ("voided", "voided"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                (
                    "tax_code",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=20,
                        verbose_name="code of the tax invoice",
                    ),
                ),
                (
                    "tax_number",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=30,
                        verbose_name="number of the tax invoice",
                    ),
                ),
                (
                    "invoiced_on",
                    models.DateField(blank=True, null=True, verbose_name="invoiced on"),
                ),
                (
                    "settled",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="settled",
                    ),
                ),
                (
                    "credited",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="credited",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="note"
                    ),
                ),
                ("written_by_name", models.CharField(max_length=200, verbose_name="written by")),
                ("written_at", models.DateTimeField(verbose_name="written")),
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
                    "issued_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="issued by"
                    ),
                ),
                ("issued_at", models.DateTimeField(blank=True, null=True, verbose_name="issued")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason of the end"
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
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "original",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "returned",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.return",
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
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
            },
        ),
        migrations.CreateModel(
            name="Instalment",
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
                    "rule",
                    models.CharField(
                        choices=[
                            ("credit", "credit term"),
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
                    "amount",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount"),
                ),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due on")),
                (
                    "is_retention",
                    models.BooleanField(db_default=False, default=False, verbose_name="retention"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason of the day"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instalments",
                        to="billing.invoice",
                    ),
                ),
            ],
            options={
                "verbose_name": "instalment",
                "verbose_name_plural": "instalments",
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
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
                    "net",
                    models.DecimalField(
                        db_default=0, decimal_places=4, default=0, max_digits=18, verbose_name="net"
                    ),
                ),
                (
                    "tax",
                    models.DecimalField(
                        db_default=0, decimal_places=4, default=0, max_digits=18, verbose_name="tax"
                    ),
                ),
                (
                    "gross",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="total with tax",
                    ),
                ),
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
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
                    models.DecimalField(decimal_places=6, max_digits=7, verbose_name="tax rate"),
                ),
                (
                    "unit_cost",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=20,
                        null=True,
                        verbose_name="cost of one",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.invoice",
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.orderline",
                    ),
                ),
                (
                    "original",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceline",
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
                    "receipt_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.receiptline",
                    ),
                ),
                (
                    "root_item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.deliveryitem",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice line",
                "verbose_name_plural": "invoice lines",
            },
        ),
        migrations.CreateModel(
            name="JournalBatch",
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
                ("number", models.CharField(max_length=40, unique=True, verbose_name="batch")),
                ("until", models.DateField(verbose_name="up to")),
                ("line_count", models.PositiveIntegerField(verbose_name="lines")),
                (
                    "debit",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="debit"),
                ),
                (
                    "credit",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="credit"),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="hash of the file")),
                ("made_by_name", models.CharField(max_length=200, verbose_name="made by")),
                ("made_at", models.DateTimeField(verbose_name="made")),
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
            ],
            options={
                "verbose_name": "journal batch",
                "verbose_name_plural": "journal batches",
            },
        ),
        migrations.CreateModel(
            name="JournalLine",
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
                    "document_kind",
                    models.CharField(
                        choices=[
                            ("invoice", "invoice"),
                            ("credit_note", "credit note"),
                            ("payment", "payment"),
                            ("assignment", "assignment of a payment"),
                        ],
                        max_length=12,
                        verbose_name="document",
                    ),
                ),
                ("document_id", models.UUIDField()),
                ("document_no", models.CharField(max_length=60, verbose_name="document number")),
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                ("booked_on", models.DateField(verbose_name="date")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("receivable", "receivables"),
                            ("revenue", "revenue"),
                            ("vat_output", "output VAT"),
                            ("inventory", "inventory"),
                            ("cogs", "cost of goods sold"),
                            ("bank", "bank"),
                            ("suspense", "receipts not yet assigned"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "party_name",
                    models.CharField(
                        blank=True, db_default="", max_length=300, verbose_name="party"
                    ),
                ),
                (
                    "debit",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="debit",
                    ),
                ),
                (
                    "credit",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="credit",
                    ),
                ),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "tax_code",
                    models.CharField(
                        blank=True, db_default="", max_length=20, verbose_name="tax code"
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        blank=True, db_default="", max_length=40, verbose_name="account"
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.journalbatch",
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
            ],
            options={
                "verbose_name": "journal line",
                "verbose_name_plural": "journal lines",
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("receivable", "receivables"),
                            ("revenue", "revenue"),
                            ("vat_output", "output VAT"),
                            ("inventory", "inventory"),
                            ("cogs", "cost of goods sold"),
                            ("bank", "bank"),
                            ("suspense", "receipts not yet assigned"),
                        ],
                        max_length=20,
                        unique=True,
                        verbose_name="role",
                    ),
                ),
                ("account", models.CharField(max_length=40, verbose_name="account")),
            ],
            options={
                "verbose_name": "ledger account",
                "verbose_name_plural": "ledger accounts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "receivable",
                                    "revenue",
                                    "vat_output",
                                    "inventory",
                                    "cogs",
                                    "bank",
                                    "suspense",
                                ],
                            )
                        ),
                        name="ledger_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account__regex", "^[0-9A-Za-z.\\-]+$")),
                        name="ledger_account_is_a_code",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
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
                    models.CharField(max_length=40, unique=True, verbose_name="payment number"),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("in", "received"), ("out", "paid back")],
                        max_length=3,
                        verbose_name="direction",
                    ),
                ),
                (
                    "customer_name",
                    models.CharField(
                        blank=True, db_default="", max_length=300, verbose_name="customer"
                    ),
                ),
                (
                    "payer",
                    models.CharField(
                        blank=True, db_default="", max_length=300, verbose_name="payer"
                    ),
                ),
                ("paid_on", models.DateField(verbose_name="date")),
                (
                    "amount",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount"),
                ),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                ("account", models.CharField(max_length=60, verbose_name="bank account")),
                ("bank_ref", models.CharField(max_length=100, verbose_name="bank reference")),
                (
                    "text",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="text"
                    ),
                ),
                (
                    "settled",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="matched",
                    ),
                ),
                ("recorded_by_name", models.CharField(max_length=200, verbose_name="recorded by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bankstatement",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
            },
        ),
        migrations.CreateModel(
            name="Match",
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
                    "amount",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                ("matched_by_name", models.CharField(max_length=200, verbose_name="matched by")),
                ("matched_at", models.DateTimeField(verbose_name="matched")),
                (
                    "credit_note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
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
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "matched_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="billing.match",
                    ),
                ),
                (
                    "paid_back",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "verbose_name": "match",
                "verbose_name_plural": "matches",
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["customer", "status"], name="invoice_of_customer"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["status", "-number"], name="invoice_by_state"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["vat_special", "vat_general", "credit"])),
                name="invoice_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("tax_number", ""), _negated=True),
                fields=("tax_code", "tax_number"),
                name="invoice_tax_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("returned__isnull", False), models.Q(("status", "voided"), _negated=True)
                ),
                fields=("returned",),
                name="invoice_return_credited_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "gross",
                        django.db.models.expressions.CombinedExpression(
                            models.F("net"), "+", models.F("tax")
                        ),
                    ),
                    ("gross__gte", 0),
                    ("net__gte", 0),
                    ("tax__gte", 0),
                ),
                name="invoice_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("settled__gte", 0),
                    ("settled__lte", models.F("gross")),
                    ("credited__gte", 0),
                    ("credited__lte", models.F("gross")),
                ),
                name="invoice_settled_within",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "credit"),
                        ("original__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "credit"), _negated=True),
                        ("original__isnull", True),
                        ("returned__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="invoice_credit_says_what_and_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("written_by")), _negated=True),
                    _connector="OR",
                ),
                name="invoice_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "voided"]),
                    models.Q(
                        ("approved_at__isnull", False),
                        models.Q(("approved_by_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="invoice_past_draft_is_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("invoiced_on__isnull", False),
                        ("issued_at__isnull", False),
                        ("status__in", ["issued", "part_paid", "paid", "reversed"]),
                        models.Q(("tax_number", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(
                            ("status__in", ["issued", "part_paid", "paid", "reversed"]),
                            _negated=True,
                        ),
                        ("invoiced_on__isnull", True),
                        ("tax_number", ""),
                    ),
                    _connector="OR",
                ),
                name="invoice_issued_has_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "voided"), _negated=True),
                    models.Q(("end_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="invoice_voided_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="instalment",
            index=models.Index(fields=["due_on"], name="instalment_by_day"),
        ),
        migrations.AddConstraint(
            model_name="instalment",
            constraint=models.UniqueConstraint(
                fields=("invoice", "line_no"), name="instalment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="instalment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="instalment_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="instalment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "rule__in",
                        [
                            "credit",
                            "signed",
                            "shipped",
                            "delivered",
                            "accepted",
                            "warranty_end",
                            "date",
                        ],
                    )
                ),
                name="instalment_rule_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                fields=("invoice", "line_no"), name="invoice_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("original__isnull", True)),
                fields=("invoice", "receipt_line"),
                name="invoice_receipt_line_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("original__isnull", True), ("qty__gt", 0)),
                    models.Q(("original__isnull", False), ("qty__gte", 0)),
                    _connector="OR",
                ),
                name="invoice_line_of_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "gross",
                        django.db.models.expressions.CombinedExpression(
                            models.F("net"), "+", models.F("tax")
                        ),
                    ),
                    ("net__gte", 0),
                    ("tax__gte", 0),
                ),
                name="invoice_line_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("original__isnull", False),
                    models.Q(
                        (
                            "gross",
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
                        ),
                        (
                            "net",
                            django.db.models.functions.math.Round(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("gross"),
                                    "/",
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(1), "+", models.F("tax_rate")
                                    ),
                                ),
                                2,
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="invoice_line_is_rounded_half_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 1)),
                name="invoice_line_tax_is_a_share",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("debit", models.F("credit"))), name="batch_balances"
            ),
        ),
        migrations.AddConstraint(
            model_name="journalbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("line_count__gt", 0)), name="batch_of_something"
            ),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(
                condition=models.Q(("batch__isnull", True)),
                fields=["booked_on"],
                name="journal_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.UniqueConstraint(
                fields=("document_kind", "document_id", "line_no"), name="journal_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("document_kind__in", ["invoice", "credit_note", "payment", "assignment"])
                ),
                name="journal_document_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "receivable",
                            "revenue",
                            "vat_output",
                            "inventory",
                            "cogs",
                            "bank",
                            "suspense",
                        ],
                    )
                ),
                name="journal_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credit", 0), ("debit__gt", 0)),
                    models.Q(("credit__gt", 0), ("debit", 0)),
                    _connector="OR",
                ),
                name="journal_line_one_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", ""), ("batch__isnull", True)),
                    models.Q(("batch__isnull", False), models.Q(("account", ""), _negated=True)),
                    _connector="OR",
                ),
                name="journal_exported_has_account",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["customer", "-paid_on"], name="payment_of_customer"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["-paid_on", "-number"], name="payment_by_date"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["in", "out"])), name="payment_direction_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                fields=("account", "bank_ref"), name="payment_bank_ref_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="payment_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled__gte", 0), ("settled__lte", models.F("amount"))),
                name="payment_not_overspent",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled", 0), ("customer__isnull", False), _connector="OR"),
                name="payment_matched_has_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bank_ref", ""), _negated=True),
                    models.Q(("account", ""), _negated=True),
                ),
                name="payment_has_bank_ref",
            ),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["customer", "-matched_at"], name="match_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credit_note__isnull", False), ("payment__isnull", True)),
                    models.Q(("credit_note__isnull", True), ("payment__isnull", False)),
                    _connector="OR",
                ),
                name="match_takes_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("invoice__isnull", True), ("paid_back__isnull", False)),
                    models.Q(("invoice__isnull", False), ("paid_back__isnull", True)),
                    _connector="OR",
                ),
                name="match_covers_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("undoes__isnull", True)),
                    models.Q(
                        ("amount__lt", 0),
                        ("undoes__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="match_undone_has_reason",
            ),
        ),
        migrations.RunSQL(query("billing", "invoices"), migrations.RunSQL.noop),
        migrations.RunSQL(query("billing", "payments"), migrations.RunSQL.noop),
        migrations.RunSQL(query("billing", "journal"), migrations.RunSQL.noop),
    ]
