"""The sealed log's tables, which only grow, and the way from a transaction to its changes."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from kintsugi.core.migrating import Together

APPEND_ONLY = """
create trigger audit_append_only before update or delete or truncate on {table}
    for each statement execute function audit_append_only();
"""
TABLES = (
    *("audit_epoch", "audit_seal_key", "audit_guard", "audit_checkpoint", "audit_leaf_run"),
    *("audit_node", "audit_cosignature", "audit_time_stamp", "audit_verification"),
)


class Migration(Together):
    dependencies = [
        ("audit", "0002_change_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(verbose_name="changes")),
                ("root", models.CharField(max_length=64)),
                ("at", models.DateTimeField(verbose_name="time")),
                ("guard", models.CharField(max_length=64)),
                ("guard_text", models.TextField(blank=True, default="")),
                ("body", models.TextField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=64)),
                ("signature", models.BinaryField()),
                ("peaks", models.BinaryField()),
                ("cursor_xid", models.BigIntegerField()),
                ("cursor_change", models.BigIntegerField()),
                ("upto_change", models.BigIntegerField()),
            ],
            options={
                "db_table": "audit_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("at", models.DateTimeField(verbose_name="time")),
                ("body", models.TextField()),
                ("signature", models.BinaryField()),
            ],
            options={
                "db_table": "audit_cosignature",
            },
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="time")),
                ("actor", models.CharField(max_length=200, verbose_name="person")),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("system", models.CharField(max_length=20)),
                ("floor_xid", models.BigIntegerField()),
                ("after_change", models.BigIntegerField()),
                ("lost_number", models.BigIntegerField(null=True)),
                ("lost_hash", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={
                "db_table": "audit_epoch",
            },
        ),
        migrations.CreateModel(
            name="Guard",
            fields=[
                ("fingerprint", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="time"
                    ),
                ),
                ("actor", models.CharField(max_length=200, verbose_name="person")),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
            ],
            options={
                "db_table": "audit_guard",
            },
        ),
        migrations.CreateModel(
            name="LeafRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("first", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("hashes", models.BinaryField()),
                ("from_xid", models.BigIntegerField()),
                ("from_change", models.BigIntegerField()),
                ("to_xid", models.BigIntegerField()),
                ("to_change", models.BigIntegerField()),
                ("after_change", models.BigIntegerField()),
                ("upto_change", models.BigIntegerField()),
            ],
            options={
                "db_table": "audit_leaf_run",
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("level", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "audit_node",
            },
        ),
        migrations.CreateModel(
            name="SealKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("role", models.CharField(max_length=8)),
                ("public", models.BinaryField()),
                ("at", models.DateTimeField(verbose_name="time")),
                ("body", models.TextField()),
                ("endorsed_by", models.CharField(blank=True, default="", max_length=64)),
                ("endorsement", models.BinaryField(null=True)),
            ],
            options={
                "db_table": "audit_seal_key",
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("since", models.DateTimeField(null=True)),
                ("actor", models.CharField(max_length=200, verbose_name="person")),
                ("state", models.CharField(max_length=12)),
                ("verdicts", models.JSONField()),
            ],
            options={
                "db_table": "audit_verification",
            },
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["transaction", "id"], name="change_transaction"),
        ),
        migrations.CreateModel(
            name="TimeStamp",
            fields=[
                (
                    "checkpoint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="audit.checkpoint",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("authority", models.CharField(max_length=400)),
                ("response", models.BinaryField()),
            ],
            options={
                "db_table": "audit_time_stamp",
            },
        ),
        migrations.AddField(
            model_name="cosignature",
            name="checkpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="audit.checkpoint"
            ),
        ),
        migrations.AddField(
            model_name="checkpoint",
            name="epoch",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="audit.epoch"),
        ),
        migrations.AddField(
            model_name="leafrun",
            name="checkpoint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="audit.checkpoint"
            ),
        ),
        migrations.AddConstraint(
            model_name="node",
            constraint=models.UniqueConstraint(
                fields=("epoch", "level", "number"), name="node_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="sealkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ("sealer", "witness"))), name="seal_key_role"
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(fields=["-at"], name="verification_at"),
        ),
        migrations.AddConstraint(
            model_name="cosignature",
            constraint=models.UniqueConstraint(
                fields=("checkpoint", "key"), name="cosignature_once"
            ),
        ),
        migrations.AddIndex(
            model_name="checkpoint",
            index=models.Index(fields=["at"], name="checkpoint_at"),
        ),
        migrations.AddIndex(
            model_name="leafrun",
            index=models.Index(fields=["to_xid", "to_change"], name="leaf_run_end"),
        ),
        migrations.AddConstraint(
            model_name="leafrun",
            constraint=models.UniqueConstraint(fields=("epoch", "first"), name="leaf_run_place"),
        ),
        *(
            migrations.RunSQL(APPEND_ONLY.format(table=table), migrations.RunSQL.noop)
            for table in TABLES
        ),
    ]
