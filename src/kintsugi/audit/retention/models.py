"""Legal holds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel


class LegalHold(BusinessModel):
    """An order to keep everything about a device, a product, a lot, a party or a period until it is
    released.

    Placed by one person, released by another: the database refuses a release by the same one.
    ``placed_by_id`` and ``released_by_id`` are persons, so that two accounts of one person count as
    one, whom ``placed_by`` and ``released_by`` name as they were called then.
    ``subject_id`` is the device, the product (a lot's too) or the party; a period has ``since`` and
    ``until`` (not included) instead.
    """

    number = models.CharField(_("number"), max_length=30, unique=True)
    kind = models.CharField(_("scope"), max_length=10)
    subject_id = models.UUIDField(null=True)
    lot_no = models.CharField(_("lot"), max_length=60, blank=True, db_default="")
    since = models.DateTimeField(_("from"), null=True)
    until = models.DateTimeField(_("until"), null=True)
    title = models.CharField(_("about"), max_length=300)
    reason = models.CharField(_("reason"), max_length=400)
    placed_by_id = models.UUIDField()
    placed_by = models.CharField(_("placed by"), max_length=200)
    placed_at = models.DateTimeField(_("placed"))
    released_by_id = models.UUIDField(null=True)
    released_by = models.CharField(_("released by"), max_length=200, blank=True, db_default="")
    released_at = models.DateTimeField(_("released"), null=True)
    release_reason = models.CharField(
        _("reason of release"), max_length=400, blank=True, db_default=""
    )

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        indexes = [
            models.Index(
                fields=["kind", "subject_id"],
                name="hold_in_force",
                condition=models.Q(released_at__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("device", "product", "lot", "party", "period")),
                name="hold_kind_known",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(
                        kind="period",
                        subject_id__isnull=True,
                        since__isnull=False,
                        until__isnull=False,
                        since__lt=models.F("until"),
                    )
                    | (~models.Q(kind="period") & models.Q(subject_id__isnull=False))
                ),
                name="hold_names_its_subject",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="lot") | ~models.Q(lot_no=""), name="hold_names_its_lot"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(
                    released_at__isnull=True,
                    released_by_id__isnull=True,
                    released_by="",
                    release_reason="",
                )
                | (
                    models.Q(
                        released_at__isnull=False,
                        released_by_id__isnull=False,
                        released_at__gte=models.F("placed_at"),
                    )
                    & ~models.Q(released_by_id=models.F("placed_by_id"))
                    & ~models.Q(release_reason="")
                ),
                name="hold_released_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number
