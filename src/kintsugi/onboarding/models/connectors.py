"""Connectors of sources, what they fetched, and the profiles of what came."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.runs import Run
from kintsugi.onboarding.models.sources import Snapshot, Source
from kintsugi.onboarding.states import FETCH


class Connector(BusinessModel):
    """How the data of a source comes by itself: from where, with which log-in, and when.

    ``settings`` never holds a secret: ``secret`` names where it is kept (``env:NAME`` or
    ``file:NAME``). ``cron`` is in the days and hours of ``time_zone``; empty means only when
    asked. ``state`` is what the next fetch goes on from: a watermark, the tag of an answer, the
    last message, the files seen once.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="connectors")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20)
    settings = models.JSONField(default=dict, blank=True)
    secret = models.CharField(_("secret"), max_length=120, blank=True, db_default="")
    cron = models.CharField(_("schedule"), max_length=120, blank=True, db_default="")
    time_zone = models.CharField(_("time zone"), max_length=60)
    allow_private = models.BooleanField(_("inside the house"), default=False, db_default=False)
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    state = models.JSONField(default=dict, blank=True)
    next_at = models.DateTimeField(_("next fetch"), null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = _("connector")
        verbose_name_plural = _("connectors")
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="connector_named_once"),
            models.CheckConstraint(
                condition=models.Q(secret="")
                | models.Q(secret__regex=r"^(env|file):[A-Za-z0-9_.-]+$"),
                name="connector_secret_by_reference",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                name="connector_due",
                condition=models.Q(is_active=True, is_void=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Fetch(BusinessModel):
    """One thing that a connector fetched: a file, an extract, a batch of messages.

    ``item`` names it, ``mark`` tells one state of it from another (size and time of a file, the
    watermark of an extract): the same item with the same mark is dealt with once.
    """

    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="fetches")
    item = models.CharField(_("item"), max_length=400)
    mark = models.CharField(max_length=200)
    status = models.CharField(
        _("status"), max_length=10, default="arrived", choices=FETCH.choices()
    )
    snapshot = models.ForeignKey(
        Snapshot, on_delete=models.PROTECT, null=True, related_name="fetches"
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="fetches")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    attempts = models.PositiveIntegerField(_("tries"), default=1, db_default=1)
    error = models.JSONField(null=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("fetch")
        verbose_name_plural = _("fetches")
        constraints = [
            models.UniqueConstraint(fields=["connector", "item", "mark"], name="fetch_once")
        ]
        indexes = [models.Index(fields=["connector", "-started_at"], name="fetch_newest")]

    def __str__(self) -> str:
        return self.item


class Profile(models.Model):
    """A table of a snapshot as it was measured: scores, columns, risks. Made again from the
    snapshot at any time; ``content`` is the engine's profile."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="profiles")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="profiles")
    table_no = models.PositiveIntegerField()
    table_name = models.CharField(max_length=200)
    rows = models.BigIntegerField()
    scores = models.JSONField(default=dict)
    #: The source's scores when this was measured, over the tables of the snapshot: for lists.
    overall = models.JSONField(default=dict)
    content = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "snapshot", "table_no"], name="profile_once")
        ]

    def __str__(self) -> str:
        return f"{self.table_name} {self.at:%Y-%m-%d}"


class Assessment(BusinessModel):
    """What was found of a source against the standard for new sources, and who signed for what.

    ``items``: item → ``{"ok", "by", "note", "evidence"}``; ``by`` is empty where the system saw it
    by itself. ``sha256`` is what the second person approves.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="assessments")
    standard = models.PositiveIntegerField(_("version of the standard"))
    items = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64)
    assessed_at = models.DateTimeField(_("assessed"))
    assessed_by = models.CharField(_("person"), max_length=200)
    act = models.CharField(_("act"), max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        indexes = [models.Index(fields=["source", "-assessed_at"], name="assessment_newest")]

    def __str__(self) -> str:
        return f"{self.source} {self.assessed_at:%Y-%m-%d}"
