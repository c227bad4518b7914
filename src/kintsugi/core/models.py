"""Tables every app builds on: business rows, idempotent commands, events, numbers."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kintsugi.core.ids import uuid7


class CurrentTransaction(models.Func):
    """The id of the running database transaction, never reused (``pg_current_xact_id``)."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class BusinessModel(models.Model):
    """A row people and regulators rely on.

    Written only inside ``audit.services.recorded``: the database refuses a change without a
    transaction context and logs every one. Rows are voided, never deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)
    is_void = models.BooleanField(_("void"), default=False, db_default=False)
    void_reason = models.CharField(
        _("reason of voiding"), max_length=400, blank=True, db_default=""
    )

    class Meta:
        abstract = True


class Command(models.Model):
    """One command by its idempotency key, with the answer it gave.

    The same key and content gives the stored answer; the same key with other content is refused.
    """

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="command_once")]

    def __str__(self) -> str:
        return f"{self.scope}:{self.key}"


class Event(models.Model):
    """A fact for other apps, written in the transaction that made it true (outbox).

    ``xid`` is the writing transaction: events are handed out in the order of transactions that
    have ended, since sequence numbers are not commit order.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    xid = models.BigIntegerField(db_default=CurrentTransaction())
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["xid", "id"],
                name="event_waiting",
                condition=models.Q(handled_at__isnull=True),
            ),
            models.Index(fields=["type", "-at"], name="event_by_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class Sequence(models.Model):
    """The last number given out in a series such as ``RUN-20261122``."""

    series = models.CharField(max_length=60, primary_key=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


class Transition(models.Model):
    """A permitted step of a state machine; the database refuses every other step."""

    machine = models.CharField(max_length=60)
    source = models.CharField(max_length=40)
    target = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["machine", "source", "target"], name="transition_listed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.machine}: {self.source} → {self.target}"
