"""Issues of source records, and how often each rule was broken."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.models.runs import Run
from kintsugi.onboarding.models.sources import Source
from kintsugi.onboarding.states import ISSUE


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
