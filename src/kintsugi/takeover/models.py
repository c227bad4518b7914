"""What other systems state about stock, and its takeover into the ledger.

Statements come by an import like every other record, so each value leads to the cell it came from;
they are claims and move nothing. A takeover posts those that are sound as an opening balance.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.takeover.kinds import TAKEOVER

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}
QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 4}


class StatedPlace(BusinessModel):
    """A location as another system calls it. Fields: contract ``stated_place``."""

    system = models.CharField(_("system"), max_length=30)
    code = models.CharField(_("location code"), max_length=30)
    name = models.CharField(_("name"), max_length=200, null=True, blank=True)

    class Meta:
        verbose_name = _("stated location")
        verbose_name_plural = _("stated locations")
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="stated_place_once")]

    def __str__(self) -> str:
        return f"{self.system} {self.code}"


class Takeover(BusinessModel):
    """The step by which sound statements of a system become an opening balance: asked for by one
    person, approved by another. ``digest`` is what was shown when it was asked for."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    system = models.CharField(_("system"), max_length=30)
    status = models.CharField(
        _("state"), max_length=12, choices=TAKEOVER.choices(), db_default="proposed"
    )
    levels = models.PositiveIntegerField(_("rows"))
    digest = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=400)
    requested_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    requested_by_name = models.CharField(_("asked for by"), max_length=200)
    requested_at = models.DateTimeField(_("asked for"))
    decided_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    decided_by_name = models.CharField(_("decided by"), max_length=200, blank=True, db_default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("takeover")
        verbose_name_plural = _("takeovers")
        indexes = [models.Index(fields=["system", "-number"], name="takeover_of_system")]
        constraints = [
            models.UniqueConstraint(
                fields=["system"], condition=Q(status="proposed"), name="takeover_one_waits"
            ),
            models.CheckConstraint(
                condition=~Q(status="posted")
                | Q(decided_at__isnull=False)
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by"))),
                name="takeover_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class StatedLevel(BusinessModel):
    """So much of a product at a place, as another system states it. ``takeover`` is what posted
    it. Fields: contract ``stated_level``."""

    system = models.CharField(_("system"), max_length=30)
    item_ref = models.CharField(_("item"), max_length=120)
    product = models.ForeignKey("products.Product", null=True, blank=True, **KEPT)
    warehouse = models.CharField(_("warehouse"), max_length=30, null=True, blank=True)
    bin = models.CharField(_("location"), max_length=30, null=True, blank=True)
    lot_no = models.CharField(_("lot number"), max_length=60, null=True, blank=True)
    serial_no = models.CharField(_("serial number"), max_length=60, null=True, blank=True)
    mfg_date = models.DateField(_("made on"), null=True, blank=True)
    expiry_date = models.DateField(_("expiry"), null=True, blank=True)
    quantity = models.DecimalField(_("quantity"), **QUANTITY)
    quality = models.CharField(_("quality"), max_length=12, null=True, blank=True)
    unit_cost = models.DecimalField(
        _("unit cost"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    counted_on = models.DateField(_("as of"), null=True, blank=True)
    takeover = models.ForeignKey(
        Takeover, models.PROTECT, null=True, blank=True, related_name="taken"
    )

    class Meta:
        verbose_name = _("stated stock level")
        verbose_name_plural = _("stated stock levels")
        indexes = [
            models.Index(fields=["product", "serial_no"], name="stated_level_serial"),
            models.Index(fields=["takeover"], name="stated_level_taken"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["system", "item_ref"], name="stated_level_once")
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.item_ref}"


class StatedMovement(BusinessModel):
    """A change of a stock item, as another system recorded it. Fields: contract
    ``stated_movement``."""

    system = models.CharField(_("system"), max_length=30)
    movement_ref = models.CharField(_("movement"), max_length=120)
    item_ref = models.CharField(_("item"), max_length=120)
    ordinal = models.BigIntegerField(_("order"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=60, null=True, blank=True)
    moved_on = models.DateField(_("date"), null=True, blank=True)
    quantity_after = models.DecimalField(
        _("quantity afterwards"), null=True, blank=True, **QUANTITY
    )
    added = models.DecimalField(_("added"), null=True, blank=True, **QUANTITY)
    removed = models.DecimalField(_("removed"), null=True, blank=True, **QUANTITY)

    class Meta:
        verbose_name = _("stated movement")
        verbose_name_plural = _("stated movements")
        indexes = [
            models.Index(fields=["system", "item_ref", "ordinal"], name="stated_movement_of_item")
        ]
        constraints = [
            models.UniqueConstraint(fields=["system", "movement_ref"], name="stated_movement_once")
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.movement_ref}"
