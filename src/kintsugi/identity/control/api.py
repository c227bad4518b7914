"""Acts under two persons over HTTP. Signing needs the password or a one-time code in the body,
over the session."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Header
from pydantic import Field, StringConstraints

from kintsugi.core.access import requires
from kintsugi.core.api import api_url
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Words
from kintsugi.identity.control import selectors, services
from kintsugi.identity.control.kinds import kind_of
from kintsugi.identity.control.models import Act
from kintsugi.identity.control.screens import ACTS
from kintsugi.identity.control.states import ACT
from kintsugi.identity.control.views import take_plain_step, take_signed_step
from kintsugi.identity.models import User
from kintsugi.identity.signing.api import AuthenticationIn, SignatureOut
from kintsugi.identity.signing.services import authenticate

router = Router(tags=["Acts and signatures"])

Reason = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Typed = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=200,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every step; the same one again when a request is repeated",
)


class ActLinks(Schema):
    """Where to go from an act."""

    api: str
    page: str


class ActFields(Schema):
    """What every answer says of an act."""

    id: UUID
    number: str = Field(examples=["ACT-20261122-0001"])
    kind: str
    subject_kind: str
    subject_id: UUID
    subject_title: str
    status: str = Field(
        description="; ".join(f"`{c}` {t.en} {t.zh}" for c, t in ACT.states.items())
    )
    revision: int
    plan_sha256: str = Field(description="hash of the present plan; what a signature is bound to")
    author: str
    reason: str
    created_at: dt.datetime
    links: ActLinks


class ActOut(ActFields):
    """One thing done under two persons."""

    @staticmethod
    def resolve_author(found: Act) -> str:
        """Who wrote the present plan."""
        return found.author.name

    @staticmethod
    def resolve_links(found: Act) -> dict[str, str]:
        """Where to go from here."""
        return {
            "api": api_url("act", id=found.pk),
            "page": reverse("acts:detail", args=[found.pk]),
        }


class DifferenceOut(Schema):
    """One line of the dry run."""

    label: Words
    before: Any
    after: Any


class ActStep(Schema):
    """A step of the act's state, and whether the person asking may take it."""

    name: str
    title: Words
    permitted: bool
    why_not: Words | None
    signs: bool


class ActDetail(ActFields):
    """An act with its plan, its signatures, and the steps open to the person asking."""

    plan: dict[str, Any]
    differences: list[DifferenceOut]
    steps: list[ActStep]
    signatures: list[SignatureOut]
    result: dict[str, Any] | None = Field(description="what the execution gave, or its error")
    findings: list[Words] = Field(description="where the record differs from the plan")


class ActIn(Schema):
    """A plan to write down."""

    kind: str = Field(max_length=60, examples=["device.correct"])
    subject_id: UUID
    values: dict[str, Typed | None] = Field(
        max_length=200, description="what the fields should hold, as one types it; null empties"
    )
    reason: Reason = Field(min_length=1)


class PlanIn(Schema):
    """Another plan for the same act: a new revision."""

    values: dict[str, Typed | None] = Field(max_length=200)
    reason: Reason = Field(min_length=1)


class UndoIn(Schema):
    """Why an act should be undone."""

    reason: Reason = Field(min_length=1)


class SignIn(Schema):
    """A signed step."""

    plan_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the plan you read")
    reason: Reason = ""
    authentication: AuthenticationIn


def _rows(user: User, which: str) -> QuerySet[Act]:
    return ACTS.rows(user, which=which)


add_list(
    router,
    "/acts",
    ACTS,
    ActOut,
    name="acts",
    summary="Acts, newest first",
    rows=lambda user: _rows(user, "all"),
)
add_list(
    router,
    "/acts/waiting",
    ACTS,
    ActOut,
    name="acts_waiting",
    summary="Acts that wait for the signature of the person asking",
    rows=lambda user: _rows(user, "waiting"),
)


