"""The record over HTTP: how it is sealed, proofs of changes, refused acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Path
from procrastinate.exceptions import AlreadyEnqueued
from pydantic import Field

from kintsugi.audit import selectors, tasks
from kintsugi.audit.packs.api import router as packs
from kintsugi.audit.refusal_screens import REFUSALS
from kintsugi.audit.reports.api import router as reports
from kintsugi.audit.retention.api import router as retention
from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Bilingual

router = Router(tags=["Audit"])
ROUTERS: tuple[Router, ...] = (router, packs, reports, retention)


class RefusalOut(Schema):
    """One refused act."""

    id: UUID
    at: datetime
    actor: str
    actor_id: UUID | None
    command: str
    rule: str
    status: int
    facts: dict[str, Any]
    address: str
    request_id: str
    suppressed: bool


add_list(
    router,
    "/refusals",
    REFUSALS,
    RefusalOut,
    name="refusals",
    summary="Acts that a rule refused; for administrators and auditors",
)


class CheckpointOut(Schema):
    """A signed statement: so many changes, this root, at this time."""

    number: int
    epoch: int
    size: int = Field(description="changes sealed in this epoch")
    root: str = Field(description="root of the Merkle tree, SHA-256 in hex")
    at: datetime
    key: str = Field(description="fingerprint of the sealing key")
    fingerprint: str = Field(description="SHA-256 of the signed text")


class WitnessOut(Schema):
    """The newest cosignature of a witness."""

    checkpoint: int
    at: datetime
    key: str
    behind: int = Field(description="checkpoints that the witness has not cosigned yet")


class TimeStampOut(Schema):
    """The newest time stamp of an authority (RFC 3161)."""

    checkpoint: int
    at: datetime
    authority: str


class EpochOut(Schema):
    """One unbroken life of the log."""

    number: int
    at: datetime
    actor: str
    reason: str


class SealKeyOut(Schema):
    """A public key, by the fingerprint that people compare."""

    role: str = Field(description="sealer or witness")
    fingerprint: str
    at: datetime


class FindingOut(Schema):
    """One thing in the record that is not as it was written."""

    verifier: str
    kind: str = Field(examples=["tree.leaf-changed"])
    table: str
    key: str
    at: str | None
    message: Bilingual
    facts: dict[str, Any]


class VerifierOut(Schema):
    """What one verifier said."""

    verifier: str
    state: str = Field(description="clean, broken or inconclusive")
    checked: int
    found: int
    seconds: float
    reason: Bilingual | None
    findings: list[FindingOut] = Field(description="the first hundred")


class VerificationOut(Schema):
    """What all verifiers said at one time."""

    at: datetime
    since: datetime | None
    state: str
    verdicts: list[VerifierOut]


class RecordOut(Schema):
    """How the sealed log stands."""

    checkpoint: CheckpointOut | None
    unsealed: int = Field(description="changes not sealed yet")
    unsealed_since: datetime | None
    rolled_back: bool = Field(description="the database is behind what was sealed before")
    guard_accepted: bool = Field(description="triggers and roles are those somebody stands behind")
    witness: WitnessOut | None
    time_stamp: TimeStampOut | None
    epochs: list[EpochOut]
    keys: list[SealKeyOut]
    verification: VerificationOut | None


class ProofOut(Schema):
    """The proof that a change is sealed; `verify_export.py` verifies it without the product."""

    format: str
    line: str = Field(description="the change as the line that was hashed")
    index: int
    path: list[str] = Field(description="audit path of RFC 6962, hashes in hex")
    checkpoint: dict[str, str]
    cosignatures: list[dict[str, str]]
    keys: list[dict[str, str]]


class Asked(Schema):
    """A verification was asked for."""

    ok: bool = True
    waiting: bool = Field(description="one was waiting already; it serves both")


@router.get("/record", response={200: RecordOut, **READ}, summary="How the sealed log stands")
@requires("audit.read")
def sealed_record(request: HttpRequest) -> dict[str, Any]:
    """The newest checkpoint, what is not sealed yet, witness, keys, and the last verification."""
    return selectors.seal_status()


@router.get(
    "/record/changes/{change}",
    response={200: ProofOut, **READ, 409: WRITE[409]},
    summary="Proof that a change is sealed",
)
@requires("audit.export")
def sealed_change(
    request: HttpRequest,
    change: int = Path(..., ge=1, lt=2**63, description="number of the change"),
) -> dict[str, Any]:
    """Inclusion proof under the newest checkpoint of its epoch; 409 when it is not sealed yet."""
    return selectors.proof_of(change)


@router.post("/record/verify", response={202: Asked, **WRITE}, summary="Verify the whole record")
@requires("audit.administer")
def verify_record(request: HttpRequest) -> Status[dict[str, Any]]:
    """A job verifies it; the answer appears in `/record` under `verification`."""
    try:
        with transaction.atomic():
            tasks.verify_asked.defer(at=timezone.now().isoformat(), actor=str(request.user))
    except AlreadyEnqueued:
        return Status(202, {"ok": True, "waiting": True})
    return Status(202, {"ok": True, "waiting": False})
