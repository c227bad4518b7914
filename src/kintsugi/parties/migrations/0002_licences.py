"""Licences of parties with their rules, unlocks, and where a merged party went."""

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
        ("parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Qualification",
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
                        choices=[
                            ("business_licence", "business licence"),
                            ("operating_permit", "operating permit (class III)"),
                            ("operating_filing", "operating filing (class II)"),
                            ("production_permit", "production permit"),
                            ("production_filing", "production filing (class I)"),
                            ("medical_institution_permit", "medical institution permit"),
                            ("authorisation", "authorisation"),
                            ("sales_person_proxy", "proxy of the sales person"),
                            ("quality_agreement", "quality agreement"),
                            ("cert_of_conformity", "certificate of conformity"),
                        ],
                        max_length=30,
                        verbose_name="kind",
                    ),
                ),
                ("number", models.CharField(max_length=60, verbose_name="licence number")),
                (
                    "issuer",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="issuer"
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
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
                    "territory",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid through")),
                ("revoked_on", models.DateField(blank=True, null=True, verbose_name="revoked on")),
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
                "verbose_name": "licence",
                "verbose_name_plural": "licences",
            },
        ),
        migrations.CreateModel(
            name="Unlock",
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
                ("ended_on", models.DateField(verbose_name="licence ended")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "waits for approval"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                        ],
                        default="requested",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("first_day", models.DateField(verbose_name="from")),
                ("last_day", models.DateField(verbose_name="through")),
                (
                    "requested_by_name",
                    models.CharField(max_length=200, verbose_name="requested by"),
                ),
                ("requested_at", models.DateTimeField(verbose_name="requested")),
                (
                    "decided_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="decided by"
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("decision_reason", models.CharField(blank=True, db_default="", max_length=400)),
            ],
            options={
                "verbose_name": "unlock of a licence",
                "verbose_name_plural": "unlocks of licences",
            },
        ),
        migrations.AddField(
            model_name="party",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="parties.party",
            ),
        ),
        migrations.AddConstraint(
            model_name="party",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True), ("is_void", True), _connector="OR"
                ),
                name="party_merged_is_void",
            ),
        ),
        migrations.AddField(
            model_name="qualification",
            name="party",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="qualifications",
                to="parties.party",
            ),
        ),
        migrations.AddField(
            model_name="qualification",
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
            model_name="unlock",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="identity.person",
            ),
        ),
        migrations.AddField(
            model_name="unlock",
            name="qualification",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="unlocks",
                to="parties.qualification",
            ),
        ),
        migrations.AddField(
            model_name="unlock",
            name="requested_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="identity.person"
            ),
        ),
        migrations.AddIndex(
            model_name="qualification",
            index=models.Index(fields=["party", "kind"], name="licence_of_party"),
        ),
        migrations.AddIndex(
            model_name="qualification",
            index=models.Index(fields=["valid_to"], name="licence_ends"),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("kind", "number"),
                name="licence_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "business_licence",
                            "operating_permit",
                            "operating_filing",
                            "production_permit",
                            "production_filing",
                            "medical_institution_permit",
                            "authorisation",
                            "sales_person_proxy",
                            "quality_agreement",
                            "cert_of_conformity",
                        ],
                    )
                ),
                name="licence_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), _negated=True), name="licence_has_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True),
                    ("valid_from__lte", models.F("valid_to")),
                    _connector="OR",
                ),
                name="licence_from_before_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", False),
                    ("kind__in", ("business_licence", "operating_filing", "production_filing")),
                    _connector="OR",
                ),
                name="licence_has_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(("classes__contained_by", ["I", "II", "III"])),
                name="licence_classes_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="qualification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_on__isnull", True),
                    models.Q(
                        models.Q(("revoke_reason", ""), _negated=True),
                        ("revoked_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="licence_revoked_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "approved")),
                fields=("qualification", "ended_on"),
                name="unlock_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "approved", "refused"])),
                name="unlock_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="unlock_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="unlock_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "requested"),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="unlock_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="unlock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_day__gt", models.F("ended_on")),
                    ("last_day__gte", models.F("first_day")),
                ),
                name="unlock_after_the_end",
            ),
        ),
        migrations.RunSQL(query("parties", "licences"), migrations.RunSQL.noop),
    ]
