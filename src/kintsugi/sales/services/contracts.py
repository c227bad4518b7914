"""The only writer of contracts: written, submitted, approved, varied, ended."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number
from kintsugi.parties.selectors import parties
from kintsugi.products.selectors import products
from kintsugi.sales.kinds import CONTRACT, CONTRACT_VERSION
from kintsugi.sales.models import Contract, ContractLine, ContractVersion, PaymentNode
from kintsugi.sales.selectors.contracts import judge_contract
from kintsugi.sales.services.common import (
    locked_contract,
    must_step,
    need_another,
    need_reason,
    once,
    person_of,
)
from kintsugi.sales.services.pricing import amount

LINES_MAX = 1_000
PAYMENTS_MAX = 50


@dataclass(frozen=True)
class Words:
    """What a version says beside its lines and payments. ``file_sha256`` is the hash of the signed
    file, whose bytes people keep."""

    effective_on: dt.date
    expires_on: dt.date | None = None
    signed_on: dt.date | None = None
    currency: str = "CNY"
    delivery_terms: str = ""
    acceptance_terms: str = ""
    warranty_start: str = "install_accept"
    warranty_months: int = 0
    warranty_covers: tuple[str, ...] = ()
    exchange_inherits: bool = True
    retention_share: Decimal = Decimal(0)
    file_name: str = ""
    file_sha256: str = ""


@dataclass(frozen=True)
class ContractLineWanted:
    """So much of a product at a price with tax; its place in the list is its number."""

    product: UUID
    qty: Decimal
    price: Decimal
    tax_rate: Decimal
    discount: Decimal = Decimal(0)
    due_on: dt.date | None = None


@dataclass(frozen=True)
class Payment:
    """A share of the price and when it is due: so many days after an event, or on a day."""

    name: str
    share: Decimal
    due_rule: str
    due_days: int = 0
    due_on: dt.date | None = None


def create_contract(
    *,
    actor: Any,
    customer: UUID,
    kind: str,
    words: Words,
    lines: Sequence[ContractLineWanted],
    payments: Sequence[Payment],
    key: str,
    at: dt.datetime,
    number: str = "",
    title: str = "",
) -> Contract:
    """Write a contract with its first version as a draft. Without a number it gets ours.

    Raises NotFound, KintsugiError ``sales.contract-number-taken``, ``sales.plan-not-whole`` or
    ``sales.quantity`` (facts: line).
    """
    check_parts(lines, payments)
    payload = {
        "customer": customer, "kind": kind, "words": asdict(words), "lines": list(lines),
        "payments": list(payments), "number": number, "title": title,
    }  # fmt: skip
    day = timezone.localtime(at).date()

    def work() -> dict[str, Any]:
        buyer = parties().filter(pk=customer, roles__contains=["customer"]).first()
        if buyer is None:
            raise NotFound(Text("客户", "customer"), str(customer))
        said = "".join(number.split()).upper() or next_number(prefix="SC", on=day)
        if Contract.objects.filter(number=said).exists():
            raise KintsugiError(
                "sales.contract-number-taken",
                Text(f"合同号 {said} 已存在。", f"There is a contract {said} already."),
                Text("核对合同号。", "Check the number."),
                field="number",
            )
        made = Contract.objects.create(
            number=said, title=title.strip(), kind=kind, customer=buyer, customer_name=buyer.name,
            status="draft", seller_id=person_of(actor), seller_name=str(actor),
        )  # fmt: skip
        version = ContractVersion.objects.create(
            contract=made, no=1, status="draft", written_by_id=person_of(actor),
            written_by_name=str(actor), **_columns(words),
        )  # fmt: skip
        write_parts(version, lines, payments)
        return {"contract": str(made.pk)}

    return _done(actor, "create-contract", key, payload, work)


def vary_contract(
    *,
    actor: Any,
    contract: UUID,
    words: Words,
    lines: Sequence[ContractLineWanted],
    payments: Sequence[Payment],
    reason: str,
    key: str,
    at: dt.datetime,
) -> Contract:
    """Write the next version of a contract, with the reason; the old one stays in force until this
    one is approved. What was called off keeps its line number and product.

    A version that is still a draft or was refused is written anew instead.
    """
    check_parts(lines, payments)
    payload = {
        "contract": contract, "words": asdict(words), "lines": list(lines),
        "payments": list(payments), "reason": reason,
    }  # fmt: skip

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        open_version = found.versions.filter(status__in=["draft", "refused"]).first()
        if open_version is not None:
            if open_version.status == "refused":
                _version_step(open_version, "draft")
                if found.status == "refused":
                    _step(found, "draft")
            said = reason.strip() or open_version.reason
            ContractVersion.objects.filter(pk=open_version.pk).update(
                reason=said, version=open_version.version + 1,
                written_by_id=person_of(actor), written_by_name=str(actor), **_columns(words),
            )  # fmt: skip
            write_parts(open_version, lines, payments)
            return {"contract": str(found.pk)}
        must_step(CONTRACT, found.status, "changing")
        said = need_reason(reason)
        _step(found, "changing")
        version = ContractVersion.objects.create(
            contract=found, no=found.version_no + 1, status="draft", reason=said[:400],
            written_by_id=person_of(actor), written_by_name=str(actor), **_columns(words),
        )  # fmt: skip
        write_parts(version, lines, payments)
        return {"contract": str(found.pk)}

    return _done(actor, "vary-contract", key, payload, work, reason)


def submit_contract(*, actor: Any, contract: UUID, key: str, at: dt.datetime) -> Contract:
    """Ask for the approval of the version that was written. From here it does not change."""

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        version = _written(found, "draft")
        if found.status == "draft":
            _step(found, "submitted")
        _version_step(version, "submitted", submitted_at=at)
        return {"contract": str(found.pk)}

    return _done(actor, "submit-contract", key, {"contract": contract}, work)


def approve_contract(*, actor: Any, contract: UUID, key: str, at: dt.datetime) -> Contract:
    """Put the submitted version in force, by somebody else than who wrote it: it needs the signed
    file and a customer with valid licences. What was found is kept with the version.

    Raises KintsugiError ``sales.same-person``, ``sales.checks-failed`` or
    ``sales.contract-exceeded`` where less is left in it than was called off.
    """

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        version = _written(found, "submitted")
        need_another(
            actor, version.written_by_id, zh="起草人不能批准自己写的版本。",
            en="Who wrote a version cannot approve it.",
        )  # fmt: skip
        verdicts = judge_contract(version, on=timezone.localtime(at).date())
        failed = [one for one in verdicts if not one.passed]
        if failed:
            raise KintsugiError(
                "sales.checks-failed",
                Text("检查未通过:" + " ".join(one.why.zh for one in failed),
                     "Checks fail: " + " ".join(one.why.en for one in failed)),
                Text(" ".join(dict.fromkeys(one.remedy.zh for one in failed)),
                     " ".join(dict.fromkeys(one.remedy.en for one in failed))),
                failed=[one.check for one in failed],
            )  # fmt: skip
        for old in found.versions.filter(status="in_force"):
            _version_step(old, "superseded")
        _version_step(
            version, "in_force", approved_by_id=person_of(actor), approved_by_name=str(actor),
            approved_at=at, verdicts=[one.kept() for one in verdicts],
        )  # fmt: skip
        _step(found, "effective", version_no=version.no)
        events.emit("sales.contract-effective", subject=found.number, at=at,
                    facts={"contract": str(found.pk), "version": version.no})  # fmt: skip
        return {"contract": str(found.pk)}

    return _done(actor, "approve-contract", key, {"contract": contract}, work)


def refuse_contract(
    *, actor: Any, contract: UUID, reason: str, key: str, at: dt.datetime
) -> Contract:
    """Refuse the submitted version, with the reason; it may be written anew."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        version = _written(found, "submitted")
        _version_step(version, "refused", decision_reason=said[:400])
        if found.status == "submitted":
            _step(found, "refused")
        return {"contract": str(found.pk)}

    payload = {"contract": contract, "reason": said}
    return _done(actor, "refuse-contract", key, payload, work, said)


