"""Parties: the organisations and people a business deals with."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.kinds import (
    DEVICE_CLASSES,
    LICENCE_KINDS,
    OPEN_ENDED,
    UNLOCK,
)

KEPT: dict[str, Any] = {"on_delete": models.PROTECT, "related_name": "+"}


def _choices(names: dict[str, Any]) -> list[tuple[str, str]]:
    return [(code, text.en) for code, text in names.items()]


class Party(Scoped, BusinessModel):
    """An organisation or person in one or more roles.

    ``party_key`` is the identity: the credit code where one is known, otherwise the name without
    spelling differences, which is always kept in ``name_key`` too. Fields: contract ``party``.
    """

    party_key = models.CharField(max_length=220, unique=True)
    name = models.CharField(_("name"), max_length=300)
    name_key = models.CharField(max_length=220, blank=True, db_default="")
    name_sort = models.CharField(max_length=400, blank=True, db_default="")
    roles = ArrayField(models.CharField(max_length=30), default=list, blank=True, null=True)
    uscc = models.CharField(_("credit code"), max_length=18, null=True, blank=True)
    customer_type = models.CharField(max_length=30, null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    credit_days = models.IntegerField(null=True, blank=True)
    country = models.CharField(max_length=60, null=True, blank=True)
    region_code = models.CharField(max_length=20, null=True, blank=True)
    address = models.CharField(max_length=500, null=True, blank=True)
    contact = models.CharField(max_length=100, null=True, blank=True)
    phone = ArrayField(models.CharField(max_length=60), null=True, blank=True)
    email = models.CharField(max_length=254, null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        indexes = [
            models.Index(fields=["name_sort", "id"], name="party_sorted"),
            models.Index(fields=["name_key"], name="party_name_key"),
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="party_name_trgm"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["uscc"],
                name="party_credit_code_once",
                condition=models.Q(uscc__isnull=False, is_void=False),
            ),
            models.CheckConstraint(
                condition=(Q(credit_limit__isnull=True) | Q(credit_limit__gte=0))
                & (Q(credit_days__isnull=True) | Q(credit_days__gte=0)),
                name="party_credit_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | models.Q(is_void=True),
                name="party_merged_is_void",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Everybody's makers and suppliers, and the customers of the scope."""
        return party_within(scope)


def party_within(scope: Scope, path: str = "") -> Q:
    """The parties of a scope; ``path`` leads to the party, such as ``party__``."""
    has_role = Q(**{f"{path}roles__len__gt": 0})
    return (has_role & ~Q(**{f"{path}roles__contains": ["customer"]})) | customer_within(
        scope, path
    )


def customer_within(scope: Scope, path: str = "") -> Q:
    """The customers of a scope; ``path`` leads to the party, such as ``customer__``."""
    found = Q(**{f"{path}id__in": scope.customers})
    for region in sorted(scope.regions):
        found |= Q(**{f"{path}region_code__startswith": region})
    return found


