"""Acts that were refused: the table, and the one writer's rules about how much is kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel


class Refusal(BusinessModel):
    """An act that a rule refused: who tried what, and which rule said no.

    Written after the act's own transaction was rolled back. ``suppressed`` says that further
    refusals of this person in the same minute were not kept.
    """

    at = models.DateTimeField(_("time"))
    actor_id = models.UUIDField(null=True)
    actor = models.CharField(_("person"), max_length=200)
    command = models.CharField(_("command"), max_length=120)
    rule = models.CharField(_("rule"), max_length=80)
    message = models.CharField(_("message"), max_length=400, db_default="")
    status = models.PositiveSmallIntegerField(_("status"))
    facts = models.JSONField(_("facts"), default=dict)
    address = models.CharField(_("address"), max_length=45, db_default="")
    request_id = models.CharField(_("request"), max_length=64, db_default="")
    suppressed = models.BooleanField(db_default=False, default=False)

    class Meta:
        verbose_name = _("refused act")
        verbose_name_plural = _("refused acts")
        indexes = (
            models.Index(fields=["-at"], name="refusal_at"),
            models.Index(fields=["actor_id", "-at"], name="refusal_actor"),
            models.Index(fields=["rule", "-at"], name="refusal_rule"),
        )
        constraints = (
            models.CheckConstraint(condition=~models.Q(rule=""), name="refusal_names_its_rule"),
        )

    def __str__(self) -> str:
        return f"{self.rule}: {self.command} by {self.actor}"
