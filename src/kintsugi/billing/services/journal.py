"""Journal lines for a general ledger: written with the document they are about, exported once."""

import csv
import datetime as dt
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.utils import timezone

from kintsugi.billing.kinds import ROLES
from kintsugi.billing.models import Invoice, JournalBatch, JournalLine, LedgerAccount, Payment
from kintsugi.billing.services.common import CENT, NOTHING, once, person_of
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number

#: Lines of one batch.
BATCH_MAX = 50_000
#: Columns of the file, in order; docs/explanation/journal-file.md says what each holds.
COLUMNS = (
    "batch", "document_kind", "document_no", "document_id", "line_no", "date", "role", "account",
    "party_id", "party_name", "debit", "credit", "currency", "tax_code",
)  # fmt: skip

#: Role, debit, credit, tax code.
Side = tuple[str, Decimal, Decimal, str]


def book_invoice(invoice: Invoice) -> None:
    """An issued invoice: receivable to revenue and output tax by rate; cost of the goods to
    inventory. A credit note is the same with the sides changed."""
    net: dict[Decimal, Decimal] = defaultdict(Decimal)
    tax: dict[Decimal, Decimal] = defaultdict(Decimal)
    cost = NOTHING
    for line in invoice.lines.all():
        net[line.tax_rate] += line.net
        tax[line.tax_rate] += line.tax
        cost += (line.qty * (line.unit_cost or NOTHING)).quantize(CENT, ROUND_HALF_UP)
    sides: list[Side] = [("receivable", invoice.gross, NOTHING, "")]
    sides += [("revenue", NOTHING, net[rate], _tax_code(rate)) for rate in sorted(net)]
    sides += [("vat_output", NOTHING, tax[rate], _tax_code(rate)) for rate in sorted(tax)]
    sides += [("cogs", cost, NOTHING, ""), ("inventory", NOTHING, cost, "")]
    is_credit = invoice.kind == "credit"
    if is_credit:
        sides = _turned(sides)
    assert invoice.invoiced_on is not None, "an issued invoice has its day"
    JournalLine.objects.bulk_create(
        _entry(
            kind="credit_note" if is_credit else "invoice", pk=invoice.pk, number=invoice.number,
            on=invoice.invoiced_on, party=(invoice.customer_id, invoice.customer_name),
            currency=invoice.currency, sides=sides,
        )
    )  # fmt: skip


def book_payments(payments: Sequence[Payment]) -> None:
    """Money in or out: bank against the customer's receivable, or against receipts that nobody
    claimed yet."""
    JournalLine.objects.bulk_create(
        line
        for one in payments
        for line in _entry(
            kind="payment", pk=one.pk, number=one.number, on=one.paid_on,
            party=(one.customer_id, one.customer_name or one.payer), currency=one.currency,
            sides=_moved(one, "bank", "receivable" if one.customer_id else "suspense"),
        )
    )  # fmt: skip


def book_assignment(payment: Payment, *, on: dt.date) -> None:
    """A receipt that nobody had claimed is a customer's now."""
    JournalLine.objects.bulk_create(
        _entry(
            kind="assignment", pk=payment.pk, number=payment.number, on=on,
            party=(payment.customer_id, payment.customer_name), currency=payment.currency,
            sides=_moved(payment, "suspense", "receivable"),
        )
    )  # fmt: skip


def set_account(*, actor: Any, role: str, account: str, key: str) -> LedgerAccount:
    """Say which account of the general ledger a role is. What was exported keeps the account it
    had. Raises KintsugiError ``billing.account``."""
    said = account.strip()
    known = bool(said) and len(said) <= 40 and all(c.isalnum() or c in ".-" for c in said)
    if role not in ROLES or not known or not said.isascii():
        raise KintsugiError(
            "billing.account",
            Text("科目代码只含字母、数字、点和短横线。",
                 "An account is made of letters, digits, dots and hyphens."),
            Text("核对用途和科目代码。", "Look at the role and the account again."),
            field="account",
        )  # fmt: skip

    def work() -> dict[str, Any]:
        found = LedgerAccount.objects.select_for_update().filter(role=role).first()
        if found is None:
            found = LedgerAccount.objects.create(role=role, account=said)
        else:
            LedgerAccount.objects.filter(pk=found.pk).update(
                account=said, version=found.version + 1
            )
        return {"account": str(found.pk)}

    payload = {"role": role, "account": said}
    once(actor=actor, command="set-account", key=key, payload=payload, work=work)
    return LedgerAccount.objects.get(role=role)


def accounts() -> dict[str, str]:
    """The account of each role: the house's own, else the usual one."""
    own = dict(LedgerAccount.objects.filter(is_void=False).values_list("role", "account"))
    return {role: own.get(role, usual) for role, (_words, usual) in ROLES.items()}


