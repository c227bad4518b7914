"""Tables of the sealed log. They only grow: the database refuses UPDATE, DELETE and TRUNCATE."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Epoch(models.Model):
    """One unbroken life of the log; a restored or rolled-back database begins the next.

    Changes of transactions from ``floor_xid`` on whose id lies above ``after_change`` belong to
    it, and those that the epoch before left unsealed. ``lost`` is the last checkpoint known of the
    epoch before, which the database itself may no longer hold.
    """

    number = models.PositiveIntegerField(primary_key=True)
    at = models.DateTimeField(_("time"))
    actor = models.CharField(_("person"), max_length=200)
    reason = models.CharField(_("reason"), max_length=400)
    system = models.CharField(max_length=20)
    floor_xid = models.BigIntegerField()
    after_change = models.BigIntegerField()
    lost_number = models.BigIntegerField(null=True)
    lost_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "audit_epoch"

    def __str__(self) -> str:
        return f"epoch {self.number}"


class SealKey(models.Model):
    """A public key of the sealer or of a witness. A newer one is endorsed by the one before it;
    without an endorsement people have to compare fingerprints."""

    fingerprint = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=8)
    public = models.BinaryField()
    at = models.DateTimeField(_("time"))
    body = models.TextField()
    endorsed_by = models.CharField(max_length=64, blank=True, default="")
    endorsement = models.BinaryField(null=True)

    class Meta:
        db_table = "audit_seal_key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=("sealer", "witness")), name="seal_key_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.fingerprint[:16]}"


class Guard(models.Model):
    """What protects the record: all triggers, functions, privileges and roles, as one text.

    A row says that somebody (a migration, an administrator with a reason) stands behind it.
    """

    fingerprint = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()
    at = models.DateTimeField(_("time"), db_default=Now())
    actor = models.CharField(_("person"), max_length=200)
    reason = models.CharField(_("reason"), max_length=400)

    class Meta:
        db_table = "audit_guard"

    def __str__(self) -> str:
        return f"guard {self.fingerprint[:16]}"


class Checkpoint(models.Model):
    """A signed statement: these many changes, this root, at this time.

    ``body`` is what was signed; the columns repeat it for queries. ``peaks`` are the roots of the
    tree's complete subtrees, so that it grows without being read again. The next changes come
    after (``cursor_xid``, ``cursor_change``); no sealed change has an id above ``upto_change``.
    """

    number = models.BigIntegerField(primary_key=True)
    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT)
    size = models.BigIntegerField(_("changes"))
    root = models.CharField(max_length=64)
    at = models.DateTimeField(_("time"))
    guard = models.CharField(max_length=64)
    guard_text = models.TextField(blank=True, default="")
    body = models.TextField()
    fingerprint = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    signature = models.BinaryField()
    peaks = models.BinaryField()
    cursor_xid = models.BigIntegerField()
    cursor_change = models.BigIntegerField()
    upto_change = models.BigIntegerField()

    class Meta:
        db_table = "audit_checkpoint"
        indexes = [models.Index(fields=["at"], name="checkpoint_at")]

    def __str__(self) -> str:
        return f"checkpoint {self.number}"


class LeafRun(models.Model):
    """Leaf hashes of consecutive changes, 32 bytes each, and where these changes are found:
    (xid, id) above ``from_…`` up to ``to_…``, id above ``after_change`` up to ``upto_change``."""

    epoch = models.PositiveIntegerField()
    first = models.BigIntegerField()
    count = models.PositiveIntegerField()
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    hashes = models.BinaryField()
    from_xid = models.BigIntegerField()
    from_change = models.BigIntegerField()
    to_xid = models.BigIntegerField()
    to_change = models.BigIntegerField()
    after_change = models.BigIntegerField()
    upto_change = models.BigIntegerField()

    class Meta:
        db_table = "audit_leaf_run"
        constraints = [
            models.UniqueConstraint(fields=["epoch", "first"], name="leaf_run_place"),
        ]
        indexes = [models.Index(fields=["to_xid", "to_change"], name="leaf_run_end")]

    def __str__(self) -> str:
        return f"leaves {self.first}+{self.count} of epoch {self.epoch}"


class Node(models.Model):
    """Root of a complete subtree of 2^level leaves, level 8 and above: proofs read these instead
    of the leaves below."""

    epoch = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_node"
        constraints = [
            models.UniqueConstraint(fields=["epoch", "level", "number"], name="node_place")
        ]

    def __str__(self) -> str:
        return f"node {self.level}/{self.number} of epoch {self.epoch}"


class Cosignature(models.Model):
    """A witness's statement that a checkpoint continues the ones it had seen."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT)
    key = models.CharField(max_length=64)
    at = models.DateTimeField(_("time"))
    body = models.TextField()
    signature = models.BinaryField()

    class Meta:
        db_table = "audit_cosignature"
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "key"], name="cosignature_once")
        ]

    def __str__(self) -> str:
        return f"cosignature of checkpoint {self.checkpoint_id}"


class TimeStamp(models.Model):
    """A time stamp (RFC 3161) of an authority over a checkpoint's body."""

    checkpoint = models.OneToOneField(Checkpoint, on_delete=models.PROTECT, primary_key=True)
    at = models.DateTimeField(_("time"))
    authority = models.CharField(max_length=400)
    response = models.BinaryField()

    class Meta:
        db_table = "audit_time_stamp"

    def __str__(self) -> str:
        return f"time stamp of checkpoint {self.checkpoint_id}"


class Verification(models.Model):
    """What the verifiers said at one time; ``verdicts`` as they are given to the API."""

    at = models.DateTimeField(_("time"))
    since = models.DateTimeField(null=True)
    actor = models.CharField(_("person"), max_length=200)
    state = models.CharField(max_length=12)
    verdicts = models.JSONField()

    class Meta:
        db_table = "audit_verification"
        indexes = [models.Index(fields=["-at"], name="verification_at")]

    def __str__(self) -> str:
        return f"verification {self.at:%Y-%m-%d %H:%M} {self.state}"
