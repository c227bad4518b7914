"""A project, who takes part, the sources it is about, and its milestones with their criteria."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.engine.text import Text
from kintsugi.projects.kinds import MILESTONE, PROJECT

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}
PERSON: dict[str, Any] = {"to": "identity.Person", "null": True, "blank": True, **KEPT}
TEXT: dict[str, Any] = {"max_length": 400, "blank": True, "db_default": ""}


class Titled(models.Model):
    """A name in both languages; one that was given in one language only stands for both."""

    title_zh = models.CharField(_("name (Chinese)"), max_length=200)
    title_en = models.CharField(_("name (English)"), max_length=200)

    class Meta:
        abstract = True

    @property
    def title(self) -> Text:
        """The name."""
        return Text(self.title_zh, self.title_en)


class Project(Titled, BusinessModel):
    """A migration project from its goal to its acceptance.

    ``boundaries``: ``{"inside": [[zh, en]…], "outside": […], "never": […]}``. ``rate_pct`` is the
    annual discount rate of its money.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    template = models.CharField(max_length=40, blank=True, db_default="")
    goal_zh = models.CharField(_("goal (Chinese)"), max_length=1000, blank=True, db_default="")
    goal_en = models.CharField(_("goal (English)"), max_length=1000, blank=True, db_default="")
    sponsor_name = models.CharField(_("sponsor"), max_length=200, blank=True, db_default="")
    owner = models.ForeignKey(**PERSON)
    owner_name = models.CharField(_("owner"), max_length=200)
    boundaries = models.JSONField(_("boundaries"), default=dict, blank=True)
    status = models.CharField(
        _("state"), max_length=10, choices=PROJECT.choices(), db_default="draft", default="draft"
    )
    planned_start = models.DateField(_("planned start"))
    planned_end = models.DateField(_("planned end"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted on"), null=True, blank=True)
    accepted_by = models.ForeignKey(**PERSON)
    accepted_by_name = models.CharField(_("accepted by"), max_length=200, blank=True, db_default="")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    step_reason = models.CharField(_("reason"), **TEXT)
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    rate_pct = models.DecimalField(
        _("discount rate, % a year"), max_digits=6, decimal_places=3, default=8, db_default=8
    )

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        indexes = [models.Index(fields=["status", "planned_end"], name="project_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_end__gte=F("planned_start")), name="project_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(rate_pct__gte=0, rate_pct__lte=100), name="project_rate_in_range"
            ),
            # Who answers for the work does not accept it.
            models.CheckConstraint(
                condition=~Q(status__in=("accepted", "closed"))
                | Q(accepted_at__isnull=False)
                & ~Q(accepted_by_name="")
                & (
                    Q(accepted_by__isnull=True) | Q(owner__isnull=True) | ~Q(accepted_by=F("owner"))
                ),
                name="project_accepted_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def goal(self) -> Text:
        """What it is to bring about."""
        return Text(self.goal_zh, self.goal_en)


class Member(BusinessModel):
    """Somebody who takes part, with a role; ``name`` also for people without an account."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="members")
    person = models.ForeignKey(**PERSON)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=20)

    class Meta:
        verbose_name = _("project member")
        verbose_name_plural = _("project members")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "role"], condition=Q(is_void=False), name="member_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProjectSource(BusinessModel):
    """A source of onboarding that belongs to the project."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="sources")
    source = models.ForeignKey("onboarding.Source", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("source of a project")
        verbose_name_plural = _("sources of projects")
        constraints = [
            models.UniqueConstraint(
                fields=["project", "source"],
                condition=Q(is_void=False),
                name="project_source_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.source_id}"


class Milestone(Titled, BusinessModel):
    """A point the project reaches when all its criteria hold. ``planned_on`` stays as it was first
    agreed; ``due_on`` is what is agreed now."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="milestones")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    owner_name = models.CharField(_("owner"), max_length=200, blank=True, db_default="")
    planned_on = models.DateField(_("planned"))
    due_on = models.DateField(_("due"))
    status = models.CharField(
        _("state"), max_length=10, choices=MILESTONE.choices(), db_default="open", default="open"
    )
    reached_at = models.DateTimeField(_("reached"), null=True, blank=True)
    reached_by_name = models.CharField(_("noted by"), max_length=200, blank=True, db_default="")
    step_reason = models.CharField(_("reason"), **TEXT)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        indexes = [models.Index(fields=["project", "position"], name="milestone_of_project")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="reached") | Q(reached_at__isnull=False),
                name="milestone_reached_when",
            )
        ]

    def __str__(self) -> str:
        return self.title_zh


class Criterion(Titled, BusinessModel):
    """What must hold before a milestone is reached: a check the system makes (``check_name`` with
    ``params``), or a statement that a person signs (no ``check_name``).

    ``passed`` None is unknown: not judged yet, or nothing there to judge by.
    """

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="criteria")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    check_name = models.CharField(_("check"), max_length=40, blank=True, db_default="")
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    passed = models.BooleanField(_("holds"), null=True, blank=True)
    finding = models.JSONField(_("finding"), default=list, blank=True)
    judged_at = models.DateTimeField(_("judged"), null=True, blank=True)
    signed_by = models.ForeignKey(**PERSON)
    signed_by_name = models.CharField(
        _("statement signed by"), max_length=200, blank=True, db_default=""
    )
    evidence = models.CharField(_("evidence"), **TEXT)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        indexes = [models.Index(fields=["milestone", "position"], name="criterion_of_milestone")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(check_name="", passed=True)
                | Q(judged_at__isnull=False) & ~Q(signed_by_name="") & ~Q(evidence=""),
                name="criterion_signed_says_who",
            )
        ]

    def __str__(self) -> str:
        return self.title_zh
