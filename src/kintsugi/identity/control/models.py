"""Acts under two persons. The rules stand in ``sql/control.sql``.

Composite foreign keys carry author and plan hash from the revision into approval, execution and
verification, so that the database can compare the people and see that a plan is still the same.
"""

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.identity.control.states import ACT

PERSON: dict[str, Any] = {"to": "identity.Person", "on_delete": models.PROTECT, "related_name": "+"}
ACCOUNT: dict[str, Any] = {"to": "identity.User", "on_delete": models.PROTECT, "related_name": "+"}
SIGNATURE: dict[str, Any] = {
    "to": "identity.Signature",
    "on_delete": models.PROTECT,
    "related_name": "+",
}


class Act(BusinessModel):
    """One thing to be done under two persons: ``kind`` says what, ``subject`` to which record.

    Its plan lies in the present revision; ``author`` is who wrote that one.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_title = models.CharField(_("record"), max_length=300)
    status = models.CharField(_("state"), max_length=12, choices=ACT.choices())
    revision = models.PositiveIntegerField(_("revision"))
    plan_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(**PERSON)
    reason = models.CharField(_("reason"), max_length=400)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    compensates = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="compensated_by"
    )

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        constraints = (
            models.CheckConstraint(condition=~models.Q(reason=""), name="act_has_reason"),
        )
        indexes = (
            models.Index(fields=["status", "-created_at"], name="act_by_status"),
            models.Index(fields=["subject_id"], name="act_of_subject"),
        )

    def __str__(self) -> str:
        return self.number


class ActRevision(BusinessModel):
    """One state of an act's plan: the canonical text that people sign, and its hash."""

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="revisions")
    revision = models.PositiveIntegerField()
    content = models.TextField()
    plan_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(**PERSON)
    account = models.ForeignKey(**ACCOUNT)
    written_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["act", "revision"], name="act_revision_once"),
        )

    def __str__(self) -> str:
        return f"{self.act} r{self.revision}"

    @property
    def signed(self) -> dict[str, Any]:
        """The content of a signature: act, revision, record, plan, reason and author."""
        return dict(json.loads(self.content))

    @property
    def plan(self) -> dict[str, Any]:
        """What is to be done, as its kind understands it."""
        return dict(self.signed["plan"])


class Approval(BusinessModel):
    """A second person's decision on one revision: ``approved`` or ``refused``."""

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="approvals")
    revision = models.PositiveIntegerField()
    plan_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(**PERSON)
    approver = models.ForeignKey(**PERSON)
    account = models.ForeignKey(**ACCOUNT)
    decision = models.CharField(max_length=12)
    meaning = models.CharField(max_length=12)
    signature = models.OneToOneField(**SIGNATURE)
    object_kind = models.CharField(max_length=40, default="act", db_default="act")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["act", "revision"], name="approval_once"),
            models.CheckConstraint(
                condition=~models.Q(approver=models.F("author")), name="approval_second_person"
            ),
            models.CheckConstraint(
                condition=models.Q(decision__in=("approved", "refused"))
                & models.Q(meaning=models.F("decision"))
                & models.Q(object_kind="act"),
                name="approval_meaning",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.decision}"


class Execution(BusinessModel):
    """The plan is carried out, once. ``outcome`` is empty while it runs."""

    act = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="execution")
    revision = models.PositiveIntegerField()
    plan_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(**PERSON)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(**PERSON)
    decision = models.CharField(max_length=12, default="approved", db_default="approved")
    executor = models.ForeignKey(**PERSON)
    account = models.ForeignKey(**ACCOUNT)
    meaning = models.CharField(max_length=12, default="executed", db_default="executed")
    signature = models.OneToOneField(**SIGNATURE)
    object_kind = models.CharField(max_length=40, default="act", db_default="act")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, blank=True, default="", db_default="")
    result = models.JSONField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(executor=models.F("approver")),
                name="execution_not_by_checker",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="approved", meaning="executed", object_kind="act"),
                name="execution_meaning",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", ended_at__isnull=True)
                | models.Q(outcome__in=("executed", "failed"), ended_at__isnull=False),
                name="execution_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.outcome or 'executing'}"


class Verification(BusinessModel):
    """Somebody who neither wrote nor executed the plan says whether it came out as planned."""

    act = models.OneToOneField(Act, on_delete=models.PROTECT, related_name="verification")
    revision = models.PositiveIntegerField()
    plan_sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(**PERSON)
    execution = models.OneToOneField(Execution, on_delete=models.PROTECT, related_name="+")
    executor = models.ForeignKey(**PERSON)
    verifier = models.ForeignKey(**PERSON)
    account = models.ForeignKey(**ACCOUNT)
    outcome = models.CharField(max_length=12)
    meaning = models.CharField(max_length=12)
    signature = models.OneToOneField(**SIGNATURE)
    object_kind = models.CharField(max_length=40, default="act", db_default="act")
    findings = models.JSONField(default=list)
    verified_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(verifier=models.F("author"))
                & ~models.Q(verifier=models.F("executor")),
                name="verification_by_a_third_eye",
            ),
            models.CheckConstraint(
                condition=models.Q(object_kind="act")
                & (
                    models.Q(outcome="passed", meaning="verified")
                    | models.Q(outcome="failed", meaning="refused")
                ),
                name="verification_meaning",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.outcome}"
