"""Reads of contracts: what their checks say, what a version changed, when payments are due."""

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kintsugi.core.lookups import occurs, starts
from kintsugi.core.verdicts import Verdict
from kintsugi.engine.text import Text
from kintsugi.sales.models import Contract, ContractLine, ContractVersion, PaymentNode
from kintsugi.sales.selectors.trading import may_trade

#: What of a version people compare, in this order.
COMPARED: dict[str, Text] = {
    "signed_on": Text("签订日", "Signed"),
    "effective_on": Text("生效日", "Effective from"),
    "expires_on": Text("到期日", "Expires"),
    "currency": Text("币种", "Currency"),
    "total": Text("含税总额", "Total with tax"),
    "delivery_terms": Text("交货条款", "Delivery terms"),
    "acceptance_terms": Text("验收条款", "Acceptance terms"),
    "warranty_start": Text("保修起算", "Warranty begins"),
    "warranty_months": Text("保修月数", "Warranty, months"),
    "warranty_covers": Text("保修范围", "Covers"),
    "exchange_inherits": Text("换出件继承保修", "An exchanged unit inherits the warranty"),
    "retention_share": Text("质保金比例", "Retention"),
    "file_name": Text("签署文件", "Signed file"),
    "file_sha256": Text("文件哈希", "Hash of the file"),
}


def contracts() -> QuerySet[Contract]:
    """All contracts within the scope at work."""
    return Contract.objects.filter(is_void=False)


def contract(pk: UUID) -> Contract:
    """One contract. Raises ``Contract.DoesNotExist``."""
    return contracts().get(pk=pk)


def found_contracts(rows: QuerySet[Contract], text: str) -> QuerySet[Contract]:
    """Contracts by the beginning of their number, or a part of customer or subject."""
    return rows.filter(
        starts("number", text.upper()) | occurs("customer_name", text) | occurs("title", text)
    )


def versions(contract: Contract) -> list[ContractVersion]:
    """All wordings, the newest first."""
    return list(contract.versions.order_by("-no"))


def shown_version(contract: Contract) -> ContractVersion | None:
    """The version in force, else the newest."""
    found = versions(contract)
    return next((one for one in found if one.status == "in_force"), found[0] if found else None)


def lines_of(version: ContractVersion) -> QuerySet[ContractLine]:
    """The lines of a version that stand."""
    return version.lines.filter(is_void=False).select_related("product").order_by("line_no")


def payments_of(version: ContractVersion) -> list[tuple[PaymentNode, Decimal]]:
    """The payments of a version with their amounts to the cent; the last one takes what rounding
    left over."""
    nodes = list(version.payments.filter(is_void=False).order_by("line_no"))
    cents = [(version.total * one.share).quantize(Decimal("0.01"), ROUND_HALF_UP) for one in nodes]
    if cents:
        cents[-1] += version.total.quantize(Decimal("0.01")) - sum(cents)
    return list(zip(nodes, cents, strict=True))


def differences(old: ContractVersion, new: ContractVersion) -> list[tuple[Text, str, str]]:
    """What a version changed: name, before, after; terms, then lines, then payments."""
    found = []
    for name, title in COMPARED.items():
        before, after = _said(getattr(old, name)), _said(getattr(new, name))
        if before != after:
            found.append((title, before, after))
    for mark, before_rows, after_rows in (
        (Text("第 {} 行", "Line {}"), _lines(old), _lines(new)),
        (Text("付款 {}", "Payment {}"), _payments(old), _payments(new)),
    ):
        for number in sorted({*before_rows, *after_rows}):
            before, after = before_rows.get(number, ""), after_rows.get(number, "")
            if before != after:
                found.append((Text(mark.zh.format(number), mark.en.format(number)), before, after))
    return found


def judge_contract(version: ContractVersion, *, on: dt.date) -> list[Verdict]:
    """What putting a version in force needs: a signed file, and a customer who may have it."""
    title = Text("签署文件", "Signed file")
    signed = bool(version.file_sha256) and version.signed_on is not None
    facts: Mapping[str, Any] = {"sha256": version.file_sha256, "signed_on": version.signed_on}
    file = (
        Verdict("signed-file", True, title,
                Text(f"{version.signed_on} 签订,{version.file_name or version.file_sha256[:12]}。",
                     f"Signed on {version.signed_on}:"
                     f" {version.file_name or version.file_sha256[:12]}."), facts=facts)
        if signed
        else Verdict("signed-file", False, title,
                     Text("没有签署文件或签订日。", "The signed file or its date is missing."),
                     Text("登记签订日和签署文件。", "Add the day and the signed file."), facts)
    )  # fmt: skip
    return [file, *trade(version, on)]


def trade(version: ContractVersion, on: dt.date) -> list[Verdict]:
    """Whether the customer may have the products: licence, scope, first review, certificate."""
    products = {one.product_id: one.product.product_code for one in lines_of(version)}
    return may_trade(version.contract.customer_id, products, on=on)


def _lines(version: ContractVersion) -> dict[int, str]:
    return {
        one.line_no: f"{one.product.product_code} × {one.qty.normalize():f} @ "
        f"{one.price.normalize():f} −{one.discount * 100:.2f}% = {one.amount:.2f}"
        for one in lines_of(version)
    }


def _payments(version: ContractVersion) -> dict[int, str]:
    return {
        node.line_no: f"{node.name} {node.share * 100:.2f}% {node.due_on or node.due_rule}"
        f" +{node.due_days} = {cents:.2f}"
        for node, cents in payments_of(version)
    }


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)
