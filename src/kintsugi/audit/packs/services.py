"""The only writer of the register of packs."""

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

import kintsugi
from kintsugi.audit.context import recorded
from kintsugi.audit.packs import build as building
from kintsugi.audit.packs.models import PACK, EvidencePack
from kintsugi.audit.packs.registry import resolve_scope
from kintsugi.core.access import PERSONAL, SYSTEM, SYSTEM_MASKED, bound, may
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.core.numbering import next_number

REASON_CHARS = 400
PROGRESS_KEEP_S = 3600


def pack_path(number: str) -> Path:
    """Where a pack's file lies."""
    return Path(settings.PACK_ROOT) / f"{number}.zip"


def ask_for_pack(
    *,
    actor: Any,
    kind: str,
    key: str,
    language: str,
    reason: str,
    at: dt.datetime,
    masked: bool = False,
) -> EvidencePack:
    """Register that a pack is wanted; ``make_pack`` makes it. Personal data is masked in it where
    ``masked`` says so, and always for whoever may not read it.

    Raises KintsugiError ``pack.no-reason``, ``pack.unknown-scope`` or ``pack.language``, NotFound,
    and what the scope's own resolver refuses (facts: field).
    """
    reason = " ".join(reason.split())[:REASON_CHARS]
    if not reason:
        raise KintsugiError(
            "pack.no-reason",
            Text("没有写明原因。", "No reason was given."),
            Text(
                "请写明为谁、为何生成此证据包。", "Say for whom and why this evidence pack is made."
            ),
            field="reason",
        )
    if language not in building.LANGUAGES:
        raise KintsugiError(
            "pack.language",
            Text(f"不支持语言“{language}”。", f"The language “{language}” is not supported."),
            Text("请用 zh 或 en。", "Use zh or en."),
            field="language",
            language=language,
        )
    scope = resolve_scope(kind, key)
    with recorded(actor=actor, command="audit.ask-for-pack", reason=reason, scope=scope.key):
        return EvidencePack.objects.create(
            number=next_number(prefix="EP", on=timezone.localdate(at)),
            scope_kind=scope.kind,
            scope_key=scope.key[:200],
            title_zh=scope.title.zh[:300],
            title_en=scope.title.en[:300],
            language=language,
            reason=reason,
            shows_personal=may(PERSONAL) and not masked,
            asked_by=str(actor),
            asked_by_id=None if isinstance(actor, str) else actor.pk,
            asked_at=at,
        )


def make_pack(*, actor: Any, pack_id: UUID, at: dt.datetime) -> EvidencePack:
    """Make the file of a registered pack as of ``at`` and keep its hashes in the register.

    A pack that is ready stays as it is. A refusal is kept with the pack (status failed) and
    raised; a pack that failed or was interrupted may be made again.
    """
    pack = _pack(pack_id)
    if pack.status == "ready":
        return pack
    _set(actor, pack, "audit.make-pack", status="making", as_of=at, error=None)
    facts = building.PackFacts(
        number=pack.number,
        person=pack.asked_by,
        reason=pack.reason,
        as_of=at,
        language=pack.language,
        is_masked=not pack.shows_personal,
        generator=f"Kintsugi {kintsugi.__version__}",
    )
    try:
        with bound(SYSTEM if pack.shows_personal else SYSTEM_MASKED):
            built = building.build(
                resolve_scope(pack.scope_kind, pack.scope_key),
                facts,
                pack_path(pack.number),
                progress=lambda done, phase: _tell(pack, done, phase),
            )
    except KintsugiError as error:
        kept = {**error.as_dict("en"), "zh": error.message.zh, "en": error.message.en,
                "remedy_zh": error.remedy.zh, "remedy_en": error.remedy.en}  # fmt: skip
        _set(actor, pack, "audit.fail-pack", status="failed", error=kept)
        raise
    _set(
        actor,
        pack,
        "audit.finish-pack",
        status="ready",
        manifest_sha256=built.manifest_sha256,
        file_sha256=built.file_sha256,
        bytes=built.bytes,
        files=built.files,
        tables=dict(built.tables),
        generator=facts.generator,
    )
    cache.delete(progress_key(pack))
    return pack


def progress_key(pack: EvidencePack) -> str:
    """Where the progress of a pack is told while it is made."""
    return f"pack-progress:{pack.pk}"


def _tell(pack: EvidencePack, done: int, phase: Text) -> None:
    told = {"done": done, "total": len(building.PHASES), "zh": phase.zh, "en": phase.en}
    cache.set(progress_key(pack), told, PROGRESS_KEEP_S)


def _pack(pack_id: UUID) -> EvidencePack:
    found = EvidencePack.objects.filter(pk=pack_id).first()
    if found is None:
        raise NotFound(Text("证据包", "evidence pack"), str(pack_id))
    return found


def _set(actor: Any, pack: EvidencePack, command: str, **values: Any) -> None:
    """Write values of the register's row, with the reason that was given for the pack."""
    PACK.check(pack.status, values["status"])
    with recorded(actor=actor, command=command, reason=pack.reason):
        EvidencePack.objects.filter(pk=pack.pk).update(
            **values, version=F("version") + 1, updated_at=Now()
        )
    pack.refresh_from_db()
