"""Payments received and paid back: recorded once by their bank reference, alone or from a file."""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.billing.kinds import DIRECTIONS
from kintsugi.billing.models import BankStatement, Payment
from kintsugi.billing.services import journal
from kintsugi.billing.services.common import (
    NOTHING,
    customer_of,
    locked_payment,
    once,
    person_of,
    tell_sales,
)
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.numbering import next_number
from kintsugi.parties.selectors import parties

STATEMENT_BYTES_MAX = 2_000_000
STATEMENT_ROWS_MAX = 5_000
#: Faults that a refusal names.
FAULTS_MAX = 20
#: Columns of a statement: ours, and the headings that say the same.
HEADINGS: dict[str, tuple[str, ...]] = {
    "date": ("date", "日期", "交易日期"),
    "amount": ("amount", "金额", "交易金额"),
    "reference": ("reference", "流水号", "交易流水号"),
    "payer": ("payer", "对方户名", "付款人"),
    "text": ("text", "附言", "摘要"),
    "currency": ("currency", "币种"),
}
NEEDED = ("date", "amount", "reference")
LENGTHS = {"reference": 100, "payer": 300, "text": 400}


@dataclass(frozen=True)
class Received:
    """A movement of a bank account; ``amount`` is below zero where money went out."""

    paid_on: dt.date
    amount: Decimal
    bank_ref: str
    payer: str = ""
    text: str = ""
    currency: str = "CNY"


@dataclass(frozen=True)
class Fault:
    """A cell of a statement that cannot be read: row, field, value, and what is wrong."""

    row: int
    field: str
    value: str
    what: Text


def record_payment(
    *,
    actor: Any,
    direction: str,
    customer: UUID | None,
    amount: Decimal,
    paid_on: dt.date,
    account: str,
    bank_ref: str,
    key: str,
    at: dt.datetime,
    currency: str = "CNY",
    payer: str = "",
    text: str = "",
) -> Payment:
    """Record money that came in or was paid back. The same bank reference with the same amount,
    day, direction and customer gives the payment that is there.

    Raises KintsugiError ``billing.amount``, ``billing.reference-taken``,
    ``billing.reference-missing``, ``billing.day-ahead`` or NotFound.
    """
    if direction not in DIRECTIONS or amount <= NOTHING or amount != round(amount, 2):
        raise KintsugiError(
            "billing.amount",
            Text("金额须大于 0,最多两位小数。",
                 "An amount is more than 0, with two decimals at most."),
            Text("更正金额;退款选“退款”,不写负数。",
                 "Correct it; money paid back has its own direction and no minus sign."),
            field="amount",
        )  # fmt: skip
    if not account.strip() or not bank_ref.strip():
        raise KintsugiError(
            "billing.reference-missing",
            Text("没有写银行账户或流水号。", "The account or the bank reference is missing."),
            Text("照回单填写。", "Take them from the bank's slip."),
            field="bank_ref",
        )
    if paid_on > timezone.localtime(at).date():
        raise KintsugiError(
            "billing.day-ahead",
            Text("收付款日期在今天之后。", "The day of the payment lies ahead."),
            Text("填写银行入账日。", "Give the day of the bank's entry."),
            field="paid_on",
        )
    row = Received(
        paid_on, amount if direction == "in" else -amount, bank_ref.strip(), payer.strip(),
        text.strip(), currency,
    )  # fmt: skip

    def work() -> dict[str, Any]:
        party = customer_of(customer) if customer else None
        known = _known(account.strip(), [row])
        if known:
            _same_or_refuse(known[row.bank_ref], row, customer)
            return {"payment": str(known[row.bank_ref].pk)}
        [made] = _make(actor, account.strip(), [row], {row.bank_ref: party}, at, None)
        return {"payment": str(made.pk)}

    payload = {"customer": customer, "account": account, "row": row}
    done = once(actor=actor, command="record-payment", key=key, payload=payload, work=work)
    return Payment.objects.get(pk=done["payment"])


def assign_payment(
    *, actor: Any, payment: UUID, customer: UUID, key: str, at: dt.datetime
) -> Payment:
    """Say whose a payment is that nobody claimed; once. Raises KintsugiError
    ``billing.payment-fixed`` or NotFound."""

    def work() -> dict[str, Any]:
        found = locked_payment(payment)
        party = customer_of(customer)
        Payment.objects.filter(pk=found.pk).update(
            customer=party, customer_name=party.name, version=found.version + 1
        )
        found.refresh_from_db()
        journal.book_assignment(found, on=timezone.localtime(at).date())
        tell_sales(party.pk)
        return {"payment": str(found.pk)}

    payload = {"payment": payment, "customer": customer}
    once(actor=actor, command="assign-payment", key=key, payload=payload, work=work)
    return Payment.objects.get(pk=payment)