def _account(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "the API asks for a log-in"
    return request.user


def detail(found: Act, account: User) -> dict[str, Any]:
    """What the API says of one act."""
    view = selectors.act_view(found, account=account)
    act = {name: getattr(found, name) for name in ActFields.model_fields if hasattr(found, name)}
    stored = view.verification.findings if view.verification else []
    return {
        **act,
        "author": found.author.name,
        "links": ActOut.resolve_links(found),
        "plan": view.plan,
        "differences": view.differences,
        "steps": view.steps,
        "signatures": view.signatures,
        "result": view.execution.result if view.execution else None,
        "findings": [f.text for f in view.findings]
        + [{"zh": f["zh"], "en": f["en"]} for f in stored],
    }


@router.get("/acts/{id}", response={200: ActDetail, **READ}, summary="One act")
@requires("act.read")
def act(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """Its plan as a dry run, who signed, and which steps the person asking may take."""
    return detail(selectors.act(id), _account(request))


@router.post("/acts", response={201: ActDetail, **WRITE}, summary="Write a plan down")
@requires("act.create")
def draft_act(request: HttpRequest, body: ActIn, key: str = KEY) -> Status[dict[str, Any]]:
    """A draft. `kind` is one that is installed (`device.correct`, `party.correct`). 400 with
    `field` for a value that the contract refuses; 409 where nothing can be planned any more."""
    account = _account(request)
    with transaction.atomic():
        plan = kind_of(body.kind).plan(body.subject_id, body.values)
        made = services.draft_act(
            kind=body.kind,
            subject_id=body.subject_id,
            plan=plan,
            reason=body.reason,
            account=account,
            at=timezone.now(),
            key=key,
        )
    return Status(201, detail(made, account))


@router.put("/acts/{id}/plan", response={200: ActDetail, **WRITE}, summary="Change the plan")
@requires("act.create")
def revise_act(request: HttpRequest, id: UUID, body: PlanIn) -> dict[str, Any]:
    """A new revision, a draft again: an approval of the one before no longer fits. 403 for anybody
    but the author."""
    account = _account(request)
    known = selectors.act(id)
    with transaction.atomic():
        made = services.revise_act(
            act_id=id,
            plan=kind_of(known.kind).plan(known.subject_id, body.values),
            reason=body.reason,
            account=account,
            at=timezone.now(),
        )
    return detail(made, account)


def _signed(request: HttpRequest, id: UUID, step: str, body: SignIn, key: str) -> dict[str, Any]:
    account = _account(request)
    selectors.act(id)
    proof = authenticate(
        account=account,
        method=body.authentication.method,
        secret=body.authentication.secret,
        session_key=request.session.session_key,
        at=timezone.now(),
    )
    with transaction.atomic():
        made = take_signed_step(
            step,
            act_id=id,
            proof=proof,
            reason=body.reason,
            expected_sha256=body.plan_sha256,
            key=key,
        )
    return detail(made, account)


@router.post(
    "/acts/{id}/sign/{step}",
    response={200: ActDetail, **WRITE},
    summary="Approve, refuse, execute or verify with a signature",
)
@requires("signature.sign")
def sign_act(
    request: HttpRequest,
    id: UUID,
    step: Literal["approve", "refuse", "execute", "verify", "fail"],
    body: SignIn,
    key: str = KEY,
) -> dict[str, Any]:
    """403 `signing.wrong-secret`, `signing.locked`, `control.self-approval`,
    `control.checker-executes`, `control.executor-verifies`; 409 where the act's state or plan is
    another by now (`control.wrong-state`, `signing.content-changed`, `core.stale-version`).
    The same key again gives the same answer; with another content it is refused with 422."""
    return _signed(request, id, step, body, key)


@router.post(
    "/acts/{id}/step/{step}",
    response={200: ActDetail, **WRITE},
    summary="Submit, take back or cancel",
)
@requires("act.create")
def step_act(
    request: HttpRequest, id: UUID, step: Literal["submit", "withdraw", "cancel"]
) -> dict[str, Any]:
    """Steps of the author that need no signature."""
    account = _account(request)
    selectors.act(id)
    with transaction.atomic():
        made = take_plain_step(step, act_id=id, account=account, reason="", key="")
    return detail(made, account)


@router.post("/acts/{id}/undo", response={201: ActDetail, **WRITE}, summary="Plan to undo an act")
@requires("act.create")
def undo_act(
    request: HttpRequest, id: UUID, body: UndoIn, key: str = KEY
) -> Status[dict[str, Any]]:
    """A new draft that brings the old values back; it goes through the same hands."""
    account = _account(request)
    selectors.act(id)
    with transaction.atomic():
        made = take_plain_step("undo", act_id=id, account=account, reason=body.reason, key=key)
    return Status(201, detail(made, account))
