"""Sources, snapshots, mappings, runs, their chunks and their issues."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.states import ISSUE, RUN, SOURCE


class Source(BusinessModel):
    """A place data comes from: a register, an export, a database.

    ``layout`` is the fingerprint of the headers it was first seen with: a later file of the same
    layout belongs to the same source unless somebody says otherwise. ``authority`` decides
    between sources that disagree; the higher wins.
    """

    code = models.CharField(_("code"), max_length=120, unique=True)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(_("kind"), max_length=20)
    owner = models.CharField(_("owner"), max_length=120, blank=True, db_default="")
    steward = models.CharField(_("data steward"), max_length=120, blank=True, db_default="")
    authority = models.IntegerField(_("authority"), default=50)
    layout = models.CharField(max_length=64, blank=True, db_default="")
    value_maps = models.JSONField(default=dict, blank=True)
    status = models.CharField(_("status"), max_length=20, default="live", choices=SOURCE.choices())

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        indexes = [models.Index(fields=["layout"], name="source_layout")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(authority__gte=0, authority__lte=1000),
                name="source_authority_in_range",
            )
        ]

    def __str__(self) -> str:
        return self.name_zh


class Snapshot(BusinessModel):
    """The bytes of a file or table extract as they were received, and how they were read.

    The same bytes read with the same hints are the same snapshot. ``folder`` is its place in the
    snapshot store: the digest of the bytes, and a mark of the hints where some were given.
    """

    sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=80, unique=True)
    file_name = models.CharField(_("file"), max_length=400)
    kind = models.CharField(max_length=20)
    bytes = models.BigIntegerField(_("size"))
    encoding = models.CharField(max_length=40, blank=True, db_default="")
    parser_version = models.CharField(max_length=40)
    tables = models.JSONField(default=list)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")

    def __str__(self) -> str:
        return self.file_name


class MappingVersion(BusinessModel):
    """One version of how a source's columns become fields. Never changed once a run used it."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="mappings")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    origin = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="mapping_version_once")
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class Run(BusinessModel):
    """One passage of a snapshot through reading, cleaning, checking and loading.

    ``counts`` closes: per source ``read = created + updated + merged + unchanged + excluded +
    quarantined``.
    """

    number = models.CharField(_("number"), max_length=30, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="runs")
    mapping = models.ForeignKey(MappingVersion, on_delete=models.PROTECT, null=True)
    location = models.CharField(max_length=1000)
    file_name = models.CharField(_("file"), max_length=400)
    status = models.CharField(_("status"), max_length=20, default="created", choices=RUN.choices())
    #: When the source said so: the day of the export, else of the import. Newer wins a tie.
    observed_at = models.DateTimeField(_("as of"))
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    started_by = models.CharField(_("person"), max_length=200, blank=True, db_default="")
    counts = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    error = models.JSONField(null=True)
    #: The run that this one rolls back; empty for an import.
    reverts = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="rollbacks"
    )

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = [models.Index(fields=["-created_at"], name="run_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["reverts"],
                name="run_one_rollback_open",
                condition=models.Q(status__in=("planned", "approved", "applying", "failed")),
            )
        ]

    def __str__(self) -> str:
        return self.number


class Chunk(models.Model):
    """The ledger of a run's application: one row per chunk, written with the chunk's data.

    A chunk stands here if and only if its rows are in the tables, so resuming after a kill is
    exact. ``Run`` progress and rates are read from here.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="chunks")
    entity = models.CharField(max_length=40)
    stream = models.CharField(max_length=400)
    number = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    merged = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    cells = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "entity", "stream", "number"], name="chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.entity}/{self.number}"


class Progress(models.Model):
    """What a run is doing right now; overwritten, not history."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True)
    phase_zh = models.CharField(max_length=200)
    phase_en = models.CharField(max_length=200)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    since = models.DateTimeField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.phase_en} {self.done}/{self.total}"


