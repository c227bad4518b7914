"""Payments, and which of them pay what. The rules stand in ``sql/payments.sql``."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import DIRECTIONS
from kintsugi.billing.models.invoice import Invoice
from kintsugi.core.fields import KEPT, choices, money, one_of
from kintsugi.core.models import BusinessModel
from kintsugi.core.scope import Scope, Scoped
from kintsugi.parties.selectors import customer_within


class BankStatement(BusinessModel):
    """A statement of an account that was read, by the hash of its bytes: once."""

    number = models.CharField(_("statement"), max_length=40, unique=True)
    account = models.CharField(_("account"), max_length=60)
    file_name = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    row_count = models.PositiveIntegerField(_("rows"))
    new_count = models.PositiveIntegerField(_("new payments"))
    read_by_name = models.CharField(_("read by"), max_length=200)
    read_at = models.DateTimeField(_("read"))

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints = [
            models.UniqueConstraint(fields=["account", "sha256"], name="statement_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="statement_hash_is_one"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Payment(Scoped, BusinessModel):
    """Money that came in, or was paid back; ``settled`` is what is matched of it, written by a
    trigger. Without a customer it waits until somebody says whose it is."""

    number = models.CharField(_("payment number"), max_length=40, unique=True)
    direction = models.CharField(_("direction"), max_length=3, choices=choices(DIRECTIONS))
    customer = models.ForeignKey("parties.Party", null=True, blank=True, **KEPT)
    customer_name = models.CharField(_("customer"), max_length=300, blank=True, db_default="")
    payer = models.CharField(_("payer"), max_length=300, blank=True, db_default="")
    paid_on = models.DateField(_("date"))
    amount = money(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, default="CNY", db_default="CNY")
    account = models.CharField(_("bank account"), max_length=60)
    bank_ref = models.CharField(_("bank reference"), max_length=100)
    text = models.CharField(_("text"), max_length=400, blank=True, db_default="")
    settled = money(_("matched"), default=0, db_default=0)
    statement = models.ForeignKey(BankStatement, null=True, blank=True, **KEPT)
    recorded_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    recorded_by_name = models.CharField(_("recorded by"), max_length=200)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [
            models.Index(fields=["customer", "-paid_on"], name="payment_of_customer"),
            models.Index(fields=["-paid_on", "-number"], name="payment_by_date"),
        ]
        constraints = [
            one_of("direction", DIRECTIONS, "payment_direction_known"),
            models.UniqueConstraint(fields=["account", "bank_ref"], name="payment_bank_ref_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_of_something"),
            models.CheckConstraint(
                condition=Q(settled__gte=0, settled__lte=F("amount")), name="payment_not_overspent"
            ),
            models.CheckConstraint(
                condition=Q(settled=0) | Q(customer__isnull=False), name="payment_matched_has_owner"
            ),
            models.CheckConstraint(
                condition=~Q(bank_ref="") & ~Q(account=""), name="payment_has_bank_ref"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope; what nobody claimed is for who sees everything."""
        return customer_within(scope, "customer__")

    @property
    def open_amount(self) -> Any:
        """What is not matched yet: a credit on account."""
        return self.amount - self.settled

    @property
    def state(self) -> str:
        """How far it is matched."""
        if self.settled == 0:
            return "unmatched"
        return "matched" if self.settled == self.amount else "part"


class Match(Scoped, BusinessModel):
    """So much of what a customer has with us (a payment received, or a credit note) covers what it
    owes (an invoice) or what it got back (a payment out). Undone by another match of the negative
    amount; neither is ever changed."""

    customer = models.ForeignKey("parties.Party", **KEPT)
    payment = models.ForeignKey(Payment, null=True, blank=True, **KEPT)
    credit_note = models.ForeignKey(Invoice, null=True, blank=True, **KEPT)
    invoice = models.ForeignKey(Invoice, null=True, blank=True, **KEPT)
    paid_back = models.ForeignKey(Payment, null=True, blank=True, **KEPT)
    amount = money(_("amount"))
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")
    matched_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    matched_by_name = models.CharField(_("matched by"), max_length=200)
    matched_at = models.DateTimeField(_("matched"))

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        indexes = [models.Index(fields=["customer", "-matched_at"], name="match_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(payment__isnull=True, credit_note__isnull=False)
                | Q(payment__isnull=False, credit_note__isnull=True),
                name="match_takes_one",
            ),
            models.CheckConstraint(
                condition=Q(invoice__isnull=True, paid_back__isnull=False)
                | Q(invoice__isnull=False, paid_back__isnull=True),
                name="match_covers_one",
            ),
            models.CheckConstraint(
                condition=Q(undoes__isnull=True, amount__gt=0)
                | Q(undoes__isnull=False, amount__lt=0) & ~Q(reason=""),
                name="match_undone_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment or self.credit_note} → {self.invoice or self.paid_back}"

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """Those of the customers of the scope."""
        return customer_within(scope, "customer__")
