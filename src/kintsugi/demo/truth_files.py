"""Reading the truth back. Shapes are those that ``truth.write_truth`` writes."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class CellTruth(NamedTuple):
    """One planted piece of dirt; ``row`` is physical and 1-based, None for a file or sheet."""

    file: str
    table: str
    row: int | None
    column: str | None
    dirt: int
    raw: str | None
    correct: str | None
    expect: str
    entity: str
    field: str | None
    key: str | None


class FragmentTruth(NamedTuple):
    """A row that speaks of a device. ``link``: key, candidate, either or held."""

    file: str
    table: str
    row: int
    link: str


class DeviceTruth(NamedTuple):
    """A physical device: its true values and the rows that speak of it."""

    id: int
    key: str
    fields: dict[str, str]
    fragments: list[FragmentTruth]


class RowTruth(NamedTuple):
    """A row that must not be loaded."""

    file: str
    table: str
    row: int
    fate: str


class TruthSet(NamedTuple):
    """All of the truth."""

    cells: list[CellTruth]
    devices: list[DeviceTruth]
    rows: list[RowTruth]


def read_truth(folder: Path) -> TruthSet:
    """The truth files of a folder. Raises FileNotFoundError when one is missing."""
    return TruthSet(
        cells=[CellTruth(**r) for r in read_lines(folder / "cells.jsonl.gz")],
        devices=[
            DeviceTruth(
                r["id"], r["key"], r["fields"], [FragmentTruth(**f) for f in r["fragments"]]
            )
            for r in read_lines(folder / "devices.jsonl.gz")
        ],
        rows=[RowTruth(**r) for r in read_lines(folder / "rows.jsonl.gz")],
    )


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a gzipped JSON Lines file."""
    for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
        yield json.loads(line)
