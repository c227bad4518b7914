"""Reports that people define for themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel


class ReportDefinition(BusinessModel):
    """A dataset with chosen columns, filters and order under a name.

    ``columns`` are names of the dataset's columns in order, ``filters`` parameters of its list as
    in the address of its page. A shared one may be run, never changed, by others than its owner.
    """

    name = models.CharField(_("name"), max_length=120)
    dataset = models.CharField(_("dataset"), max_length=60)
    columns = models.JSONField(default=list)
    filters = models.JSONField(default=dict, blank=True)
    sort = models.CharField(_("order"), max_length=80, blank=True, db_default="")
    owner_id = models.UUIDField()
    owner = models.CharField(_("owner"), max_length=200)
    is_shared = models.BooleanField(_("shared"), default=False)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        indexes = [models.Index(fields=["owner_id", "name"], name="report_by_owner")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "name"],
                condition=models.Q(is_void=False),
                name="report_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name
