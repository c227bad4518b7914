"""Step files: written whole or not at all, reused when what they were made from is unchanged."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.backends.duck import out_of_room


class Store:
    """The working directory of one run. ``file`` makes or reuses one Parquet file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise out_of_room(root, error) from error

    def file(
        self, relative: str, key: str, make: Callable[[Path], dict[str, Any] | None]
    ) -> tuple[Path, dict[str, Any], bool]:
        """Path, facts and whether it was reused. ``make`` writes the file at the path it gets and
        returns facts that are kept beside it. ``key`` digests all inputs of the step."""
        path = self.root / relative
        note = path.with_suffix(".key")
        if (facts := _read_note(note, key)) is not None and path.is_file():
            return path, facts, True
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            note.unlink(missing_ok=True)
            facts = make(partial) or {}
            os.replace(partial, path)
            # The note comes last: a file without one was cut off and is made again.
            write_text(note, json.dumps({"key": key, "facts": facts}))
        except (OSError, pl.exceptions.ComputeError) as error:
            if not _is_io(error):
                raise
            raise out_of_room(path, error) from error
        finally:
            with suppress(OSError):
                partial.unlink()
        return path, facts, False


def write_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise out_of_room(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def sink(frame: pl.LazyFrame, path: Path) -> None:
    """Stream a lazy frame into a Parquet file, row order kept, memory bounded."""
    frame.sink_parquet(path, compression="lz4", statistics=False, row_group_size=122_880)


def digest(*parts: object) -> str:
    """One hash over the JSON of the parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def ruleset_sha256() -> str:
    """Digest of the code that gives cells their meaning, so that a step made by an older release is
    never taken for one of this release."""
    import kintsugi.engine as engine

    root = Path(engine.__file__).parent
    sources: Iterable[Path] = sorted(
        path
        for folder in ("values", "udi", "checks", "pipeline", "mapping")
        for path in (root / folder).rglob("*.py")
    )
    total = hashlib.sha256()
    for path in sources:
        total.update(path.read_bytes())
    return total.hexdigest()


def _read_note(note: Path, key: str) -> dict[str, Any] | None:
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("key") != key:
        return None
    facts = content.get("facts")
    return facts if isinstance(facts, dict) else None


def _is_io(error: Exception) -> bool:
    if isinstance(error, OSError):
        return True
    # Polars wraps an I/O error of a sink in ComputeError and keeps only its text.
    text = str(error).lower()
    return "no space left" in text or "os error" in text or "disk quota" in text
