"""Sources: where fragments come from, and recognising one by the layout of its file."""

import hashlib
from collections.abc import Mapping as Map
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.mapping import Mapping, drift, find_slipped, refuse_drift, refuse_slipped
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import open_snapshot
from kintsugi.onboarding.models import MappingVersion, Run, Source

#: States of a run whose file stands in the tables.
LOADED = ("verified", "waves", "partly-reverted")


def layout_of(snapshot: EngineSnapshot) -> str:
    """The fingerprint of a file's headers, whatever their order: same layout, same fingerprint."""
    tables = sorted(
        "\x1f".join(sorted(column.name for column in table.columns))
        for table in snapshot.tables
        if table.columns and not table.hidden
    )
    return hashlib.sha256("\x1e".join(tables).encode()).hexdigest()


def recognise(snapshot: EngineSnapshot) -> Source | None:
    """The oldest source in use that was first seen with this layout."""
    return (
        Source.objects.filter(layout=layout_of(snapshot), is_void=False)
        .exclude(status="retired")
        .order_by("created_at", "id")
        .first()
    )


def register_source(
    *,
    actor: Any,
    code: str,
    kind: str,
    name_zh: str = "",
    name_en: str = "",
    layout: str = "",
    owner: str = "",
    steward: str = "",
    authority: int | None = None,
    value_maps: Map[str, Any] | None = None,
) -> Source:
    """The source with this code; made when it is new, brought up to date when facts are given.

    ``authority`` 0 to 1000 decides between sources that disagree; 50 is the usual one. Raises
    KintsugiError ``source.authority``.
    """
    if authority is not None and not 0 <= authority <= 1000:
        raise KintsugiError(
            "source.authority",
            Text(
                "来源的权威度须在 0 到 1000 之间。", "A source's authority lies between 0 and 1000."
            ),
            Text("请改用此范围内的数。", "Give a number in this range."),
            field="authority",
            value=authority,
        )
    given = {
        "name_zh": name_zh,
        "name_en": name_en,
        "owner": owner,
        "steward": steward,
        "layout": layout,
        "value_maps": dict(value_maps or {}),
    }
    with recorded(actor=actor, command="onboarding.register-source", reason=code):
        source = Source.objects.select_for_update().filter(code=code).first()
        if source is None:
            return Source.objects.create(
                code=code,
                kind=kind,
                authority=50 if authority is None else authority,
                **{**given, "name_zh": name_zh or code, "name_en": name_en or name_zh or code},
            )
        changes: dict[str, Any] = {k: v for k, v in given.items() if v and v != getattr(source, k)}
        if authority is not None and authority != source.authority:
            changes["authority"] = authority
        if changes:
            Source.objects.filter(pk=source.pk).update(
                **changes, version=source.version + 1, updated_at=Now()
            )
            source.refresh_from_db()
        return source


def code_for(file_name: str) -> str:
    """A free source code made from a file's name."""
    stem = file_name
    for ending in (".gz", ".zip"):
        stem = stem.removesuffix(ending)
    stem = stem.rsplit(".", 1)[0][:100] or "source"
    code, number = stem, 2
    while Source.objects.filter(code=code).exists():
        code, number = f"{stem}-{number}", number + 1
    return code


def keep_mapping(*, actor: Any, source: Source, mapping: Mapping, origin: str) -> MappingVersion:
    """The version of this mapping for the source; a new one only when its content is new."""
    with recorded(actor=actor, command="onboarding.keep-mapping", reason=source.code):
        Source.objects.select_for_update().get(pk=source.pk)
        known = MappingVersion.objects.filter(source=source, sha256=mapping.sha256).first()
        if known is not None:
            return known
        last = MappingVersion.objects.filter(source=source).order_by("-number").first()
        return MappingVersion.objects.create(
            source=source,
            number=last.number + 1 if last else 1,
            content=mapping.model_dump(mode="json"),
            sha256=mapping.sha256,
            origin=origin,
        )


def refuse_unlike(source: Source, mapping: Mapping, snapshot: EngineSnapshot) -> None:
    """Refuse a file that does not fit the source's mapping, or whose columns hold what stood under
    other headers in the file that was loaded last. Raises KintsugiError ``mapping.drift`` or
    ``mapping.slipped``."""
    refuse_drift(drift(mapping, snapshot), file=snapshot.file_name)
    last = (
        Run.objects.filter(source=source, parent=None, reverts=None, snapshot__isnull=False)
        .filter(status__in=LOADED)
        .exclude(snapshot__folder=snapshot.path.name)
        .select_related("snapshot")
        .order_by("-created_at")
        .first()
    )
    folder = settings.SNAPSHOT_ROOT / last.snapshot.folder if last and last.snapshot else None
    if folder is not None and folder.exists():
        refuse_slipped(
            find_slipped(mapping, open_snapshot(folder), snapshot), file=snapshot.file_name
        )


def current_mapping(source: Source) -> MappingVersion | None:
    """The newest mapping version of a source."""
    return MappingVersion.objects.filter(source=source).order_by("-number").first()
