"""Reads of signatures: the register, those under an object, and whether one still holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from kintsugi.core import scope
from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text
from kintsugi.identity.signing.content import SIGNABLE, digest
from kintsugi.identity.signing.models import Signature
from kintsugi.identity.signing.services import content_of

#: What became of a signed content.
VERDICTS: dict[str, Text] = {
    "holds": Text("内容未变,签名有效", "The content is unchanged: the signature holds"),
    "content-changed": Text(
        "签名之后内容已变更", "The content changed since it was signed"
    ),
    "object-missing": Text("找不到被签名的对象", "What was signed cannot be found"),
    "record-broken": Text(
        "签名记录自身不一致", "The record of the signature contradicts itself"
    ),
}  # fmt: skip
VERDICT_TONES = {
    "holds": "good",
    "content-changed": "warn",
    "object-missing": "warn",
    "record-broken": "bad",
}


@dataclass(frozen=True)
class Verdict:
    """Whether a signature holds: ``state`` of VERDICTS, and the hashes then and now."""

    state: str
    signed_sha256: str
    present_sha256: str | None

    @property
    def text(self) -> Text:
        """The verdict in words."""
        return VERDICTS[self.state]

    @property
    def tone(self) -> str:
        """Its colour."""
        return VERDICT_TONES[self.state]


def signatures() -> QuerySet[Signature]:
    """Signatures under objects within the scope of the person at work, newest first."""
    found = Signature.objects.select_related("person", "account")
    if not scope.current().everything:
        within = Q(pk__in=())
        for kind in SIGNABLE.values():
            within |= Q(object_kind=kind.kind, object_id__in=kind.rows())
        found = found.filter(within)
    return found.order_by("-signed_at", "id")


def signature(pk: UUID) -> Signature:
    """One signature. Raises ``Signature.DoesNotExist``."""
    return signatures().get(pk=pk)


def signatures_of(*, kind: str, object_ids: Sequence[UUID]) -> list[Signature]:
    """Signatures under these objects, oldest first; at most 500."""
    found = Signature.objects.filter(object_kind=kind, object_id__in=list(object_ids))
    return list(found.order_by("signed_at", "id")[:500])


def signatures_under(
    ids: Sequence[UUID] = (),
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[Signature]:
    """Signatures under these objects of whatever kind, or of a span of time (``since`` ≤ t <
    ``until``) where no objects are named; oldest first, at most ``limit``."""
    found = signatures()
    found = (
        found.filter(object_id__in=list(ids))
        if ids
        else found.filter(signed_at__gte=since, signed_at__lt=until)
    )
    return list(found.order_by("signed_at", "id")[:limit])


def verify_signature(found: Signature) -> Verdict:
    """Compute the hash of the present content and compare it with what was signed."""
    signed = found.content_sha256
    if digest(found.content) != signed:
        return Verdict("record-broken", signed, digest(found.content))
    try:
        _title, text = content_of(kind=found.object_kind, object_id=found.object_id)
    except NotFound:
        return Verdict("object-missing", signed, None)
    now = digest(text)
    return Verdict("holds" if now == signed else "content-changed", signed, now)


def kind_title(kind: str) -> Text:
    """What people call a kind of signed object."""
    known = SIGNABLE.get(kind)
    return known.title if known else Text(kind, kind)


def object_url(found: Any) -> str:
    """The page of what was signed; empty where its app is not installed."""
    known = SIGNABLE.get(found.object_kind)
    return known.url(found.object_id) if known else ""