def read_statement(
    *, actor: Any, account: str, file_name: str, data: bytes, key: str, at: dt.datetime
) -> BankStatement:
    """Record the movements of a bank statement (CSV, UTF-8 or GB18030). A movement that is known
    by its reference is left alone; the same file twice changes nothing; a file with one bad cell is
    refused whole, and each such cell is named by row, field and value.

    Raises KintsugiError ``billing.statement`` (with ``faults``), ``billing.too-large`` or
    ``billing.reference-taken``.
    """
    said = account.strip()
    if len(data) > STATEMENT_BYTES_MAX:
        raise KintsugiError(
            "billing.too-large",
            Text("文件大于 2 MB。", "The file is larger than 2 MB."),
            Text("按月分开上传。", "Upload it month by month."),
            field="file",
        )
    digest = hashlib.sha256(data).hexdigest()
    rows = parse_statement(data, today=timezone.localtime(at).date())
    if not said:
        raise _unreadable([Fault(0, "account", "", Text("没有写账户", "no account is given"))])

    def work() -> dict[str, Any]:
        before = BankStatement.objects.filter(account=said, sha256=digest).first()
        if before is not None:
            return {"statement": str(before.pk)}
        known = _known(said, rows)
        for row in rows:
            if row.bank_ref in known:
                _same_or_refuse(known[row.bank_ref], row)
        fresh = [row for row in rows if row.bank_ref not in known]
        made = BankStatement.objects.create(
            number=next_number(prefix="BS", on=timezone.localtime(at).date()), account=said,
            file_name=file_name[:300], sha256=digest, row_count=len(rows), new_count=len(fresh),
            read_by_name=str(actor), read_at=at,
        )  # fmt: skip
        _make(actor, said, fresh, _owners(fresh), at, made)
        return {"statement": str(made.pk)}

    payload = {"account": said, "sha256": digest}
    done = once(actor=actor, command="read-statement", key=key, payload=payload, work=work)
    return BankStatement.objects.get(pk=done["statement"])


