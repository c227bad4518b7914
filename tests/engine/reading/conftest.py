"""Reading in tests: bytes in, rows out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.engine.reading import ReadHints, ReadLimits, read_source
from kintsugi.engine.snapshot import Snapshot, aside_frame, cells_frame, table_frame

Reader = Callable[..., Snapshot]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """``read(bytes | path, name="a.csv", limits=…, hints=…)`` → Snapshot."""

    def run(
        content: bytes | Path,
        name: str = "a.csv",
        *,
        limits: ReadLimits | None = None,
        hints: ReadHints | None = None,
    ) -> Snapshot:
        path = content if isinstance(content, Path) else tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        return read_source(path, into=tmp_path / "snapshots", limits=limits, hints=hints)

    return run


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real third-party data beside the repository, where it is there."""
    given = os.environ.get("KINTSUGI_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared test data: set KINTSUGI_TEST_DATA to its folder")
    return folder


class Look:
    """What a snapshot holds, as plain Python."""

    @staticmethod
    def rows(snapshot: Snapshot, table: int | str = 0) -> list[dict[str, str]]:
        """Data rows by header name, in order."""
        meta = snapshot.table(table)
        records = table_frame(snapshot, table).collect().iter_rows(named=True)
        return [{c.name: r[c.key] for c in meta.columns} for r in records]

    @staticmethod
    def numbers(snapshot: Snapshot, table: int | str = 0) -> list[int]:
        """Physical row numbers of the data rows."""
        return table_frame(snapshot, table).collect()["_row"].to_list()

    @staticmethod
    def aside(snapshot: Snapshot, table: int | str = 0) -> list[tuple[int, str, str]]:
        """(row, disposition, rule) of rows put aside."""
        frame = aside_frame(snapshot, table).collect().sort("_row")
        return list(frame.select("_row", "disposition", "rule").iter_rows())

    @staticmethod
    def cells(snapshot: Snapshot, kind: str, table: int | str = 0) -> dict[tuple[int, int], Any]:
        """(row, ordinal) → value of sidecar entries of a kind."""
        frame = cells_frame(snapshot, table).collect()
        return {
            (r["row"], r["col"]): r["value"]
            for r in frame.iter_rows(named=True)
            if r["kind"] == kind
        }

    @staticmethod
    def fills(snapshot: Snapshot, table: int | str = 0) -> dict[tuple[int, int], Any]:
        """(row, ordinal) → (value, anchor row, anchor ordinal) of fills."""
        frame = cells_frame(snapshot, table).collect()
        return {
            (r["row"], r["col"]): (r["value"], r["anchor_row"], r["anchor_col"])
            for r in frame.iter_rows(named=True)
            if r["kind"] in ("merged", "ditto")
        }

    @staticmethod
    def notes(snapshot: Snapshot) -> set[str]:
        return {n.code for n in snapshot.notes}


@pytest.fixture
def look() -> type[Look]:
    return Look