def drop_variation(
    *, actor: Any, contract: UUID, reason: str, key: str, at: dt.datetime
) -> Contract:
    """Give up the version that was being written; the one in force goes on."""
    said = need_reason(reason)

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        must_step(CONTRACT, found.status, "effective")
        version = _written(found, "draft", "refused")
        _version_step(version, "dropped", decision_reason=said[:400])
        _step(found, "effective")
        return {"contract": str(found.pk)}

    payload = {"contract": contract, "reason": said}
    return _done(actor, "drop-variation", key, payload, work, said)


def end_contract(
    *, actor: Any, contract: UUID, how: str, reason: str, key: str, at: dt.datetime
) -> Contract:
    """End a contract as ``fulfilled``, ``expired`` or ``terminated``, with the reason. Orders taken
    before go on. Raises IllegalTransition, KintsugiError ``sales.not-expired``."""
    said = need_reason(reason)
    assert how in ("fulfilled", "expired", "terminated"), f"a contract does not end as {how}"
    day = timezone.localtime(at).date()

    def work() -> dict[str, Any]:
        found = locked_contract(contract)
        must_step(CONTRACT, found.status, how)
        ends = found.versions.get(status="in_force").expires_on
        if how == "expired" and (ends is None or ends >= day):
            raise KintsugiError(
                "sales.not-expired",
                Text(f"合同有效至 {ends or '长期'}。", f"It runs until {ends or 'an open end'}."),
                Text("终止请写明原因。", "Terminate it instead, with the reason."),
            )
        _step(found, how, ended_on=day, end_reason=said[:400])
        return {"contract": str(found.pk)}

    payload = {"contract": contract, "how": how, "reason": said}
    return _done(actor, "end-contract", key, payload, work, said)


