"""What a general ledger is told: journal lines, the batches they left in, and its accounts. The
rules stand in ``sql/journal.sql``."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kintsugi.billing.kinds import DOCUMENTS, ROLES
from kintsugi.core.fields import KEPT, choices, money, one_of
from kintsugi.core.models import BusinessModel

_ROLE_NAMES = {name: words for name, (words, _account) in ROLES.items()}


class LedgerAccount(BusinessModel):
    """Which account of the general ledger a role is; where none is set, the usual one."""

    role = models.CharField(_("role"), max_length=20, choices=choices(_ROLE_NAMES), unique=True)
    account = models.CharField(_("account"), max_length=40)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            one_of("role", _ROLE_NAMES, "ledger_role_known"),
            models.CheckConstraint(
                condition=Q(account__regex=r"^[0-9A-Za-z.\-]+$"), name="ledger_account_is_a_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.account}"


class JournalBatch(BusinessModel):
    """An export: its lines, and the hash of its file, stay as they are."""

    number = models.CharField(_("batch"), max_length=40, unique=True)
    until = models.DateField(_("up to"))
    line_count = models.PositiveIntegerField(_("lines"))
    debit = money(_("debit"))
    credit = money(_("credit"))
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    made_by = models.ForeignKey("identity.Person", null=True, blank=True, **KEPT)
    made_by_name = models.CharField(pgettext_lazy("export", "made by"), max_length=200)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("journal batch")
        verbose_name_plural = _("journal batches")
        constraints = [
            models.CheckConstraint(condition=Q(debit=models.F("credit")), name="batch_balances"),
            models.CheckConstraint(condition=Q(line_count__gt=0), name="batch_of_something"),
        ]

    def __str__(self) -> str:
        return self.number


class JournalLine(BusinessModel):
    """One side of an entry. ``batch`` and ``account`` are set once, when it is exported."""

    document_kind = models.CharField(_("document"), max_length=12, choices=choices(DOCUMENTS))
    document_id = models.UUIDField()
    document_no = models.CharField(_("document number"), max_length=60)
    line_no = models.PositiveIntegerField(_("line"))
    booked_on = models.DateField(_("date"))
    role = models.CharField(_("role"), max_length=20, choices=choices(_ROLE_NAMES))
    party = models.ForeignKey("parties.Party", null=True, blank=True, **KEPT)
    party_name = models.CharField(_("party"), max_length=300, blank=True, db_default="")
    debit = money(_("debit"), default=0, db_default=0)
    credit = money(_("credit"), default=0, db_default=0)
    currency = models.CharField(_("currency"), max_length=3)
    tax_code = models.CharField(_("tax code"), max_length=20, blank=True, db_default="")
    batch = models.ForeignKey(JournalBatch, null=True, blank=True, related_name="lines",
                              on_delete=models.PROTECT)  # fmt: skip
    account = models.CharField(_("account"), max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("journal line")
        verbose_name_plural = _("journal lines")
        indexes = [
            models.Index(fields=["booked_on"], name="journal_waiting",
                         condition=Q(batch__isnull=True)),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["document_kind", "document_id", "line_no"], name="journal_line_once"
            ),
            one_of("document_kind", DOCUMENTS, "journal_document_known"),
            one_of("role", _ROLE_NAMES, "journal_role_known"),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0),
                name="journal_line_one_side",
            ),
            models.CheckConstraint(
                condition=Q(batch__isnull=True, account="")
                | Q(batch__isnull=False) & ~Q(account=""),
                name="journal_exported_has_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_no}/{self.line_no}"