def export_journal(*, actor: Any, until: dt.date, key: str, at: dt.datetime) -> JournalBatch:
    """Put every line up to a day that has not left yet into a batch, at most 50,000 whole
    documents' lines; the same batch gives the same bytes ever after.

    Raises KintsugiError ``billing.nothing-to-export``.
    """

    def work() -> dict[str, Any]:
        waiting = list(
            JournalLine.objects.select_for_update(of=("self",))
            .filter(batch=None, booked_on__lte=until)
            .order_by("booked_on", "document_no", "document_kind", "line_no")[: BATCH_MAX + 1]
        )
        chosen = _whole_documents(waiting)
        if not chosen:
            raise KintsugiError(
                "billing.nothing-to-export",
                Text("到该日为止没有未导出的凭证行。", "No line up to that day waits."),
                Text("选择更晚的日期。", "Choose a later day."),
                field="until",
            )
        by_role = accounts()
        number = next_number(prefix="GL", on=timezone.localtime(at).date())
        for line in chosen:
            line.account = by_role[line.role]
        data = as_csv(number, chosen)
        made = JournalBatch.objects.create(
            number=number, until=until, line_count=len(chosen),
            debit=sum((one.debit for one in chosen), NOTHING),
            credit=sum((one.credit for one in chosen), NOTHING),
            sha256=hashlib.sha256(data).hexdigest(), made_by_id=person_of(actor),
            made_by_name=str(actor), made_at=at,
        )  # fmt: skip
        for role in {one.role for one in chosen}:
            JournalLine.objects.filter(
                pk__in=[one.pk for one in chosen if one.role == role]
            ).update(batch=made, account=by_role[role], version=F("version") + 1)
        return {"batch": str(made.pk)}

    done = once(actor=actor, command="export-journal", key=key, payload={"until": until}, work=work)
    return JournalBatch.objects.get(pk=done["batch"])


def batch_file(batch: UUID) -> bytes:
    """The file of a batch: the same bytes every time, or an error where its lines are not what was
    exported. Raises NotFound."""
    found = JournalBatch.objects.filter(pk=batch).first()
    if found is None:
        raise NotFound(Text("批次", "batch"), str(batch))
    data = as_csv(found.number, lines_of(found))
    assert hashlib.sha256(data).hexdigest() == found.sha256, f"{found.number} is not what it was"
    return data


def lines_of(batch: JournalBatch) -> Any:
    """The lines of a batch in the order of its file."""
    return batch.lines.order_by("booked_on", "document_no", "document_kind", "line_no")


def as_csv(number: str, lines: Iterable[JournalLine]) -> bytes:
    """RFC 4180, UTF-8 without a mark, CRLF; amounts with two decimals and a point."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in lines:
        writer.writerow(
            [
                number, one.document_kind, one.document_no, one.document_id, one.line_no,
                one.booked_on.isoformat(), one.role, one.account, one.party_id or "",
                one.party_name, f"{one.debit:.2f}", f"{one.credit:.2f}", one.currency,
                one.tax_code,
            ]
        )  # fmt: skip
    return text.getvalue().encode()


def waiting_total() -> tuple[int, Decimal]:
    """How many lines wait to be exported, and their debit side."""
    rows = JournalLine.objects.filter(batch=None)
    return rows.count(), rows.aggregate(n=Sum("debit"))["n"] or NOTHING


# -- inside ----------------------------------------------------------------------------------------


def _whole_documents(waiting: list[JournalLine]) -> list[JournalLine]:
    """At most the bound, and no document in two batches."""
    if len(waiting) <= BATCH_MAX:
        return waiting
    last = waiting[-1]
    return [one for one in waiting[:-1] if one.document_id != last.document_id]


def _tax_code(rate: Decimal) -> str:
    return f"VAT{(rate * 100).normalize():f}"


def _turned(sides: Iterable[Side]) -> list[Side]:
    return [(role, credit, debit, code) for role, debit, credit, code in sides]


def _moved(payment: Payment, debit: str, credit: str) -> list[Side]:
    amount = payment.amount
    sides: list[Side] = [(debit, amount, NOTHING, ""), (credit, NOTHING, amount, "")]
    return _turned(sides) if payment.direction == "out" else sides


def _entry(
    *, kind: str, pk: UUID, number: str, on: dt.date, party: tuple[UUID | None, str], currency: str,
    sides: Iterable[Side],
) -> list[JournalLine]:  # fmt: skip
    return [
        JournalLine(
            document_kind=kind, document_id=pk, document_no=number, line_no=line_no, booked_on=on,
            role=role, party_id=party[0], party_name=party[1], debit=debit, credit=credit,
            currency=currency, tax_code=code,
        )
        for line_no, (role, debit, credit, code) in enumerate(
            (side for side in sides if side[1] or side[2]), 1
        )
    ]  # fmt: skip
