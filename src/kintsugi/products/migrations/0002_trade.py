"""Certificates, first reviews, the rules of who may trade what, and fields that trade needs."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [
        ("identity", "0031_matrix"),
        ("parties", "0002_licences"),
        ("products", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthorisedProduct",
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
            ],
            options={
                "verbose_name": "authorised product",
                "verbose_name_plural": "authorised products",
            },
        ),
        migrations.CreateModel(
            name="Certificate",
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
                ("number", models.CharField(max_length=50, verbose_name="certificate number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("registration", "registration certificate"),
                            ("filing", "filing (class I)"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "approved_on",
                    models.DateField(blank=True, null=True, verbose_name="approved on"),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid through")),
                (
                    "revoked_on",
                    models.DateField(blank=True, null=True, verbose_name="withdrawn on"),
                ),
                ("revoke_reason", models.CharField(blank=True, db_default="", max_length=400)),
                ("revoked_by_name", models.CharField(blank=True, db_default="", max_length=200)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("file_sha256", models.CharField(blank=True, db_default="", max_length=64)),
                (
                    "file_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="file"
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="note"
                    ),
                ),
            ],
            options={
                "verbose_name": "certificate",
                "verbose_name_plural": "certificates",
            },
        ),
        migrations.CreateModel(
            name="CertificateProduct",
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
            ],
            options={
                "verbose_name": "product of a certificate",
                "verbose_name_plural": "products of certificates",
            },
        ),
        migrations.CreateModel(
            name="FirstReview",
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
                ("number", models.CharField(max_length=30, unique=True, verbose_name="number")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("supplier", "first business with a supplier"),
                            ("customer", "first business with a customer"),
                            ("product", "first business with a product"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=4),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_review", "in quality review"),
                            ("in_approval", "waits for the quality manager"),
                            ("effective", "in force"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                            ("replaced", "replaced by a later one"),
                            ("ended", "ended"),
                        ],
                        default="draft",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                (
                    "requested_by_name",
                    models.CharField(max_length=200, verbose_name="requested by"),
                ),
                ("requested_at", models.DateTimeField(verbose_name="requested")),
                (
                    "reviewed_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="reviewed by"
                    ),
                ),
                (
                    "reviewed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="reviewed"),
                ),
                (
                    "review_opinion",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="opinion"
                    ),
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
                    "effective_from",
                    models.DateField(blank=True, null=True, verbose_name="in force from"),
                ),
                ("closed_by_name", models.CharField(blank=True, db_default="", max_length=200)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("closing_reason", models.CharField(blank=True, db_default="", max_length=400)),
                ("checklist", models.JSONField(blank=True, default=list)),
            ],
            options={
                "verbose_name": "first review",
                "verbose_name_plural": "first reviews",
            },
        ),
        migrations.AddField(
            model_name="product",
            name="item_kind",
            field=models.CharField(blank=True, max_length=20, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="products.product",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="min_ship_remaining_days",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="near_expiry_days",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="needs_install",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="tax_code",
            field=models.CharField(blank=True, max_length=19, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="tax_rate",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=5, null=True),
        ),
        migrations.AddField(
            model_name="product",
            name="warranty_start_rule",
            field=models.CharField(blank=True, max_length=20, null=True),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("near_expiry_days__isnull", True),
                    ("near_expiry_days__gte", 1),
                    _connector="OR",
                ),
                name="product_near_expiry_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("min_ship_remaining_days__isnull", True),
                    ("min_ship_remaining_days__gte", 0),
                    _connector="OR",
                ),
                name="product_remaining_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("tax_rate__isnull", True),
                    models.Q(("tax_rate__gte", 0), ("tax_rate__lte", 1)),
                    _connector="OR",
                ),
                name="product_tax_rate_a_fraction",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True), ("is_void", True), _connector="OR"
                ),
                name="product_merged_is_void",
            ),
        ),
        migrations.AddField(
            model_name="authorisedproduct",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="authorised",
                to="products.product",
            ),
        ),
        migrations.AddField(
            model_name="authorisedproduct",
            name="qualification",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parties.qualification",
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="holder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.party"
            ),
        ),
        migrations.AddField(
            model_name="certificate",
            name="revoked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.person",
            ),
        ),
        migrations.AddField(
            model_name="certificateproduct",
            name="certificate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="covered",
                to="products.certificate",
            ),
        ),
        migrations.AddField(
            model_name="certificateproduct",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certified",
                to="products.product",
            ),
        ),
        migrations.AddField(
            model_name="firstreview",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.person",
            ),
        ),
        migrations.AddField(
            model_name="firstreview",
            name="party",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parties.party",
            ),
        ),
        migrations.AddField(
            model_name="firstreview",
            name="product",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="products.product",
            ),
        ),
        migrations.AddField(
            model_name="firstreview",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="identity.person"
            ),
        ),
        migrations.AddField(
            model_name="firstreview",
            name="reviewed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.person",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorisedproduct",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("product", "qualification"),
                name="authorised_product_once",
            ),
        ),
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(fields=["valid_to"], name="certificate_ends"),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)), fields=("number",), name="certificate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), _negated=True), name="certificate_has_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["registration", "filing"])),
                name="certificate_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "filing"), ("valid_to__isnull", True)),
                    models.Q(("kind", "registration"), ("valid_to__gte", models.F("valid_from"))),
                    _connector="OR",
                ),
                name="certificate_has_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_on__isnull", True),
                    ("approved_on__lte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="certificate_approved_before_valid",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_on__isnull", True),
                    models.Q(
                        models.Q(("revoke_reason", ""), _negated=True),
                        ("revoked_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="certificate_withdrawn_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificateproduct",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("product", "certificate"),
                name="certificate_product_once",
            ),
        ),
        migrations.AddIndex(
            model_name="firstreview",
            index=models.Index(fields=["party", "role"], name="first_review_of_party"),
        ),
        migrations.AddIndex(
            model_name="firstreview",
            index=models.Index(fields=["product"], name="first_review_of_product"),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("party__isnull", True), ("product__isnull", False), ("role", "product")
                    ),
                    models.Q(
                        ("party__isnull", False),
                        ("product__isnull", True),
                        ("role__in", ["supplier", "customer"]),
                    ),
                    _connector="OR",
                ),
                name="first_review_of_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(("classes__contained_by", ["I", "II", "III"])),
                name="first_review_classes_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "in_review",
                            "in_approval",
                            "effective",
                            "rejected",
                            "withdrawn",
                            "replaced",
                            "ended",
                        ],
                    )
                ),
                name="first_review_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reviewed_by__isnull", True),
                    models.Q(("reviewed_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="first_review_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(
                        models.Q(("approved_by", models.F("requested_by")), _negated=True),
                        models.Q(("approved_by", models.F("reviewed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="first_review_approved_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ["in_approval", "effective", "replaced", "ended"]),
                        _negated=True,
                    ),
                    models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                    _connector="OR",
                ),
                name="first_review_was_reviewed",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["effective", "replaced", "ended"]), _negated=True),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("approved_by__isnull", False),
                        ("effective_from__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="first_review_was_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "effective")),
                fields=("role", "party", "product"),
                name="first_review_in_force_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="firstreview",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("status__in", ("draft", "in_review", "in_approval", "rejected"))
                ),
                fields=("role", "party", "product"),
                name="first_review_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(query("products", "trade"), migrations.RunSQL.noop),
    ]