class Qualification(Scoped, BusinessModel):
    """A licence of a party, valid from its first through its last day.

    Its state is that of a day: ``licence_status`` in the database, and nothing else, says it.
    ``categories`` are codes of the classification catalogue, each with all below it; ``classes``
    the device classes it is for. ``territory`` of an authorisation: region codes, ``CN`` for all.
    """

    party = models.ForeignKey(Party, models.PROTECT, related_name="qualifications")
    kind = models.CharField(_("kind"), max_length=30, choices=_choices(LICENCE_KINDS))
    number = models.CharField(_("licence number"), max_length=60)
    issuer = models.CharField(_("issuer"), max_length=200, blank=True, db_default="")
    categories = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    classes = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    territory = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid through"), null=True, blank=True)
    revoked_on = models.DateField(_("revoked on"), null=True, blank=True)
    revoke_reason = models.CharField(max_length=400, blank=True, db_default="")
    revoked_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    revoked_by_name = models.CharField(max_length=200, blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    file_name = models.CharField(_("file"), max_length=200, blank=True, db_default="")
    note = models.CharField(_("note"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        indexes = [
            models.Index(fields=["party", "kind"], name="licence_of_party"),
            models.Index(fields=["valid_to"], name="licence_ends"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number"], name="licence_once", condition=Q(is_void=False)
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(LICENCE_KINDS)), name="licence_kind_known"
            ),
            models.CheckConstraint(condition=~Q(number=""), name="licence_has_number"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__lte=F("valid_to")),
                name="licence_from_before_to",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=False) | Q(kind__in=OPEN_ENDED),
                name="licence_has_end",
            ),
            models.CheckConstraint(
                condition=Q(classes__contained_by=list(DEVICE_CLASSES)),
                name="licence_classes_known",
            ),
            models.CheckConstraint(
                condition=Q(revoked_on__isnull=True)
                | (~Q(revoke_reason="") & Q(revoked_at__isnull=False)),
                name="licence_revoked_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the parties of the scope."""
        return party_within(scope, "party__")


class Unlock(Scoped, BusinessModel):
    """A licence that ended is put up with for at most 30 days, until the renewed one is there."""

    number = models.CharField(_("number"), max_length=30, unique=True)
    qualification = models.ForeignKey(Qualification, models.PROTECT, related_name="unlocks")
    ended_on = models.DateField(_("licence ended"))
    status = models.CharField(
        _("status"), max_length=20, default="requested", choices=UNLOCK.choices()
    )
    reason = models.CharField(_("reason"), max_length=400)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("through"))
    requested_by = models.ForeignKey("identity.Person", **KEPT)
    requested_by_name = models.CharField(_("requested by"), max_length=200)
    requested_at = models.DateTimeField(_("requested"))
    decided_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    decided_by_name = models.CharField(_("decided by"), max_length=200, blank=True, db_default="")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.CharField(max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("unlock of a licence")
        verbose_name_plural = _("unlocks of licences")
        constraints = [
            models.UniqueConstraint(
                fields=["qualification", "ended_on"],
                name="unlock_once",
                condition=Q(status="approved"),
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(UNLOCK.states)), name="unlock_status_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="unlock_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="unlock_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(status="requested")
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="unlock_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(first_day__gt=F("ended_on")) & Q(last_day__gte=F("first_day")),
                name="unlock_after_the_end",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the parties of the scope."""
        return party_within(scope, "qualification__party__")


class Merge(BusinessModel):
    """Two records of one thing made one: which stayed, which is void, and by which act."""

    table_name = models.CharField(max_length=63)
    keep_id = models.UUIDField()
    drop_id = models.UUIDField()
    keep_title = models.CharField(_("kept"), max_length=300)
    drop_title = models.CharField(_("merged away"), max_length=300)
    reason = models.CharField(_("reason"), max_length=400)
    act = models.CharField(_("act"), max_length=40, unique=True)
    merged_by_name = models.CharField(_("merged by"), max_length=200)
    merged_at = models.DateTimeField(_("merged"))
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by_name = models.CharField(_("undone by"), max_length=200, blank=True, db_default="")
    undone_act = models.CharField(max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        indexes = [models.Index(fields=["keep_id"], name="merge_of_keep")]
        constraints = [
            models.UniqueConstraint(
                fields=["drop_id"], name="merged_once", condition=Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(condition=~Q(keep_id=F("drop_id")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.drop_title} → {self.keep_title}"


class MergedRows(BusinessModel):
    """The rows of one column that a merge re-pointed, so that exactly these can go back."""

    merge = models.ForeignKey(Merge, models.PROTECT, related_name="parts")
    table_name = models.CharField(max_length=63)
    column_name = models.CharField(max_length=63)
    rows = ArrayField(models.UUIDField())

    class Meta:
        verbose_name = _("rows of a merge")
        verbose_name_plural = _("rows of merges")
        constraints = [
            models.UniqueConstraint(
                fields=["merge", "table_name", "column_name"], name="merged_column_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table_name}.{self.column_name}"
