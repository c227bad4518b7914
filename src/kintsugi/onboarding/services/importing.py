"""Import several files in one call: read all, then load in the order of their references."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.paper.confirm import Answer
from kintsugi.engine.reading import ReadHints
from kintsugi.onboarding.entities import ORDER
from kintsugi.onboarding.models import Run, Source
from kintsugi.onboarding.services.progress import Listener
from kintsugi.onboarding.services.rehearsal import rehearse_run
from kintsugi.onboarding.services.running import get_run
from kintsugi.onboarding.services.runs import apply_run, prepare_run, start_run, take_snapshot

#: Files of a folder that are read; others in it are named and left alone.
READABLE = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".gz", ".zip", ".db", ".sqlite", ".sqlite3",
)  # fmt: skip
MAX_FILES = 500


@dataclass(frozen=True)
class Fragment:
    """One thing to import: a file or database address, and what is known of it. ``answers``:
    what a person said of the cells of a photo or scan."""

    location: str
    source: Source | None = None
    mapping: Mapping | None = None
    hints: ReadHints | None = None
    observed_at: dt.datetime | None = None
    answers: Sequence[Answer] = ()
    #: Rehearsed, and let go by two persons.
    is_governed: bool = False
    #: Why fewer rows than before are right, of a source that delivers everything each time.
    shrunk: str = ""


def expand(locations: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files to read and files left alone: a folder stands for the readable files in it.

    Raises KintsugiError ``import.nothing-to-read`` or ``import.too-many-files``.
    """
    files: list[str] = []
    skipped: list[str] = []
    for location in locations:
        path = Path(location)
        if "://" in location or not path.is_dir():
            files.append(location)
            continue
        for child in sorted(path.iterdir()):
            if child.is_file() and not child.name.startswith((".", "~$")):
                readable = child.name.lower().endswith(READABLE)
                (files if readable else skipped).append(str(child))
    if not files:
        raise KintsugiError(
            "import.nothing-to-read",
            Text("没有可读取的文件。", "There is no file to read."),
            Text("请给出文件,或含有文件的文件夹。", "Name a file, or a folder with files in it."),
            locations=list(locations),
        )
    if len(files) > MAX_FILES:
        raise KintsugiError(
            "import.too-many-files",
            Text(f"一次最多导入 {MAX_FILES} 个文件。", f"At most {MAX_FILES} files at a time."),
            Text("请分批导入。", "Import them in parts."),
            files=len(files),
        )
    return files, skipped


def import_fragments(
    *,
    actor: Any,
    fragments: Sequence[Fragment],
    at: dt.datetime,
    listener: Listener | None = None,
) -> list[Run]:
    """Read, clean and check every fragment, then load them in the order of their references.

    A fragment that is refused stops the import before anything is loaded. Returns the runs in the
    order they were loaded: verified, or rehearsed where two persons must let them go.
    """
    prepared: list[tuple[int, int, UUID]] = []
    for place, fragment in enumerate(fragments):
        snapshot = take_snapshot(
            actor=actor,
            location=fragment.location,
            hints=fragment.hints,
            answers=fragment.answers,
        )
        run = start_run(
            actor=actor,
            location=fragment.location,
            snapshot=snapshot,
            source=fragment.source,
            mapping=fragment.mapping,
            at=at,
            observed_at=fragment.observed_at,
            is_governed=fragment.is_governed,
            shrunk=fragment.shrunk,
        )
        result = prepare_run(actor=actor, run_id=run.pk, listener=listener)
        first = [ORDER[e.entity] for e in result.entities if e.primary]
        prepared.append((max(first, default=0), place, run.pk))
    return [
        load_or_rehearse(actor=actor, run_id=run_id, at=at, listener=listener)
        for _, _, run_id in sorted(prepared)
    ]


def load_or_rehearse(
    *, actor: Any, run_id: UUID, at: dt.datetime, listener: Listener | None = None
) -> Run:
    """Load a prepared run; one that two persons must let go is rehearsed and waits for them."""
    run = get_run(run_id)
    if run.is_governed and not run.act and run.status in ("validated", "failed"):
        return rehearse_run(actor=actor, run_id=run_id, at=at, listener=listener)
    if run.status in ("rehearsed", "waves"):
        return run
    return apply_run(actor=actor, run_id=run_id, at=at, listener=listener)
