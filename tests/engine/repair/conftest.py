"""Tables for repairs, and the real data where it is there."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from kintsugi.engine.repair import Studied

Finding = dict[str, object]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real third-party data beside the repository, where it is there."""
    given = os.environ.get("KINTSUGI_TEST_DATA")
    folder = Path(given) if given else Path(__file__).parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared test data: set KINTSUGI_TEST_DATA to its folder")
    return folder


@pytest.fixture
def shops() -> pl.DataFrame:
    """Eight shops of six rows each, all attributes of a shop the same in its rows."""
    names = ["north", "south", "west", "east", "upper", "lower", "inner", "outer"]
    towns = [
        "Bergen",
        "Molde",
        "Narvik",
        "Hamar",
        "Larvik",
        "Drammen",
        "Lillehammer",
        "Kristiansand",
    ]
    rows = [
        {"shop": names[i], "town": towns[i], "code": f"{10100 + 37 * i}", "sold": str(i * 7 + j)}
        for i in range(8)
        for j in range(6)
    ]
    return pl.DataFrame(rows)


@pytest.fixture
def at() -> Callable[[Studied, int, str], Finding | None]:
    """The finding of a cell, None where there is none."""

    def run(studied: Studied, row: int, column: str) -> Finding | None:
        hits = studied.findings.filter((pl.col("row") == row) & (pl.col("column") == column))
        return None if hits.is_empty() else hits.row(0, named=True)

    return run


def put(table: pl.DataFrame, row: int, column: str, value: str) -> pl.DataFrame:
    """The table with one cell changed."""
    return table.with_columns(table[column].scatter(row, value))
