"""Tables of who may do what: grants, delegations, reviews, API tokens."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.fields.ranges import RangeBoundary, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.identity.matrix import ROLES, SCOPES

VALUES_MAX = 500
TOKEN_DAYS_MAX = 365


class Period(models.Func):
    """The time from a beginning to before an end; an empty end means for good."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def _ordered(prefix: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(valid_to__isnull=True) | models.Q(valid_from__lt=models.F("valid_to")),
        name=f"{prefix}_begins_before_end",
    )


class RoleGrant(BusinessModel):
    """A person has a role, over some rows, from a time on.

    A grant is ended, never changed: the database lets only ``valid_to`` move. ``scope_values`` are
    region codes, ids of customers or ids of warehouses, by the kind of the scope. ``granted_by``
    is empty where the system itself gave it (the first administrator). Of one role a person has
    one grant at a time; conflicting duties are refused (see ``sql/duties.sql``).
    """

    person = models.ForeignKey("identity.Person", on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(_("role"), max_length=30)
    scope_kind = models.CharField(_("rows"), max_length=10, default="all")
    scope_values = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"), null=True, blank=True)
    granted_by = models.ForeignKey(
        "identity.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=400)

    class Meta:
        verbose_name = _("role grant")
        verbose_name_plural = _("role grants")
        ordering = ("-valid_from", "id")
        constraints = (
            _ordered("grant"),
            models.CheckConstraint(
                condition=models.Q(role__in=sorted(ROLES)), name="grant_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(scope_kind__in=("all", "own"), scope_values=[])
                | (
                    models.Q(scope_kind__in=sorted(set(SCOPES) - {"all", "own"}))
                    & ~models.Q(scope_values=[])
                ),
                name="grant_scope_known",
            ),
            models.CheckConstraint(
                condition=models.Q(granted_by__isnull=True)
                | ~models.Q(granted_by=models.F("person")),
                name="grant_by_somebody_else",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="grant_has_reason"),
            ExclusionConstraint(
                name="grant_once_at_a_time",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Period("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(is_void=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.person_id}"


class Delegation(BusinessModel):
    """Somebody stands in for another person's grant for a time, with the same rows.

    It names a grant, so what was delegated cannot be delegated onward; the database refuses one
    that outlasts its grant, or goes to the grant's own person, or makes a conflict of duties.
    """

    grant = models.ForeignKey(RoleGrant, on_delete=models.PROTECT, related_name="delegations")
    person = models.ForeignKey(
        "identity.Person", on_delete=models.PROTECT, related_name="delegated_duties"
    )
    valid_from = models.DateTimeField(_("from"))
    valid_to = models.DateTimeField(_("until"))
    given_by = models.ForeignKey("identity.Person", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=400)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ("-valid_from", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(valid_from__lt=models.F("valid_to")),
                name="delegation_begins_before_end",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="delegation_has_reason"),
            ExclusionConstraint(
                name="delegation_once_at_a_time",
                expressions=[
                    ("grant", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    (Period("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(is_void=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.grant_id} → {self.person_id}"


class GrantReview(BusinessModel):
    """Somebody looked at a grant and decided that it stays or ends."""

    class Decision(models.TextChoices):
        """What was decided."""

        KEEP = "keep", _("Keep")
        END = "end", _("End")

    grant = models.ForeignKey(RoleGrant, on_delete=models.PROTECT, related_name="reviews")
    decision = models.CharField(_("decision"), max_length=4, choices=Decision)
    reason = models.CharField(_("reason"), max_length=400)
    reviewed_by = models.ForeignKey("identity.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("access review")
        verbose_name_plural = _("access reviews")
        ordering = ("-at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(decision__in=("keep", "end")), name="review_decision_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.decision} {self.grant_id}"


class DutyConflict(models.Model):
    """Two roles one person may not have at a time; written after each migration from the matrix."""

    first = models.CharField(max_length=30)
    second = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="conflict_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.first} × {self.second}"


class MatrixEntry(models.Model):
    """One line of the permission matrix: a role may do this to such an object, over such rows.

    Written after each migration from the matrix, which decides; these rows are for reports and for
    whoever reads the database.
    """

    position = models.IntegerField(unique=True)
    role = models.CharField(_("role"), max_length=30)
    object = models.CharField(_("object"), max_length=30)
    action = models.CharField(_("action"), max_length=30)
    scope = models.CharField(_("rows"), max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["role", "object", "action", "scope"], name="matrix_lists_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.object}.{self.action} ({self.scope})"


class ApiToken(BusinessModel):
    """A key of an account for programs. Only its SHA-256 is kept.

    ``scopes`` are permissions: the token gives those of them that the account's grants give at the
    moment of use, so it never widens anything.
    """

    account = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=60))
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoke_reason = models.CharField(max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-made_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")),
                name="token_expires_after_made",
            ),
            models.CheckConstraint(condition=~models.Q(scopes=[]), name="token_has_scopes"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.prefix}…"


class ApiTokenUse(models.Model):
    """When a token was last used; overwritten at most once in ten minutes, not history."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token_id} {self.at}"