class Issue(BusinessModel):
    """What is wrong with one value of one source record, until somebody or the source mends it.

    Found again by (source, rule, place, field, raw value), so a rerun updates it and does not
    double it. ``place`` is the source key, or the row number where there is none.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="issues")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="issues")
    entity = models.CharField(max_length=40)
    rule = models.CharField(_("rule"), max_length=80)
    severity = models.CharField(_("severity"), max_length=10)
    place = models.CharField(max_length=440)
    table_no = models.PositiveIntegerField(default=0)
    table_name = models.CharField(max_length=200, blank=True, db_default="")
    row = models.IntegerField(null=True)
    column = models.IntegerField(null=True, db_column="column_no")
    header = models.CharField(max_length=300, blank=True, db_default="")
    field = models.CharField(_("field"), max_length=63, blank=True, db_default="")
    value = models.TextField(_("value"), blank=True, db_default="")
    proposal = models.TextField(_("proposal"), null=True, blank=True)
    raw_hash = models.CharField(max_length=32)
    gid = models.UUIDField(null=True)
    status = models.CharField(_("status"), max_length=10, default="open", choices=ISSUE.choices())

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "entity", "rule", "place", "field", "raw_hash"],
                name="issue_found_again",
            )
        ]
        indexes = [
            models.Index(fields=["run", "rule", "row"], name="issue_by_run"),
            models.Index(fields=["status", "severity"], name="issue_open"),
            models.Index(fields=["gid"], name="issue_gid", condition=models.Q(gid__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.place}"


class RunIssueCount(models.Model):
    """How often each rule was broken in a run. Stored issues are capped, these counts are not."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="issue_counts")
    entity = models.CharField(max_length=40)
    table_no = models.PositiveIntegerField(default=0)
    rule = models.CharField(max_length=80)
    severity = models.CharField(max_length=10)
    count = models.BigIntegerField()
    examples = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "entity", "table_no", "rule"], name="run_issue_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.count}"


class Rollback(BusinessModel):
    """What a rollback would do, as it was planned and approved, and what it did.

    ``counts`` by entity and outcome are part of ``plan_sha256``, which the second person signs.
    ``chunks``: ``[phase, entity, low, high]``, ranges of row ids. Clean rows are not listed: each
    chunk works them out again from the change log, under lock.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="rollback")
    plan_sha256 = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    chunks = models.JSONField(default=list)
    planned_at = models.DateTimeField()
    act = models.CharField(_("act"), max_length=40, blank=True, db_default="")
    result = models.JSONField(default=dict)
    proof = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("rollback")
        verbose_name_plural = _("rollbacks")

    def __str__(self) -> str:
        return str(self.run)


class RollbackItem(BusinessModel):
    """One field or row that a rollback leaves as it is, and why. Values are as the log has them.

    ``stage``: ``plan`` or, what was met while it was carried out, ``apply``. ``amends``: a later
    run wrote the field first, so that its before-value is now ``before`` of this one.
    """

    rollback = models.ForeignKey(Rollback, on_delete=models.PROTECT, related_name="items")
    stage = models.CharField(max_length=10)
    entity = models.CharField(max_length=40)
    row_id = models.UUIDField()
    field = models.CharField(_("field"), max_length=63, blank=True, db_default="")
    outcome = models.CharField(_("outcome"), max_length=20)
    before = models.JSONField(null=True)
    loaded = models.JSONField(null=True)
    current = models.JSONField(null=True)
    changed_by = models.CharField(_("person"), max_length=200, blank=True, db_default="")
    changed_at = models.DateTimeField(null=True)
    later_run_id = models.UUIDField(null=True)
    amends = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("conflict of a rollback")
        verbose_name_plural = _("conflicts of rollbacks")
        indexes = [
            models.Index(fields=["rollback", "stage", "id"], name="rollback_item_of"),
            models.Index(
                fields=["later_run_id", "row_id"],
                name="rollback_item_amends",
                condition=models.Q(amends=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.entity} {self.field}"
