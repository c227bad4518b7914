"""A watched folder: files are taken when they are whole, and stay where they are."""

import fnmatch
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.onboarding.models import Connector
from kintsugi.onboarding.services.connectors.kinds import watched
from kintsugi.onboarding.services.importing import READABLE

PAPER = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".pdf")
MORE = (".json", ".jsonl", ".ndjson", ".xml", ".ods", ".tar", ".eml", ".htm", ".html")
FILES_MAX = 10_000
_NOT_WHOLE = (".part", ".tmp", ".partial", ".crdownload", ".filepart", ".swp")


def ripe(
    connector: Connector, *, done: Callable[[str, str], bool], at_once: bool = False
) -> Iterator[tuple[str, str, Path]]:
    """(name, mark, path) of the files that are whole and were not dealt with yet, oldest first.

    Whole: its marker stands beside it, or its size and time are as the look before saw them. What
    this look sees is put into ``connector.state["once"]``. A link that leads out of the folder is
    no file of it. ``at_once`` takes whatever is there, for a look that keeps nothing. Raises
    KintsugiError ``connector.folder`` and ``connector.folder-gone``.
    """
    said, folder = connector.settings, watched(connector.settings["path"])
    before: dict[str, Any] = connector.state.get("once") or {}
    now: dict[str, str] = {}
    found: list[tuple[int, str, str, Path]] = []
    for path in _files(folder):
        name = path.name
        if not _wanted(name, connector.kind, said["pattern"], said["marker"]):
            continue
        known = _look(folder, path)
        if known is None:
            continue
        mark = f"{known.st_size}:{known.st_mtime_ns}:{known.st_ino}"
        if known.st_size == 0 or done(name, mark):
            continue
        if at_once:
            found.append((known.st_mtime_ns, name, mark, path))
        elif said["marker"]:
            if (folder / f"{name}{said['marker']}").exists():
                found.append((known.st_mtime_ns, name, mark, path))
        elif before.get(name) == mark:
            found.append((known.st_mtime_ns, name, mark, path))
            now[name] = mark
        else:
            now[name] = mark
    connector.state = {**connector.state, "once": now}
    for _, name, mark, path in sorted(found):
        yield name, mark, path


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [Path(entry.path) for _, entry in zip(range(FILES_MAX), entries, strict=False)]
    except OSError as error:
        raise KintsugiError(
            "connector.folder-gone",
            Text("读不到这个文件夹。", "The folder cannot be read."),
            Text("请检查它是否存在、是否有读取权限。", "See that it is there and may be read."),
            path=str(folder),
            reason=type(error).__name__,
        ) from error
    return sorted(names)


def _wanted(name: str, kind: str, pattern: str, marker: str) -> bool:
    low = name.lower()
    if name.startswith((".", "~$")) or low.endswith(_NOT_WHOLE):
        return False
    if marker and name.endswith(marker):
        return False
    if pattern:
        return fnmatch.fnmatch(name, pattern)
    return low.endswith(PAPER) if kind == "paper" else low.endswith((*READABLE, *MORE))


def _look(folder: Path, path: Path) -> os.stat_result | None:
    """What is known of a file; None for what is none, or lies elsewhere."""
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(folder):
            return None
        known = path.stat()
    except OSError:
        return None
    return known if stat.S_ISREG(known.st_mode) else None
