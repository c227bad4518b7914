"""Snapshots by hand, so that the truth of a test stands in the test."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kintsugi.engine.contract import Contract, load_contracts
from kintsugi.engine.snapshot import (
    ASIDE_SCHEMA,
    CELL_SCHEMA,
    Snapshot,
    SnapshotTable,
    SourceColumn,
)

MakeSnapshot = Callable[..., Snapshot]


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts()


@pytest.fixture
def make_snapshot(tmp_path: Path) -> MakeSnapshot:
    """``make_snapshot(headers, rows, cells=…, aside=…)``: one table, data from row 2 on."""

    def make(
        headers: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        cells: Sequence[Mapping[str, Any]] = (),
        aside: Sequence[Mapping[str, Any]] = (),
        name: str = "sheet",
    ) -> Snapshot:
        return snapshot_in(tmp_path, headers, rows, cells=cells, aside=aside, name=name)

    return make


@pytest.fixture(scope="session")
def write_snapshot() -> MakeSnapshot:
    """``make_snapshot`` with the folder as first argument, for tests with many examples."""
    return snapshot_in


def snapshot_in(
    root: Path,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    cells: Sequence[Mapping[str, Any]] = (),
    aside: Sequence[Mapping[str, Any]] = (),
    name: str = "sheet",
) -> Snapshot:
    seen = repr((list(headers), list(map(list, rows)), list(cells), list(aside), name))
    sha = hashlib.sha256(seen.encode()).hexdigest()
    folder = root / "snapshots" / sha
    folder.mkdir(parents=True, exist_ok=True)
    numbers = pl.Series("_row", range(2, 2 + len(rows)), dtype=pl.Int32)
    columns = [
        pl.Series(f"c{i}", [row[i - 1] for row in rows], dtype=pl.String)
        for i in range(1, len(headers) + 1)
    ]
    pl.DataFrame([numbers, *columns]).write_parquet(folder / "t0.parquet")
    blank = dict.fromkeys(CELL_SCHEMA)
    pl.DataFrame([{**blank, **c} for c in cells], schema=CELL_SCHEMA).write_parquet(
        folder / "t0.cells.parquet"
    )
    pl.DataFrame(list(aside), schema=ASIDE_SCHEMA).write_parquet(folder / "t0.aside.parquet")
    excluded = sum(row["disposition"] == "excluded" for row in aside)
    table = SnapshotTable(
        index=0,
        name=name,
        header_rows=(1, 1),
        columns=[
            SourceColumn(ordinal=i, letter=chr(64 + i), name=header)
            for i, header in enumerate(headers, start=1)
        ],
        rows=len(rows),
        excluded=excluded,
        quarantined=len(aside) - excluded,
    )
    return Snapshot(
        sha256=sha,
        location="by-hand",
        file_name="by-hand.csv",
        kind="csv",
        bytes=1,
        parser_version="test",
        tables=[table],
        path=folder,
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real third-party data, where it is."""
    here = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("KINTSUGI_TEST_DATA", here.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared real data is not here; name its folder in KINTSUGI_TEST_DATA")
    return folder
