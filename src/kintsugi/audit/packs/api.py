"""Evidence packs over HTTP."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.audit.packs import screens, selectors, services, views
from kintsugi.audit.packs.models import EvidencePack
from kintsugi.audit.tasks import make_evidence_pack
from kintsugi.core.access import requires
from kintsugi.core.api import api_url
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Number, Word

router = Router(tags=["Evidence packs"])
PackNumber = Path(..., description="number or id of the pack")


class PackLinks(Schema):
    """Where to go from a pack."""

    api: str
    page: str
    file: str


class PackOut(Schema):
    """A pack in the register."""

    id: UUID
    number: str = Field(examples=["EP-20261122-0001"])
    scope_kind: str = Field(description="device, product, lot, party, run or period")
    scope_key: str
    title_zh: str
    title_en: str
    language: str
    reason: str
    shows_personal: bool = Field(description="then its file needs `personal.read`")
    asked_by: str
    asked_at: dt.datetime
    as_of: dt.datetime | None = Field(description="instant of the data in it")
    status: str = Field(description="asked, making, ready or failed")
    manifest_sha256: str = Field(description="compare it with `verify_pack.py --expect`")
    file_sha256: str
    bytes: int | None
    files: int | None
    tables: dict[str, int] = Field(description="rows by table")
    error: dict[str, Any] | None
    links: PackLinks

    @staticmethod
    def resolve_links(pack: EvidencePack) -> dict[str, str]:
        """Where to go from here."""
        return {
            "api": api_url("pack", number=pack.number),
            "page": screens.pack_url(pack),
            "file": api_url("pack_file", number=pack.number),
        }


class PackIn(Schema):
    """What a pack shall be about, and why it is made."""

    kind: Word = Field(
        description="device, product, lot, party, run or period", examples=["device"]
    )
    key: Word = Field(
        description="serial number or id; product code; `PRODUCT CODE/LOT`; name of the party; "
        "number of the run; "
        "`2026-11-01/2026-12-01`"
    )
    language: Literal["zh", "en"] = "zh"
    masked: bool = Field(False, description="mask personal data even for whoever may read it")
    reason: Word = Field(min_length=1, description="for whom and why; printed on the first page")


add_list(
    router, "/packs", screens.PACKS, PackOut, name="packs", summary="Evidence packs, newest first"
)


@router.post("/packs", response={202: PackOut, **WRITE}, summary="Make an evidence pack")
@requires("pack.create")
def ask_for_pack(request: HttpRequest, given: PackIn) -> Status[EvidencePack]:
    """It is made in the background; ask for the pack until its status is `ready`."""
    pack = services.ask_for_pack(actor=request.user, at=timezone.now(), **given.model_dump())
    make_evidence_pack.defer(pack_id=str(pack.pk), actor=str(request.user))
    return Status(202, pack)


@router.get("/packs/{number}", response={200: PackOut, **READ}, summary="One evidence pack")
@requires("pack.read")
def pack(request: HttpRequest, number: Number = PackNumber) -> EvidencePack:
    """The register's entry with the hash of its manifest."""
    return selectors.pack_by_number(number)


@router.get(
    "/packs/{number}/file",
    response={200: bytes, **READ, 409: WRITE[409]},
    summary="The file of an evidence pack",
    openapi_extra={
        "responses": {
            200: {
                "description": "the archive",
                "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
            }
        }
    },
)
@requires("pack.read")
def pack_file(request: HttpRequest, number: Number = PackNumber) -> FileResponse:
    """409 while the pack is not ready, and when its file is not the one in the register."""
    return views.download(request, number)
