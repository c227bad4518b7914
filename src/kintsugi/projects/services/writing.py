"""What every service of projects does: once, recorded, and only while the project is alive."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, StaleVersion, Text
from kintsugi.projects.models import Project

Row = TypeVar("Row", bound=models.Model)


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; None for the system."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found


def once(
    model: type[Row],
    *,
    actor: Any,
    command: str,
    key: str,
    payload: Mapping[str, Any],
    work: Callable[[], Row],
) -> Row:
    """Make a row by ``work``, recorded, once however often the same key and content come. Raises
    Conflict for the same key with other content."""

    def answer() -> dict[str, Any]:
        return {"id": str(work().pk)}

    with recorded(actor=actor, command=command):
        done = run_once(
            scope=command, key=f"{person_of(actor) or actor}:{key}", payload=payload, work=answer
        )
    return model._default_manager.get(pk=done["id"])


def change(row: Row, *, version: int | None, **values: Any) -> Row:
    """Write other values, counting the version up; inside ``recorded``. Raises StaleVersion when
    the row is no longer at the version it was read with (None: as it was read now)."""
    read: int = row.version if version is None else version  # type: ignore[attr-defined]
    rows = type(row)._default_manager
    count = rows.filter(pk=row.pk, version=read).update(
        **values, version=F("version") + 1, updated_at=Now()
    )
    row.refresh_from_db()
    if not count:
        raise StaleVersion(str(row), read=read, now=row.version)  # type: ignore[attr-defined]
    return row


def alive(project_id: UUID) -> Project:
    """The project, locked, while it may still be changed. Raises ``project.ended``."""
    project = Project.objects.select_for_update().get(pk=project_id)
    if project.status in ("closed", "cancelled"):
        raise KintsugiError(
            "project.ended",
            Text(f"项目 {project.code} 已结束,不能再改。",
                 f"Project {project.code} has ended; it stays as it is."),
            Text("需要继续时,请新建一个项目。", "Start another project if the work goes on."),
            project=project.code,
        )  # fmt: skip
    return project
