"""Signatures over HTTP."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api import api_url
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, Words
from kintsugi.identity.signing import selectors
from kintsugi.identity.signing.content import readable
from kintsugi.identity.signing.models import MEANINGS, Signature
from kintsugi.identity.signing.screens import SIGNATURES

router = Router(tags=["Acts and signatures"])


class AuthenticationIn(Schema):
    """Who you are, proven again: each signature needs it."""

    method: Literal["password", "totp"] = "password"
    secret: str = Field(
        max_length=1000, description="password or one-time code; never kept", repr=False
    )


class SignatureLinks(Schema):
    """Where to go from a signature."""

    api: str
    page: str
    signed: str = Field(description="the page of what was signed")


class SignatureOut(Schema):
    """A signature as documents show it: printed name, time with zone, meaning."""

    id: UUID
    printed_name: str = Field(description="the person's name at that moment")
    person_id: UUID
    meaning: str = Field(description="; ".join(f"`{c}` {t.en} {t.zh}" for c, t in MEANINGS.items()))
    meaning_text: Words
    signed_at: dt.datetime = Field(description="with its offset from UTC")
    authenticated_at: dt.datetime = Field(description="at most two minutes before")
    method: str = Field(description="password, totp or passkey")
    reason: str
    object_kind: str
    object_id: UUID
    object_title: str
    content_sha256: str = Field(description="SHA-256 of the canonical text that was signed")
    links: SignatureLinks

    @staticmethod
    def resolve_meaning_text(found: Signature) -> Any:
        """What it means in both languages."""
        return MEANINGS[found.meaning]

    @staticmethod
    def resolve_links(found: Signature) -> dict[str, str]:
        """Where to go from here."""
        return {
            "api": api_url("signature", id=found.pk),
            "page": reverse("signatures:detail", args=[found.pk]),
            "signed": selectors.object_url(found),
        }


class VerdictOut(Schema):
    """Whether what was signed is still the same."""

    state: str = Field(description=", ".join(f"`{state}`" for state in selectors.VERDICTS))
    text: Words
    signed_sha256: str
    present_sha256: str | None


class SignatureDetail(SignatureOut):
    """A signature with the text that was signed, and whether it holds now."""

    content: str = Field(description="canonical text; its UTF-8 bytes give the hash")
    verdict: VerdictOut

    @staticmethod
    def resolve_content(found: Signature) -> str:
        """Personal data masked where the person asking may not read it."""
        return readable(found.object_kind, found.content)


add_list(
    router,
    "/signatures",
    SIGNATURES,
    SignatureOut,
    name="signatures",
    summary="The register of signatures, newest first",
)


@router.get("/signatures/{id}", response={200: SignatureDetail, **READ}, summary="One signature")
@requires("signature.read")
def signature(request: HttpRequest, id: UUID) -> Signature:
    """Recomputes the hash of the present content: `verdict` says whether it changed since."""
    found = selectors.signature(id)
    found.verdict = selectors.verify_signature(found)  # type: ignore[attr-defined]
    return found
