"""The register of signatures and one signature."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Column, Custom, DetailScreen, Empty, Fields, Filter, ListScreen
from kintsugi.core.screens import Value as Line
from kintsugi.identity.signing import selectors
from kintsugi.identity.signing.content import readable
from kintsugi.identity.signing.models import MEANINGS, METHODS, Signature

MEANING_TONES = {"approved": "good", "verified": "good", "released": "good", "refused": "bad"}


def url_of(row: Signature) -> str:
    """The signature's page."""
    return reverse("signatures:detail", args=[row.pk])


def zoned(value: datetime) -> str:
    """A time as signatures print it, with its zone: ``2026-11-22 09:30:05 UTC+08:00``."""
    local = timezone.localtime(value)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} UTC{offset[:3]}:{offset[3:]}"


def rows(_user: Any) -> QuerySet[Signature]:
    """All signatures."""
    return selectors.signatures()


SIGNATURES = ListScreen(
    name="signatures",
    title=_("Signature register"),
    subtitle=_("Every signature with printed name, time, meaning and the hash of what was signed."),
    permission="signature.read",
    export_permission="signature.export",
    rows=rows,
    columns=(
        Column("signed_at", label=_("Signed"), kind="moment", link=url_of),
        Column("printed_name", label=_("Printed name")),
        Column("meaning", label=_("Meaning"), kind="state", choices=MEANINGS, tones=MEANING_TONES),
        Column("object_title", label=_("Signed object"), link=selectors.object_url),
        Column("reason", label=_("Reason")),
        Column("method", label=_("Proven by"), choices=METHODS),
        Column("account__username", label=_("Account"), kind="code"),
        Column("content_sha256", label=_("SHA-256"), kind="code",
               value=lambda row: row.content_sha256[:12], sort=()),
    ),
    search=("printed_name", "object_title", "reason"),
    search_hint=_("Name, object, reason"),
    filters=(
        Filter("meaning", label=_("Meaning"), choices=MEANINGS),
        Filter("method", label=_("Proven by"), choices=METHODS),
        Filter("signed_at", kind="days", label=_("Signed"), lookup="signed_at__date"),
        Filter("account", kind="exact", label=_("Account"), lookup="account__username"),
    ),
    order=("-signed_at",),
    empty=Empty(_("No signatures yet"), _("They appear when people sign acts."), icon="pencil"),
)  # fmt: skip


def find(_user: Any, pk: UUID) -> Signature:
    """The signature with its verdict as of now."""
    found = selectors.signature(pk)
    found.verdict = selectors.verify_signature(found)  # type: ignore[attr-defined]
    return found


def block(record: Any) -> dict[str, Any]:
    """The signature as it stands on documents."""
    return {"signatures": [record]}


SIGNATURE = DetailScreen(
    permission="signature.read",
    find=find,
    title=lambda record: record.object_title,
    pills=lambda record: [
        (MEANINGS[record.meaning], MEANING_TONES.get(record.meaning, "")),
        (record.verdict.text, record.verdict.tone),
    ],
    breadcrumbs=lambda record: [(_("Signature register"), reverse("signatures:list"))],
    panels=(
        Custom("identity/signature_card.html", block),
        Fields(
            _("Proof"),
            (
                Line("printed_name", label=_("Printed name")),
                Line("person", label=_("Person now"), value=lambda record: record.person),
                Line("account__username", label=_("Account"), kind="code"),
                Line("signed_at", label=_("Signed"), value=lambda r: zoned(r.signed_at)),
                Line(
                    "authenticated_at",
                    label=_("Authenticated"),
                    value=lambda r: zoned(r.authenticated_at),
                ),
                Line("method", label=_("Proven by"), choices=METHODS),
                Line("object_title", label=_("Signed object"), link=selectors.object_url),
                Line("content_sha256", label=_("SHA-256 of the signed content"), kind="code"),
                Line(
                    "present",
                    label=_("SHA-256 of the present content"),
                    kind="code",
                    value=lambda record: record.verdict.present_sha256,
                ),
            ),
        ),
        Custom(
            "identity/signed_content.html",
            lambda record: {"content": readable(record.object_kind, record.content)},
        ),
    ),
    template="identity/signature.html",
)
