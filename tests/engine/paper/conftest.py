"""Paper in tests: pictures drawn here, their truths written by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.paper_pages import chinese_font
from kintsugi.engine.reading import ReadLimits, read_source
from kintsugi.engine.snapshot import Snapshot, aside_frame, cells_frame, table_frame

needs_chinese = pytest.mark.skipif(
    chinese_font() is None, reason="no Chinese font on this machine to draw the pages with"
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Snapshot]:
    """``read(bytes, name="scan.png", limits=…)`` → Snapshot."""

    def run(data: bytes, name: str = "scan.png", limits: ReadLimits | None = None) -> Snapshot:
        path = tmp_path / name
        path.write_bytes(data)
        return read_source(path, into=tmp_path / "snapshots", limits=limits)

    return run


class Seen:
    """What a snapshot of paper holds, as plain Python."""

    @staticmethod
    def head(snapshot: Snapshot, table: int = 0) -> list[str]:
        return [column.name for column in snapshot.table(table).columns]

    @staticmethod
    def rows(snapshot: Snapshot, table: int = 0) -> list[list[str]]:
        frame = table_frame(snapshot, table).collect().drop("_row")
        return [list(row) for row in frame.iter_rows()]

    @staticmethod
    def aside(snapshot: Snapshot, table: int = 0) -> list[tuple[str, str, str]]:
        frame = aside_frame(snapshot, table).collect()
        return list(frame.select("disposition", "rule", "text").iter_rows())

    @staticmethod
    def marks(snapshot: Snapshot, kind: str, table: int = 0) -> dict[tuple[int, int], Any]:
        return {
            (m["row"], m["col"]): json.loads(m["value"])
            for m in cells_frame(snapshot, table).collect().iter_rows(named=True)
            if m["kind"] == kind
        }


@pytest.fixture
def seen() -> type[Seen]:
    return Seen
