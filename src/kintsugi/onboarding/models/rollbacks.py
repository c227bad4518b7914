"""Rollbacks: their plan, and what they leave as it is."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.runs import Run


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
