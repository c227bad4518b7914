"""Trade over HTTP: certificates, first reviews, the radar, and whether something may be traded."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Reference, Word, Words
from kintsugi.core.api.writing import KEY, Code, Line, codes_of
from kintsugi.core.verdicts import Verdict
from kintsugi.parties.selectors import LICENCE_KINDS, LICENCE_STATES
from kintsugi.products import selectors_trade, services_trade
from kintsugi.products.kinds import CERTIFICATE_KINDS, REVIEW, REVIEW_ROLES
from kintsugi.products.models import Certificate, FirstReview
from kintsugi.products.services_trade import CertificateFacts
from kintsugi.products.trade_screens import CERTIFICATES, RADAR, REVIEWS, checklist
from kintsugi.products.views import now, today

router = Router(tags=["Licences"])
PRODUCTS_MAX = 200


class CertificateOut(Schema):
    """A registration certificate or a filing."""

    id: UUID
    version: int
    number: str
    kind: str = Field(description=codes_of(CERTIFICATE_KINDS))
    holder: Reference
    approved_on: dt.date | None
    valid_from: dt.date
    valid_to: dt.date | None = Field(description="null for a filing")
    status: str = Field(description=f"today: {codes_of(LICENCE_STATES)}")
    products: int = Field(description="for how many products it is")
    revoked_on: dt.date | None
    file_sha256: str
    note: str
    page: str

    @staticmethod
    def resolve_page(row: Certificate) -> str:
        """Where people read it."""
        return reverse("products:certificate", args=[row.pk])


class CertificateIn(Schema):
    """A certificate to register."""

    number: Code
    kind: Literal["registration", "filing"]
    holder: UUID
    valid_from: dt.date
    valid_to: dt.date | None = None
    approved_on: dt.date | None = None
    note: Line = ""
    products: list[UUID] = Field(min_length=1, max_length=500)


class TradeVerdictOut(Schema):
    """What one check found, and what to do where it did not pass."""

    check: str
    passed: bool
    title: Words
    why: Words
    remedy: Words
    facts: dict[str, Any]

    @staticmethod
    def resolve_facts(one: Verdict) -> dict[str, Any]:
        """What it rests on, as JSON."""
        facts: dict[str, Any] = one.kept()["facts"]
        return facts


class ReviewOut(Schema):
    """A first review."""

    id: UUID
    number: str
    role: str = Field(description=codes_of(REVIEW_ROLES))
    party: UUID | None
    product: UUID | None
    classes: list[str]
    status: str = Field(description=codes_of(dict(REVIEW.states)))
    reason: str
    requested_by_name: str
    reviewed_by_name: str
    approved_by_name: str
    effective_from: dt.date | None
    page: str

    @staticmethod
    def resolve_party(row: FirstReview) -> UUID | None:
        """The party it is about."""
        return row.party_id

    @staticmethod
    def resolve_product(row: FirstReview) -> UUID | None:
        """The product it is about."""
        return row.product_id

    @staticmethod
    def resolve_page(row: FirstReview) -> str:
        """Where people read it."""
        return reverse("products:review", args=[row.pk])


class ReviewDetail(ReviewOut):
    """With what it asks for."""

    checklist: list[TradeVerdictOut]

    @staticmethod
    def resolve_checklist(row: FirstReview) -> Any:
        """As found today, or as it was kept."""
        return checklist(row)


class ReviewIn(Schema):
    """A first review to ask for."""

    role: Literal["supplier", "customer", "product"]
    subject: UUID
    classes: list[Literal["I", "II", "III"]] = Field(default=[], max_length=3)
    reason: Line = Field(min_length=1)


class StepIn(Schema):
    """Why."""

    reason: Line = ""


class EndingOut(Schema):
    """A licence that ends soon or ended."""

    id: UUID
    party: Reference
    kind: str = Field(description=codes_of(LICENCE_KINDS))
    number: str
    valid_to: dt.date | None
    status: str = Field(description=codes_of(LICENCE_STATES))
    locks: list[str] = Field(
        description="what its end locks: `customer` sales to the party, `supplier` purchases from "
        "it, `authorisation` purchases of the authorised products"
    )
    locked_since: dt.date | None

    @staticmethod
    def resolve_locked_since(row: Any) -> dt.date | None:
        """The first day of the lock."""
        return selectors_trade.locked_since(row)


class TradeQuery(Schema):
    """Who, what, as what, when and where to."""

    party: UUID
    product: list[UUID] = Field(min_length=1, max_length=PRODUCTS_MAX)
    role: Literal["customer", "supplier"]
    on: dt.date | None = Field(None, description="today where not given")
    region: Word | None = Field(None, description="where the goods are meant for; GB/T 2260")


class TradedProduct(Schema):
    """The checks of one product."""

    product: UUID
    passed: bool
    verdicts: list[TradeVerdictOut]


class Traded(Schema):
    """Whether these products may be traded with this party."""

    passed: bool
    items: list[TradedProduct]


add_list(
    router, "/certificates", CERTIFICATES, CertificateOut, name="certificates",
    summary="Registration certificates and filings, with their state today",
)  # fmt: skip
add_list(
    router, "/reviews", REVIEWS, ReviewOut, name="first_reviews", summary="First reviews",
)  # fmt: skip
add_list(
    router, "/radar", RADAR, EndingOut, name="radar",
    summary="Licences that end within 90 days or ended, and what that locks",
)  # fmt: skip


@router.get("/trade-check", response={200: Traded, **READ}, summary="May this be traded?")
@requires("licence.read")
def trade_check(request: HttpRequest, params: Query[TradeQuery]) -> dict[str, Any]:
    """Every check of every product, passed or why not and what to do; the same as orders ask."""
    found = selectors_trade.trade_verdicts(
        party=params.party, products=params.product, role=params.role, on=params.on or today(),
        region=params.region,
    )  # fmt: skip
    items = [
        {"product": pk, "passed": all(one.passed for one in verdicts), "verdicts": verdicts}
        for pk, verdicts in found.items()
    ]
    return {"passed": all(one["passed"] for one in items), "items": items}


@router.get("/certificates/{id}", response={200: CertificateOut, **READ}, summary="One certificate")
@requires("licence.read")
def certificate(request: HttpRequest, id: UUID) -> Certificate:
    """With its state today."""
    return selectors_trade.certificate(id, on=today())


@router.post(
    "/certificates", response={201: CertificateOut, **WRITE}, summary="Register a certificate"
)
@requires("licence.create")
def register_certificate(
    request: HttpRequest, body: CertificateIn, key: str = KEY
) -> Status[Certificate]:
    """409 `licence.needs-approval` where a product's first review is in force: its certificates
    change by an act under two persons."""
    facts = body.model_dump()
    products = facts.pop("products")
    made = services_trade.register_certificate(
        actor=request.user, facts=CertificateFacts(**facts), products=products, key=key, at=now()
    )
    return Status(201, selectors_trade.certificate(made.pk, on=today()))


@router.get("/reviews/{id}", response={200: ReviewDetail, **READ}, summary="One first review")
@requires("licence.read")
def first_review(request: HttpRequest, id: UUID) -> FirstReview:
    """With its checklist."""
    return selectors_trade.review(id)


@router.post("/reviews", response={201: ReviewDetail, **WRITE}, summary="Ask for a first review")
@requires("licence.create")
def ask_first_review(request: HttpRequest, body: ReviewIn, key: str = KEY) -> Status[FirstReview]:
    """A draft; `submit` hands it to quality. 409 `review.open` where one is open already."""
    made = services_trade.ask_first_review(
        actor=request.user, key=key, at=now(), **body.model_dump()
    )
    return Status(201, made)


@router.post(
    "/reviews/{id}/{step}", response={200: ReviewDetail, **WRITE},
    summary="Submit or withdraw a first review",
)  # fmt: skip
@requires("licence.create")
def step_first_review(
    request: HttpRequest, id: UUID, step: Literal["submit", "withdraw"], body: StepIn
) -> FirstReview:
    """By the person who asked. Withdrawing needs a reason."""
    if step == "submit":
        return services_trade.submit_first_review(actor=request.user, review=id, at=now())
    return services_trade.close_first_review(
        actor=request.user, review=id, outcome="withdrawn", reason=body.reason, at=now()
    )


@router.post(
    "/reviews/{id}/quality/{step}", response={200: ReviewDetail, **WRITE},
    summary="Review, approve, reject or end a first review",
)  # fmt: skip
@requires("licence.approve")
def judge_first_review(
    request: HttpRequest, id: UUID, step: Literal["check", "approve", "reject", "end"],
    body: StepIn,
) -> FirstReview:  # fmt: skip
    """By quality: `check` not by who asked, `approve` by a third person; 409 `review.incomplete`
    with the papers that are missing."""
    given = {"actor": request.user, "review": id, "at": now()}
    if step == "check":
        return services_trade.review_first(opinion=body.reason, **given)  # type: ignore[arg-type]
    if step == "approve":
        return services_trade.approve_first_review(reason=body.reason, **given)  # type: ignore[arg-type]
    outcome = {"reject": "rejected", "end": "ended"}[step]
    return services_trade.close_first_review(outcome=outcome, reason=body.reason, **given)  # type: ignore[arg-type]
