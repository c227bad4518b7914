"""Contingency plans: who decides, whom to call, the way back, and drills."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.engine.text import Text
from kintsugi.projects.models.plan import TEXT, Project, Titled


class Contingency(Titled, BusinessModel):
    """A scenario and what is done in it. ``steps`` are ``[[zh, en]…]`` in order; ``run`` is the
    import whose restore point is the way back. The title is the scenario."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="contingencies")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    decider_name = models.CharField(_("who decides"), max_length=200, blank=True, db_default="")
    back_zh = models.CharField(_("way back (Chinese)"), **TEXT)
    back_en = models.CharField(_("way back (English)"), **TEXT)
    run = models.ForeignKey(
        "onboarding.Run", models.PROTECT, null=True, blank=True, related_name="+"
    )
    limit_min = models.PositiveIntegerField(_("time limit, minutes"))
    steps = models.JSONField(_("steps"), default=list, blank=True)

    class Meta:
        verbose_name = _("contingency plan")
        verbose_name_plural = _("contingency plans")
        indexes = [models.Index(fields=["project", "position"], name="contingency_of_project")]
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_min__gte=1, limit_min__lte=100_000),
                name="contingency_limit_in_range",
            )
        ]

    def __str__(self) -> str:
        return self.title_zh

    @property
    def back(self) -> Text:
        """The way back."""
        return Text(self.back_zh, self.back_en)


class Contact(BusinessModel):
    """Somebody to call, in order. Name and telephone are personal data."""

    contingency = models.ForeignKey(Contingency, models.PROTECT, related_name="contacts")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=20)
    phone = models.CharField(_("telephone"), max_length=60)

    class Meta:
        verbose_name = _("contact of a contingency plan")
        verbose_name_plural = _("contacts of contingency plans")
        indexes = [models.Index(fields=["contingency", "position"], name="contact_of_plan")]

    def __str__(self) -> str:
        return self.role


class Drill(BusinessModel):
    """A plan that was tried: how long it took and which steps were done; never changed."""

    contingency = models.ForeignKey(Contingency, models.PROTECT, related_name="drills")
    held_on = models.DateField(_("held"))
    minutes = models.PositiveIntegerField(_("minutes"))
    limit_min = models.PositiveIntegerField(_("time limit, minutes"))
    steps_done = models.PositiveSmallIntegerField(_("steps done"))
    steps_all = models.PositiveSmallIntegerField(_("steps"))
    findings = models.CharField(_("findings"), **TEXT)
    by_name = models.CharField(_("led by"), max_length=200)

    class Meta:
        verbose_name = _("contingency drill")
        verbose_name_plural = _("contingency drills")
        indexes = [models.Index(fields=["contingency", "-held_on"], name="contingency_drilled")]
        constraints = [
            models.CheckConstraint(
                condition=Q(steps_done__lte=models.F("steps_all")), name="drill_steps_in_plan"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contingency_id} {self.held_on}"

    @property
    def passed(self) -> bool:
        """All steps within the time limit."""
        return self.minutes <= self.limit_min and self.steps_done == self.steps_all