# -- inside ----------------------------------------------------------------------------------------


def check_parts(lines: Sequence[ContractLineWanted], payments: Sequence[Payment]) -> None:
    """Not too many, more than nothing of each, and shares that make the whole."""
    if len(lines) > LINES_MAX or len(payments) > PAYMENTS_MAX:
        raise KintsugiError(
            "sales.too-many-lines",
            Text(f"合同最多 {LINES_MAX} 行、{PAYMENTS_MAX} 期付款。",
                 f"A contract has at most {LINES_MAX} lines and {PAYMENTS_MAX} payments."),
            Text("分成几份合同。", "Make several contracts of it."),
            field="lines",
        )  # fmt: skip
    for number, line in enumerate(lines, 1):
        if line.qty <= 0 or line.price < 0 or not 0 <= line.discount <= 1:
            raise KintsugiError(
                "sales.quantity",
                Text(f"第 {number} 行的数量、价格或折扣不成立。",
                     f"Line {number}: quantity, price or discount cannot be."),
                Text("数量须大于 0,价格不小于 0,折扣在 0 与 1 之间。",
                     "Give more than 0, a price of 0 or more, a discount between 0 and 1."),
                field="lines",
                line=number,
            )  # fmt: skip
    shares = sum((one.share for one in payments), Decimal(0))
    if payments and shares != 1:
        said = f"{(shares * 100).normalize():f}"
        raise KintsugiError(
            "sales.plan-not-whole",
            Text(f"付款计划各期合计 {said}%,应为 100%。",
                 f"The payment plan adds up to {said} %, not to 100 %."),
            Text("调整各期比例。", "Change the shares of the payments."),
            field="payments",
        )  # fmt: skip


def write_parts(
    version: ContractVersion, lines: Sequence[ContractLineWanted], payments: Sequence[Payment]
) -> None:
    """Lines and payments as they are now: numbers that are gone are voided, never deleted."""
    wanted = {line.product for line in lines}
    known = set(products().filter(pk__in=wanted).values_list("pk", flat=True))
    if missing := wanted - known:
        raise NotFound(Text("产品", "product"), str(next(iter(missing))))
    _write(
        ContractLine, version,
        [{**asdict(line), "product_id": line.product,
          "amount": amount(line.qty, line.price, line.discount)} for line in lines],
    )  # fmt: skip
    _write(PaymentNode, version, [asdict(one) for one in payments])


def _write(
    model: Any,
    version: ContractVersion,
    rows: Sequence[dict[str, Any]],
) -> None:
    known = {one.line_no: one for one in model.objects.filter(version_of=version)}
    fresh = []
    for number, columns in enumerate(rows, 1):
        columns.pop("product", None)
        old = known.pop(number, None)
        if old is None:
            fresh.append(model(version_of=version, line_no=number, **columns))
        else:
            model.objects.filter(pk=old.pk).update(
                is_void=False, void_reason="", version=old.version + 1, **columns
            )
    gone = [one.pk for one in known.values()]
    model.objects.filter(pk__in=gone, is_void=False).update(is_void=True, void_reason="changed")
    model.objects.bulk_create(fresh)


def _columns(words: Words) -> dict[str, Any]:
    return {**asdict(words), "warranty_covers": list(words.warranty_covers)}


def _written(contract: Contract, *states: str) -> ContractVersion:
    """The version that waits. Raises KintsugiError ``sales.no-version``."""
    found = contract.versions.select_for_update(of=("self",)).filter(status__in=states).first()
    if found is None:
        said = [CONTRACT_VERSION.states[one] for one in states]
        raise KintsugiError(
            "sales.no-version",
            Text(f"合同 {contract.number} 没有{said[0].zh}的版本。",
                 f"No version of {contract.number} is {said[0].en}."),
            Text("先写一个版本。", "Write one first."),
            status=contract.status,
        )  # fmt: skip
    return found


def _version_step(version: ContractVersion, status: str, **columns: Any) -> None:
    must_step(CONTRACT_VERSION, version.status, status)
    ContractVersion.objects.filter(pk=version.pk).update(
        status=status, version=version.version + 1, **columns
    )
    version.refresh_from_db()


def _step(contract: Contract, status: str, **columns: Any) -> None:
    must_step(CONTRACT, contract.status, status)
    Contract.objects.filter(pk=contract.pk).update(
        status=status, version=contract.version + 1, **columns
    )
    contract.refresh_from_db()


def _done(
    actor: Any, command: str, key: str, payload: dict[str, Any], work: Any, reason: str = ""
) -> Contract:
    answer = once(actor=actor, command=command, key=key, payload=payload, work=work, reason=reason)
    return Contract.objects.get(pk=answer["contract"])
