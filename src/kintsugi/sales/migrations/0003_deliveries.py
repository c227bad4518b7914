"""Deliveries, scans, receipts and returns with their rules."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("identity", "0031_matrix"),
        ("parties", "0003_credit"),
        ("products", "0002_trade"),
        ("sales", "0002_trade"),
        ("stock", "0002_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
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
                    models.CharField(max_length=40, unique=True, verbose_name="delivery number"),
                ),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                (
                    "is_consignment",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="consignment"
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
                ("wanted_on", models.DateField(verbose_name="wanted")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("assigned", "assigned"),
                            ("picking", "being picked"),
                            ("picked", "picked"),
                            ("checking", "being checked"),
                            ("checked", "checked"),
                            ("shipped", "shipped"),
                            ("in_transit", "in transit"),
                            ("part_signed", "partly signed"),
                            ("signed", "signed"),
                            ("refused", "refused"),
                            ("closed", "closed"),
                            ("cancelled", "cancelled"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "needs_cold",
                    models.CharField(
                        blank=True, db_default="", max_length=10, verbose_name="cold chain"
                    ),
                ),
                (
                    "picker_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="picker"
                    ),
                ),
                (
                    "short_reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="reason why less was picked",
                    ),
                ),
                ("picked_at", models.DateTimeField(blank=True, null=True, verbose_name="picked")),
                (
                    "checker_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="checker"
                    ),
                ),
                (
                    "check_round",
                    models.PositiveIntegerField(db_default=0, default=0, verbose_name="check"),
                ),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked")),
                (
                    "mode",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("self", "own transport"),
                            ("carrier", "carrier"),
                            ("cold", "cold chain"),
                        ],
                        db_default="",
                        max_length=10,
                        verbose_name="transport",
                    ),
                ),
                (
                    "carrier",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="carrier"
                    ),
                ),
                (
                    "waybill",
                    models.CharField(
                        blank=True, db_default="", max_length=80, verbose_name="waybill"
                    ),
                ),
                (
                    "cold_box",
                    models.CharField(
                        blank=True, db_default="", max_length=80, verbose_name="cold box"
                    ),
                ),
                (
                    "start_temp",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="temperature at departure, °C",
                    ),
                ),
                (
                    "log_interval_min",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="logging interval, min"
                    ),
                ),
                (
                    "shipped_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="shipped by"
                    ),
                ),
                ("shipped_at", models.DateTimeField(blank=True, null=True, verbose_name="shipped")),
                ("shipped_on", models.DateField(blank=True, null=True, verbose_name="shipped on")),
                (
                    "left_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="taken over by the carrier"
                    ),
                ),
                ("verdicts", models.JSONField(blank=True, default=list)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "checker",
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
                    "goes_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
                    ),
                ),
                (
                    "picker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "shipped_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.warehouse",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="DeliveryLine",
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
                    "lost",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="lost",
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
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                (
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.delivery",
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.orderline",
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
                "verbose_name": "delivery line",
                "verbose_name_plural": "delivery lines",
            },
        ),
        migrations.CreateModel(
            name="DeliveryItem",
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
                    "lost",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="lost",
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
                    "box_no",
                    models.CharField(blank=True, db_default="", max_length=40, verbose_name="box"),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="sales.delivery",
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
                    "taken_from",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.location",
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
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="sales.deliveryline",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivered item",
                "verbose_name_plural": "delivered items",
                "indexes": [
                    models.Index(fields=["lot"], name="delivery_item_of_lot"),
                    models.Index(fields=["unit"], name="delivery_item_of_unit"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_void", False)),
                        fields=("line", "product", "lot", "unit", "taken_from", "box_no"),
                        name="delivery_item_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_void", False), ("unit__isnull", False)),
                        fields=("delivery", "unit"),
                        name="delivery_unit_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("unit__isnull", True), ("picked__lte", 1), _connector="OR"
                        ),
                        name="delivery_unit_alone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_void", True), ("picked", 0)),
                            models.Q(("is_void", False), ("picked__gt", 0)),
                            _connector="OR",
                        ),
                        name="delivery_item_is_there",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lost__gte", 0),
                            ("picked__gte", 0),
                            ("refused__gte", 0),
                            ("returned__gte", 0),
                            ("shipped__gte", 0),
                            ("signed__gte", 0),
                        ),
                        name="delivery_item_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shipped__lte", models.F("picked"))),
                        name="delivery_item_shipped_was_picked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "shipped__gte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("signed"), "+", models.F("refused")
                                    ),
                                    "+",
                                    models.F("lost"),
                                ),
                            )
                        ),
                        name="delivery_item_arrived_was_shipped",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("returned__lte", models.F("signed"))),
                        name="delivery_item_returned_was_signed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PickScan",
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
                    "phase",
                    models.CharField(
                        choices=[
                            ("pick", "picking"),
                            ("check", "check"),
                            ("put_back", "putting back"),
                        ],
                        max_length=10,
                        verbose_name="phase",
                    ),
                ),
                ("round", models.PositiveIntegerField(db_default=0, default=0)),
                ("key", models.CharField(max_length=200)),
                ("raw", models.CharField(max_length=500, verbose_name="scanned")),
                ("parsed", models.JSONField(default=dict)),
                (
                    "qty",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="quantity",
                    ),
                ),
                ("accepted", models.BooleanField(verbose_name="accepted")),
                ("code", models.CharField(max_length=60, verbose_name="result")),
                ("said", models.JSONField(default=dict)),
                ("person_name", models.CharField(max_length=200, verbose_name="person")),
                (
                    "device",
                    models.CharField(
                        blank=True, db_default="", max_length=120, verbose_name="device"
                    ),
                ),
                ("scanned_at", models.DateTimeField(verbose_name="scanned at")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scans",
                        to="sales.delivery",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.deliveryline",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                "verbose_name": "scan",
                "verbose_name_plural": "scans",
                "indexes": [
                    models.Index(fields=["delivery", "phase", "round"], name="scan_of_delivery")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "phase", "key"), name="scan_once"),
                    models.CheckConstraint(
                        condition=models.Q(("phase__in", ["pick", "check", "put_back"])),
                        name="scan_phase_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted", False),
                            models.Q(("product__isnull", False), ("qty__gt", 0)),
                            models.Q(("location__isnull", False), ("product__isnull", True)),
                            _connector="OR",
                        ),
                        name="scan_accepted_is_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
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
                    models.CharField(max_length=40, unique=True, verbose_name="receipt number"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("delivery", "receipt"),
                            ("use", "consignment used"),
                            ("take_back", "consignment taken back"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("signer", models.CharField(max_length=100, verbose_name="signed by")),
                ("signed_at", models.DateTimeField(verbose_name="signed at")),
                ("signed_on", models.DateField(verbose_name="signed on")),
                (
                    "arrival_temp",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=5,
                        null=True,
                        verbose_name="temperature at arrival, °C",
                    ),
                ),
                (
                    "photo_sha256",
                    models.CharField(
                        blank=True, db_default="", max_length=64, verbose_name="photo"
                    ),
                ),
                (
                    "signature_sha256",
                    models.CharField(
                        blank=True, db_default="", max_length=64, verbose_name="signature"
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="note"
                    ),
                ),
                ("recorded_by_name", models.CharField(max_length=200, verbose_name="recorded by")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="sales.delivery",
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
            ],
            options={
                "verbose_name": "receipt",
                "verbose_name_plural": "receipts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["delivery", "use", "take_back"])),
                        name="receipt_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("signer", ""), _negated=True), name="receipt_is_signed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("photo_sha256", ""),
                                ("photo_sha256__regex", "^[0-9a-f]{64}$"),
                                _connector="OR",
                            ),
                            models.Q(
                                ("signature_sha256", ""),
                                ("signature_sha256__regex", "^[0-9a-f]{64}$"),
                                _connector="OR",
                            ),
                        ),
                        name="receipt_hash_is_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReceiptLine",
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
                    "outcome",
                    models.CharField(
                        choices=[
                            ("signed", "received"),
                            ("damaged", "damaged, comes back"),
                            ("refused", "refused"),
                            ("lost", "lost"),
                        ],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "qty",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sales.delivery",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt_lines",
                        to="sales.deliveryitem",
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.receipt",
                    ),
                ),
            ],
            options={
                "verbose_name": "receipt line",
                "verbose_name_plural": "receipt lines",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("receipt", "item", "outcome"), name="receipt_line_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["signed", "damaged", "refused", "lost"])
                        ),
                        name="receipt_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("qty__gt", 0)), name="receipt_line_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", "signed"),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="receipt_difference_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Return",
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
                    models.CharField(max_length=40, unique=True, verbose_name="return number"),
                ),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refund", "refund"),
                            ("exchange", "exchange"),
                            ("repair", "repair"),
                            ("scrap", "scrap"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("quality", "quality"),
                            ("wrong_item", "wrong item"),
                            ("transport_damage", "damaged on the way"),
                            ("near_expiry", "near expiry"),
                            ("recall", "recall"),
                            ("repair", "repair"),
                            ("trial_end", "end of a trial"),
                        ],
                        max_length=20,
                        verbose_name="reason",
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
                            ("requested", "requested"),
                            ("rejected", "rejected"),
                            ("awaited", "awaited"),
                            ("received", "came back, to be inspected"),
                            ("inspected", "inspected"),
                            ("closed", "closed"),
                        ],
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                (
                    "requested_by_name",
                    models.CharField(max_length=200, verbose_name="requested by"),
                ),
                ("requested_at", models.DateTimeField(verbose_name="requested")),
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
                    "received_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="came back"),
                ),
                (
                    "received_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="received by"
                    ),
                ),
                (
                    "inspected_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="inspected by"
                    ),
                ),
                (
                    "inspected_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="inspected"),
                ),
                (
                    "credit_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=18,
                        null=True,
                        verbose_name="credit",
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
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.party",
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="sales.delivery",
                    ),
                ),
                (
                    "inspected_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "requested_by",
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
                "verbose_name": "return",
                "verbose_name_plural": "returns",
                "indexes": [
                    models.Index(fields=["status", "-number"], name="return_by_state"),
                    models.Index(fields=["customer", "status"], name="return_of_customer"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["refund", "exchange", "repair", "scrap"])),
                        name="return_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "quality",
                                    "wrong_item",
                                    "transport_damage",
                                    "near_expiry",
                                    "recall",
                                    "repair",
                                    "trial_end",
                                ],
                            )
                        ),
                        name="return_reason_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="return_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("inspected_by__isnull", True),
                            models.Q(("inspected_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="return_inspected_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["requested", "rejected"]),
                            models.Q(
                                ("approved_at__isnull", False),
                                models.Q(("approved_by_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="return_awaited_is_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["inspected", "closed"]), _negated=True),
                            models.Q(
                                ("inspected_at__isnull", False),
                                models.Q(("inspected_by_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="return_settled_is_inspected",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "rejected"), _negated=True),
                            models.Q(("end_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="return_rejected_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credit_amount__isnull", True),
                            ("credit_amount__gte", 0),
                            _connector="OR",
                        ),
                        name="return_credit_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnLine",
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
                    "received",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="came back",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("restock", "back to stock"),
                            ("repair", "to repair"),
                            ("exchange", "exchanged, the old one rejected"),
                            ("refund", "refunded, the goods rejected"),
                            ("scrap", "scrapped"),
                            ("to_maker", "to the maker"),
                        ],
                        db_default="",
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                (
                    "finding",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="finding"
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="return_lines",
                        to="sales.deliveryitem",
                    ),
                ),
                (
                    "return_of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.return",
                    ),
                ),
            ],
            options={
                "verbose_name": "return line",
                "verbose_name_plural": "return lines",
                "constraints": [
                    models.UniqueConstraint(fields=("return_of", "item"), name="return_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("qty__gt", 0), ("received__gte", 0), ("received__lte", models.F("qty"))
                        ),
                        name="return_line_received_was_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decision", ""),
                            models.Q(
                                (
                                    "decision__in",
                                    [
                                        "restock",
                                        "repair",
                                        "exchange",
                                        "refund",
                                        "scrap",
                                        "to_maker",
                                    ],
                                ),
                                models.Q(("finding", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="return_decision_says_why",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="deliveryline",
            name="return_line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="sales.returnline",
            ),
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
                (
                    "number",
                    models.CharField(max_length=40, unique=True, verbose_name="wave number"),
                ),
                (
                    "picker_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="picker"
                    ),
                ),
                ("wanted_by", models.DateField(blank=True, null=True, verbose_name="wanted by")),
                (
                    "region",
                    models.CharField(
                        blank=True, db_default="", max_length=20, verbose_name="region"
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="made")),
                (
                    "picker",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stock.warehouse",
                    ),
                ),
            ],
            options={
                "verbose_name": "wave",
                "verbose_name_plural": "waves",
                "indexes": [
                    models.Index(fields=["warehouse", "-made_at"], name="wave_of_warehouse")
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="wave",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="sales.wave",
            ),
        ),
        migrations.CreateModel(
            name="CheckRecord",
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
                ("round", models.PositiveIntegerField(verbose_name="check")),
                ("customer_name", models.CharField(max_length=300, verbose_name="customer")),
                ("rows", models.JSONField(default=list)),
                ("result", models.CharField(max_length=100, verbose_name="result")),
                ("picker_name", models.CharField(max_length=200, verbose_name="picker")),
                ("checker_name", models.CharField(max_length=200, verbose_name="checker")),
                ("checked_at", models.DateTimeField(verbose_name="checked")),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="check_records",
                        to="sales.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "check record",
                "verbose_name_plural": "check records",
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "round"), name="check_record_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="deliveryline",
            index=models.Index(fields=["order_line"], name="delivery_line_of_order"),
        ),
        migrations.AddIndex(
            model_name="deliveryline",
            index=models.Index(fields=["product"], name="delivery_line_of_product"),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.UniqueConstraint(
                fields=("delivery", "line_no"), name="delivery_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False), ("order_line__isnull", False)),
                fields=("delivery", "order_line"),
                name="delivery_order_line_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(("qty__gt", 0)), name="delivery_line_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(("picked__lte", models.F("qty"))),
                name="delivery_line_not_too_much",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("order_line__isnull", False), ("return_line__isnull", True)),
                    models.Q(("order_line__isnull", True), ("return_line__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_line_says_for_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lost__gte", 0),
                    ("picked__gte", 0),
                    ("refused__gte", 0),
                    ("returned__gte", 0),
                    ("shipped__gte", 0),
                    ("signed__gte", 0),
                ),
                name="delivery_line_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(("shipped__lte", models.F("picked"))),
                name="delivery_line_shipped_was_picked",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "shipped__gte",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("signed"), "+", models.F("refused")
                            ),
                            "+",
                            models.F("lost"),
                        ),
                    )
                ),
                name="delivery_line_arrived_was_shipped",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryline",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned__lte", models.F("signed"))),
                name="delivery_line_returned_was_signed",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["customer", "status"], name="delivery_of_customer"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["warehouse", "status"], name="delivery_of_warehouse"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["status", "wanted_on"], name="delivery_by_state"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["-number"], name="delivery_by_number"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checker__isnull", True),
                    models.Q(("checker", models.F("picker")), _negated=True),
                    _connector="OR",
                ),
                name="delivery_checked_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "cancelled"]),
                    models.Q(("picker_name", ""), _negated=True),
                    _connector="OR",
                ),
                name="delivery_assigned_has_picker",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "assigned",
                            "picking",
                            "picked",
                            "checking",
                            "checked",
                            "cancelled",
                        ],
                    ),
                    models.Q(
                        ("checked_at__isnull", False), models.Q(("checker_name", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="delivery_shipped_was_checked",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "assigned",
                            "picking",
                            "picked",
                            "checking",
                            "checked",
                            "cancelled",
                        ],
                    ),
                    models.Q(
                        ("goes_to__isnull", False),
                        ("mode__in", ["self", "carrier", "cold"]),
                        ("shipped_at__isnull", False),
                        ("shipped_on__isnull", False),
                        models.Q(("shipped_by_name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="delivery_shipped_says_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mode__in", ["", "self"]),
                    models.Q(("carrier", ""), _negated=True),
                    _connector="OR",
                ),
                name="delivery_carrier_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("needs_cold", ""),
                    (
                        "status__in",
                        [
                            "draft",
                            "assigned",
                            "picking",
                            "picked",
                            "checking",
                            "checked",
                            "cancelled",
                        ],
                    ),
                    models.Q(
                        ("log_interval_min__gt", 0),
                        ("mode", "cold"),
                        models.Q(("cold_box", ""), _negated=True),
                        models.Q(
                            models.Q(
                                ("needs_cold", "cold"),
                                ("start_temp__gte", 2),
                                ("start_temp__lte", 8),
                            ),
                            models.Q(("needs_cold", "frozen"), ("start_temp__lte", -15)),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="delivery_cold_chain_begins_cold",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("needs_cold__in", ["", "cold", "frozen"])),
                name="delivery_cold_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "cancelled"), _negated=True),
                    models.Q(("end_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="delivery_cancelled_has_reason",
            ),
        ),
        migrations.RunSQL(query("sales", "deliveries"), migrations.RunSQL.noop),
        migrations.RunSQL(query("sales", "returns"), migrations.RunSQL.noop),
    ]
