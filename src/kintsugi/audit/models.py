"""The record of changes and of origins. Written by database triggers and by imports only."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.packs.models import EvidencePack
from kintsugi.audit.reports.models import ReportDefinition
from kintsugi.audit.retention.models import LegalHold
from kintsugi.audit.sealing.models import (
    Checkpoint,
    Cosignature,
    Epoch,
    Guard,
    LeafRun,
    Node,
    SealKey,
    TimeStamp,
    Verification,
)
from kintsugi.audit.verifying.models import FoldState
from kintsugi.core.models import CurrentTransaction

__all__ = [
    "Change",
    "Checkpoint",
    "Cosignature",
    "CrosswalkChange",
    "Epoch",
    "EvidencePack",
    "FieldSet",
    "FoldState",
    "Guard",
    "LeafRun",
    "LegalHold",
    "Node",
    "Origin",
    "Provenance",
    "ReportDefinition",
    "SealKey",
    "TimeStamp",
    "Transaction",
    "Verification",
]


class Transaction(models.Model):
    """One database transaction that changed business rows: who, by what, and why."""

    xid = models.BigIntegerField(db_default=CurrentTransaction(), unique=True)
    at = models.DateTimeField(_("time"), db_default=Now())
    actor_id = models.UUIDField(null=True)
    actor = models.CharField(_("person"), max_length=200)
    command = models.CharField(_("command"), max_length=120)
    reason = models.CharField(_("reason"), max_length=400, db_default="")
    request_id = models.CharField(max_length=64, db_default="")
    run_id = models.UUIDField(_("run"), null=True)
    facts = models.JSONField(default=dict)
    #: Authenticates all the above; null where it was written by hand (verifying/tokens.py).
    token = models.TextField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token"], name="context_token_once")]
        indexes = [
            models.Index(fields=["-at"], name="transaction_at"),
            models.Index(
                fields=["run_id"],
                name="transaction_run",
                condition=models.Q(run_id__isnull=False),
            ),
            models.Index(fields=["actor", "-at"], name="transaction_person"),
            models.Index(fields=["command", "-at"], name="transaction_command"),
        ]

    def __str__(self) -> str:
        return f"{self.command} by {self.actor}"


class Change(models.Model):
    """One changed row of a business table.

    ``before`` and ``after`` hold the columns that changed (an insert: all that are not null), so
    that folding a row's changes in order gives the row. Rows are added by triggers only; the
    table refuses UPDATE, DELETE and TRUNCATE.

    ``op``: I, U and D; about a table and no row of it: N under the nil id, rows that an update
    touched and left as they were (their number and the sum of their ids' last eight bytes); S
    under the greatest id, the table's columns as a migration left them.
    """

    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    table = models.CharField(max_length=63, db_column="table_name")
    row_id = models.UUIDField()
    op = models.CharField(max_length=1)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["row_id"], name="change_row"),
            # The log grows in the order of its transactions: block ranges find a span of time.
            BrinIndex(
                fields=["transaction", "table"],
                name="change_span",
                pages_per_range=32,
                autosummarize=True,
            ),
            # Sealing and verifying read the changes of a range of transactions in this order.
            models.Index(fields=["transaction", "id"], name="change_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.op} {self.table} {self.row_id}"


class Origin(models.Model):
    """Where a set of source records came from: one table of one snapshot under one mapping.

    ``columns`` gives for each field the source columns it was read from:
    ``{"serial_no": [{"ordinal": 3, "letter": "C", "header": "设备信息/序列号"}]}``.
    """

    run_id = models.UUIDField()
    stream = models.CharField(max_length=400)
    source = models.CharField(_("source"), max_length=120)
    source_name = models.JSONField(default=dict)
    authority = models.IntegerField(default=50)
    entity = models.CharField(max_length=40)
    file_name = models.CharField(max_length=400)
    snapshot = models.CharField(max_length=80)
    table_no = models.PositiveIntegerField()
    table_name = models.CharField(max_length=200)
    mapping_version = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run_id", "entity", "stream"], name="origin_once_per_run"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name} › {self.table_name}"


class FieldSet(models.Model):
    """A set of field names, stored once and referred to by many provenance rows."""

    fields = ArrayField(models.CharField(max_length=63), unique=True)

    def __str__(self) -> str:
        return ", ".join(self.fields)


class OpenRecords(models.Manager["Provenance"]):
    """Records that stand; those that a rollback closed are left out."""

    def get_queryset(self) -> models.QuerySet["Provenance"]:
        """The open ones."""
        return super().get_queryset().filter(closed_run_id__isnull=True)


class Provenance(models.Model):
    """One source record behind a business row: the crosswalk from source key to row.

    ``values`` are the record's canonical values, ``won`` the fields whose golden value came from
    it. ``source`` is the stream: the source's code, and the table and role within it. A field's
    cell is ``origin.columns[field]`` × ``row``, or ``field_rows[field]`` where the value was taken
    from another row of the same source key. Open until a rollback closes it (``closed_run_id``);
    then the same source key may be met anew.
    """

    source = models.CharField(max_length=400)
    entity = models.CharField(max_length=40)
    source_key = models.CharField(max_length=400)
    gid = models.UUIDField()
    origin = models.ForeignKey(
        Origin, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    row = models.IntegerField()
    rows = ArrayField(models.IntegerField(), null=True)
    field_rows = models.JSONField(null=True)
    values = models.JSONField()
    values_hash = models.UUIDField()
    won = models.ForeignKey(FieldSet, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    closed_run_id = models.UUIDField(null=True)

    objects = OpenRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "source", "source_key"],
                name="provenance_source_key",
                condition=models.Q(closed_run_id__isnull=True),
            )
        ]
        indexes = [models.Index(fields=["gid"], name="provenance_gid")]

    def __str__(self) -> str:
        return f"{self.source}:{self.source_key}"


class CrosswalkChange(models.Model):
    """A source record of the crosswalk that was rewritten, as it was and as it became.

    Written by a trigger, in the transaction that rewrote it; what a rollback puts back.
    """

    provenance_id = models.BigIntegerField()
    run_id = models.UUIDField(null=True)
    before = models.JSONField()
    after = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["provenance_id", "id"], name="crosswalk_change_of"),
            models.Index(fields=["run_id", "provenance_id"], name="crosswalk_change_by_run"),
        ]

    def __str__(self) -> str:
        return f"{self.provenance_id} in {self.run_id}"


from kintsugi.audit.refusals import Refusal  # noqa: E402  # Django looks for models here

__all__ = [
    "Change",
    "CrosswalkChange",
    "FieldSet",
    "Origin",
    "Provenance",
    "Refusal",
    "Transaction",
]
