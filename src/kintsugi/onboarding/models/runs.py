"""Runs, the ledger of their chunks and what they are doing."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.sources import MappingVersion, Snapshot, Source
from kintsugi.onboarding.states import RUN


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
    #: Whether it is rehearsed first and let go by two persons.
    is_governed = models.BooleanField(default=False, db_default=False)
    #: The act that let it go.
    act = models.CharField(_("act"), max_length=40, blank=True, db_default="")
    #: What a rehearsal found, with its digest; see ``services.rehearsal``.
    rehearsal = models.JSONField(null=True)
    #: Hash of the contracts the run was prepared under.
    contracts = models.CharField(max_length=64, blank=True, db_default="")
    #: What a person asked of a run that is loading: ``pause``, ``stop`` or nothing.
    asked = models.CharField(max_length=10, blank=True, db_default="")
    #: When a run that waits for its window goes on.
    resume_at = models.DateTimeField(_("goes on at"), null=True, blank=True)
    window = models.ForeignKey(
        "onboarding.LoadWindow", on_delete=models.PROTECT, null=True, blank=True,
        related_name="runs",
    )  # fmt: skip
    #: The prepared run of which this one loads a wave.
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="waves"
    )
    #: The run that this one rolls back; empty for an import.
    reverts = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="rollbacks"
    )

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = [
            models.Index(fields=["-created_at"], name="run_newest"),
            models.Index(
                fields=["resume_at"],
                name="run_goes_on",
                condition=models.Q(status__in=("approved", "paused")),
            ),
        ]
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
