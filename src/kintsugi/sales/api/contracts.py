"""Contracts over HTTP."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE
from kintsugi.sales import services, typed
from kintsugi.sales.api.shapes import (
    KEY,
    Code,
    Currency,
    Line400,
    Long,
    Money,
    Qty,
    SalesProductRef,
    SalesReasonIn,
    SalesVerdictOut,
    Share,
    codes,
    verdicts_out,
)
from kintsugi.sales.kinds import (
    CONTRACT,
    CONTRACT_KINDS,
    CONTRACT_VERSION,
    COVERS,
    DUE_RULES,
    WARRANTY_STARTS,
)
from kintsugi.sales.models import Contract, ContractLine, ContractVersion
from kintsugi.sales.screens import CONTRACTS
from kintsugi.sales.selectors import contracts
from kintsugi.sales.services.contracts import LINES_MAX, PAYMENTS_MAX
from kintsugi.sales.views import now

router = Router()
HUNDRED = Decimal(100)


class SalesContractOut(Schema):
    """A contract and where it stands."""

    id: UUID
    number: str
    title: str
    kind: str = Field(description=codes(CONTRACT_KINDS))
    customer_id: UUID
    customer_name: str
    status: str = Field(description=codes(dict(CONTRACT.states)))
    version_no: int = Field(description="the version in force; 0 before the first")
    seller_name: str
    ended_on: dt.date | None
    end_reason: str


class ContractLineOut(Schema):
    """A line and what orders took of it."""

    line_no: int
    product: SalesProductRef
    qty: Decimal
    price: Decimal
    discount: Decimal
    tax_rate: Decimal
    amount: Decimal
    due_on: dt.date | None
    called_off: Decimal


class SalesPaymentOut(Schema):
    """A payment with its amount to the cent."""

    name: str
    share: Decimal
    due_rule: str = Field(description=codes(DUE_RULES))
    due_days: int
    due_on: dt.date | None
    amount: Decimal


class VersionOut(Schema):
    """One wording of a contract."""

    no: int
    status: str = Field(description=codes(dict(CONTRACT_VERSION.states)))
    reason: str
    signed_on: dt.date | None
    effective_on: dt.date
    expires_on: dt.date | None
    currency: str
    total: Decimal
    delivery_terms: str
    acceptance_terms: str
    warranty_start: str = Field(description=codes(WARRANTY_STARTS))
    warranty_months: int
    warranty_covers: list[str] = Field(description=codes(COVERS))
    exchange_inherits: bool
    retention_share: Decimal
    file_name: str
    file_sha256: str
    written_by_name: str
    approved_by_name: str
    approved_at: dt.datetime | None
    lines: list[ContractLineOut]
    payments: list[SalesPaymentOut]
    checks: list[SalesVerdictOut] = Field(description="what was found when it was approved")

    @staticmethod
    def resolve_lines(row: ContractVersion) -> list[ContractLine]:
        """Its lines in order."""
        return list(contracts.lines_of(row)[:LINES_MAX])

    @staticmethod
    def resolve_payments(row: ContractVersion) -> list[dict[str, Any]]:
        """Its payments with their amounts."""
        return [
            {"name": one.name, "share": one.share, "due_rule": one.due_rule,
             "due_days": one.due_days, "due_on": one.due_on, "amount": cents}
            for one, cents in contracts.payments_of(row)
        ]  # fmt: skip

    @staticmethod
    def resolve_checks(row: ContractVersion) -> list[dict[str, Any]]:
        """As kept."""
        return verdicts_out(row.verdicts)


class ContractDetail(SalesContractOut):
    """A contract with all its versions, the newest first."""

    versions: list[VersionOut]

    @staticmethod
    def resolve_versions(row: Contract) -> list[ContractVersion]:
        """All wordings."""
        return contracts.versions(row)


class ContractLineIn(Schema):
    """So much of a product at a price with tax; its place in the list is its number."""

    product_code: Code = Field(min_length=1)
    qty: Qty
    price: Money
    tax_rate: Share
    discount: Share = Decimal(0)
    due_on: dt.date | None = None


class SalesPaymentIn(Schema):
    """A share of the price and when it is due."""

    name: Code = Field(min_length=1)
    share: Share
    due_rule: Literal["signed", "shipped", "delivered", "accepted", "warranty_end", "date"]
    due_days: int = Field(0, ge=0, le=3650)
    due_on: dt.date | None = Field(None, description="with `date`, and only there")


class TermsIn(Schema):
    """What a version says."""

    effective_on: dt.date
    expires_on: dt.date | None = None
    signed_on: dt.date | None = None
    currency: Currency = "CNY"
    delivery_terms: Long = ""
    acceptance_terms: Long = ""
    warranty_start: Literal["install_accept", "delivery_signed", "shipped", "contract_date"] = (
        "install_accept"
    )
    warranty_months: int = Field(0, ge=0, le=600)
    warranty_covers: list[Literal["labour", "parts", "travel", "consumable", "calibration"]] = (
        Field(default_factory=list, max_length=5)
    )
    exchange_inherits: bool = True
    retention_share: Share = Decimal(0)
    file_name: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")] = ""
    file_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""


class VersionIn(Schema):
    """A version to write."""

    terms: TermsIn
    lines: list[ContractLineIn] = Field(default_factory=list, max_length=LINES_MAX)
    payments: list[SalesPaymentIn] = Field(default_factory=list, max_length=PAYMENTS_MAX)


class ContractIn(VersionIn):
    """A contract to write."""

    customer_id: UUID
    kind: Literal["sale", "service", "amc", "lease", "consignment", "framework"]
    number: Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00]*$")] = Field(
        "", description="empty: the next of ours"
    )
    title: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class VariationIn(VersionIn):
    """The next version, and why there is one."""

    reason: Line400 = Field("", description="needed for a contract in force")


class EndIn(SalesReasonIn):
    """How it ends, and why."""

    how: Literal["fulfilled", "expired", "terminated"]


add_list(
    router, "/contracts", CONTRACTS, SalesContractOut, name="sales_contracts",
    summary="Sales contracts",
)  # fmt: skip


def _parts(body: VersionIn) -> dict[str, Any]:
    """Words, lines and payments as services take them."""
    terms = body.terms.model_dump()
    terms["warranty_covers"] = tuple(terms["warranty_covers"])
    lines = [
        {**one.model_dump(), "tax_rate": one.tax_rate * HUNDRED, "discount": one.discount * HUNDRED}
        for one in body.lines
    ]
    plan = [{**one.model_dump(), "share": one.share * HUNDRED} for one in body.payments]
    return {
        "words": services.Words(**terms),
        "lines": typed.contract_lines(lines),
        "payments": typed.payments(plan),
    }


@router.get("/contracts/{id}", response={200: ContractDetail, **READ}, summary="One contract")
@requires("contract.read")
def sales_contract(request: HttpRequest, id: UUID) -> Contract:
    """With all its versions."""
    return contracts.contract(id)


@router.post("/contracts", response={201: ContractDetail, **WRITE}, summary="Write a contract")
@requires("contract.create")
def write_contract(request: HttpRequest, body: ContractIn, key: str = KEY) -> Status[Contract]:
    """With its first version as a draft. 409 `sales.plan-not-whole` where the payments do not make
    the whole, `sales.contract-number-taken` for a number that is used."""
    made = services.create_contract(
        actor=request.user, customer=body.customer_id, kind=body.kind, number=body.number,
        title=body.title, key=key, at=now(), **_parts(body),
    )  # fmt: skip
    return Status(201, contracts.contract(made.pk))


@router.post(
    "/contracts/{id}/versions", response={200: ContractDetail, **WRITE}, summary="Vary a contract"
)
@requires("contract.edit")
def vary_contract(request: HttpRequest, id: UUID, body: VariationIn, key: str = KEY) -> Contract:
    """The next version as a draft; the one in force stays until this one is approved. A draft or a
    refused version is written anew."""
    contracts.contract(id)
    services.vary_contract(
        actor=request.user, contract=id, reason=body.reason, key=key, at=now(), **_parts(body)
    )
    return contracts.contract(id)


@router.post(
    "/contracts/{id}/submit", response={200: ContractDetail, **WRITE}, summary="Submit a contract"
)
@requires("contract.edit")
def submit_contract(request: HttpRequest, id: UUID, key: str = KEY) -> Contract:
    """From here the version does not change."""
    contracts.contract(id)
    services.submit_contract(actor=request.user, contract=id, key=key, at=now())
    return contracts.contract(id)


@router.post(
    "/contracts/{id}/approve", response={200: ContractDetail, **WRITE}, summary="Put in force"
)
@requires("contract.approve")
def approve_contract(request: HttpRequest, id: UUID, key: str = KEY) -> Contract:
    """By somebody else than who wrote it, with the signed file and a customer who may have the
    goods (409 `sales.checks-failed`)."""
    contracts.contract(id)
    services.approve_contract(actor=request.user, contract=id, key=key, at=now())
    return contracts.contract(id)


@router.post(
    "/contracts/{id}/refuse", response={200: ContractDetail, **WRITE}, summary="Refuse a version"
)
@requires("contract.approve")
def refuse_contract(
    request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY
) -> Contract:
    """It may be written anew."""
    contracts.contract(id)
    services.refuse_contract(actor=request.user, contract=id, reason=body.reason, key=key, at=now())
    return contracts.contract(id)


@router.post(
    "/contracts/{id}/drop", response={200: ContractDetail, **WRITE}, summary="Give a change up"
)
@requires("contract.edit")
def drop_variation(request: HttpRequest, id: UUID, body: SalesReasonIn, key: str = KEY) -> Contract:
    """The version in force goes on."""
    contracts.contract(id)
    services.drop_variation(actor=request.user, contract=id, reason=body.reason, key=key, at=now())
    return contracts.contract(id)


@router.post("/contracts/{id}/end", response={200: ContractDetail, **WRITE}, summary="End one")
@requires("contract.approve")
def end_contract(request: HttpRequest, id: UUID, body: EndIn, key: str = KEY) -> Contract:
    """As fulfilled, expired or terminated. Orders that were taken go on."""
    contracts.contract(id)
    services.end_contract(
        actor=request.user, contract=id, how=body.how, reason=body.reason, key=key, at=now()
    )
    return contracts.contract(id)