def parse_statement(data: bytes, *, today: dt.date) -> list[Received]:
    """The movements of a CSV file. Raises KintsugiError ``billing.statement``."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise _unreadable(
            [Fault(0, "file", str(error)[:80], Text("不是 CSV", "this is no CSV"))]
        ) from error
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines or len(lines) > STATEMENT_ROWS_MAX + 1:
        what = Text(f"须有 1 至 {STATEMENT_ROWS_MAX:,} 行",
                    f"1 to {STATEMENT_ROWS_MAX:,} rows are read")  # fmt: skip
        raise _unreadable([Fault(0, "file", str(max(len(lines) - 1, 0)), what)])
    places = _places(lines[0])
    faults: list[Fault] = []
    found: dict[str, Received] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = {name: line[at].strip() if at < len(line) else "" for name, at in places.items()}
        row = _row(number, cells, today, faults)
        if row is None:
            continue
        if row.bank_ref in found:
            what = Text("同一文件中重复", "stands twice in the file")
            faults.append(Fault(number, "reference", row.bank_ref, what))
        found[row.bank_ref] = row
    if faults:
        raise _unreadable(faults)
    return list(found.values())


# -- inside ----------------------------------------------------------------------------------------


def _places(heads: Sequence[str]) -> dict[str, int]:
    said = [head.strip().lower() for head in heads]
    places = {
        name: said.index(head) for name, words in HEADINGS.items() for head in words if head in said
    }
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise _unreadable(
            [
                Fault(1, name, ",".join(heads)[:80],
                      Text(f"没有“{HEADINGS[name][1]}”列", f"there is no column “{name}”"))
                for name in missing
            ]
        )  # fmt: skip
    return places


def _row(
    number: int, cells: dict[str, str], today: dt.date, faults: list[Fault]
) -> Received | None:
    before = len(faults)

    def bad(name: str, zh: str, en: str) -> None:
        faults.append(Fault(number, name, cells.get(name, "")[:80], Text(zh, en)))

    day, amount = today, NOTHING
    try:
        day = dt.date.fromisoformat(cells["date"].replace("/", "-"))
        if day > today:
            bad("date", "在今天之后", "lies ahead")
    except ValueError:
        bad("date", "不是 YYYY-MM-DD 日期", "is no day like 2026-11-25")
    try:
        amount = Decimal(cells["amount"].replace(",", ""))
        if not amount.is_finite() or amount == 0 or abs(amount) >= Decimal(10) ** 13:
            bad("amount", "不是非零金额", "is no amount other than 0")
        elif amount != round(amount, 2):
            bad("amount", "多于两位小数", "has more than two decimals")
    except InvalidOperation:
        bad("amount", "不是金额", "is no amount")
    if not cells["reference"]:
        bad("reference", "不能为空", "is empty")
    for name, longest in LENGTHS.items():
        if len(cells.get(name, "")) > longest or "\x00" in cells.get(name, ""):
            bad(name, f"长于 {longest} 字", f"is longer than {longest} characters")
    currency = (cells.get("currency") or "CNY").upper()
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        bad("currency", "不是三位币种代码", "is no currency code of three letters")
    if len(faults) > before:
        return None
    return Received(day, amount, cells["reference"], cells.get("payer", ""),
                    cells.get("text", ""), currency)  # fmt: skip


def _unreadable(faults: Sequence[Fault]) -> KintsugiError:
    shown = faults[:FAULTS_MAX]
    more = len(faults) - len(shown)
    zh = ";".join(f"第 {f.row} 行 {f.field}“{f.value}”{f.what.zh}" for f in shown)
    en = "; ".join(f"row {f.row}, {f.field} “{f.value}” {f.what.en}" for f in shown)
    return KintsugiError(
        "billing.statement",
        Text(f"文件不能读入:{zh}{f';另有 {more} 处' if more else ''}。",
             f"The file cannot be read: {en}{f'; and {more} more' if more else ''}."),
        Text("更正这些单元格后再上传;什么都没有记。",
             "Correct these cells and upload it again; nothing was recorded."),
        field="file",
        faults=[{"row": f.row, "field": f.field, "value": f.value} for f in shown],
    )  # fmt: skip


def _known(account: str, rows: Sequence[Received]) -> dict[str, Payment]:
    found = Payment.objects.filter(account=account, bank_ref__in=[row.bank_ref for row in rows])
    return {one.bank_ref: one for one in found}


def _same_or_refuse(known: Payment, row: Received, customer: UUID | None = None) -> None:
    signed = known.amount if known.direction == "in" else -known.amount
    is_another_s = customer is not None and known.customer_id != customer
    if is_another_s or (signed, known.paid_on, known.currency) != (
        row.amount, row.paid_on, row.currency,
    ):  # fmt: skip
        raise KintsugiError(
            "billing.reference-taken",
            Text(f"流水号 {row.bank_ref} 已记为 {known.number}({known.paid_on},{signed:.2f}),"
                 f"这次是 {row.paid_on},{row.amount:.2f}。",
                 f"{row.bank_ref} is {known.number} already ({known.paid_on}, {signed:.2f}); this"
                 f" says {row.paid_on}, {row.amount:.2f}."),
            Text("核对流水号;一笔流水只记一次。",
                 "Look at the reference again; a movement is recorded once."),
            field="bank_ref",
            bank_ref=row.bank_ref,
        )  # fmt: skip


def _owners(rows: Sequence[Received]) -> dict[str, Any]:
    """The customer with just the payer's name, where there is exactly one."""
    names = {row.payer for row in rows if row.payer}
    by_name: dict[str, list[Any]] = {}
    for one in parties().filter(name__in=names, roles__contains=["customer"]):
        by_name.setdefault(one.name, []).append(one)
    return {
        row.bank_ref: by_name[row.payer][0] for row in rows if len(by_name.get(row.payer, ())) == 1
    }


def _make(
    actor: Any, account: str, rows: Sequence[Received], owners: dict[str, Any], at: dt.datetime,
    statement: BankStatement | None,
) -> list[Payment]:  # fmt: skip
    on = timezone.localtime(at).date()
    made = []
    for number, row in enumerate(rows, 1):
        party = owners.get(row.bank_ref)
        # Those of a statement are numbered within it: one series is not asked 5,000 times.
        named = f"{statement.number}-{number:04d}" if statement else next_number(prefix="PM", on=on)
        made.append(
            Payment(
                number=named, direction="in" if row.amount > 0 else "out", customer=party,
                customer_name=party.name if party else "", payer=row.payer, paid_on=row.paid_on,
                amount=abs(row.amount), currency=row.currency, account=account,
                bank_ref=row.bank_ref, text=row.text, statement=statement,
                recorded_by_id=person_of(actor), recorded_by_name=str(actor), recorded_at=at,
            )
        )  # fmt: skip
    Payment.objects.bulk_create(made)
    journal.book_payments(made)
    for customer in sorted({one.customer_id for one in made if one.customer_id}):
        tell_sales(customer)
    return made
