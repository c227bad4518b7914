"""The figures that repairs promise, on public tables and on made-up ones."""

from pathlib import Path

import polars as pl
import pytest

from bench import dirty_tables, quality_repair
from kintsugi.engine.repair import study

MAX_HARM = 0.001


@pytest.mark.parametrize(
    ("name", "detection", "answered", "correction"),
    [("hospital", 0.95, 0.95, 0.93), ("beers", 0.95, 0.97, 0.95)],
)
def test_public_tables(
    shared_data: Path, name: str, detection: float, answered: float, correction: float
) -> None:
    dirty, clean = (
        quality_repair._read(shared_data / "raha" / name / f"{side}.csv")
        for side in ("dirty", "clean")
    )
    clean.columns = dirty.columns
    found = quality_repair.compare(dirty, clean)
    none, answers = found["none"], found["answers"]
    assert none["detection_f1"] >= detection
    assert none["correction_f1"] >= correction
    assert answers["detection_f1"] >= answered
    assert max(none["harm"], answers["harm"]) <= MAX_HARM
    assert found["clean_input_changed"] <= 0.001 * clean.height * clean.width


@pytest.mark.parametrize(
    ("name", "detection", "correction"),
    [("sources", 0.95, 0.85), ("films", 0.95, 0.95), ("papers", 0.9, 0.8)],
)
def test_made_up_tables(name: str, detection: float, correction: float) -> None:
    dirty, clean = getattr(dirty_tables, name)(21)
    found = quality_repair.figures(dirty, clean, study(dirty).findings)
    assert found["detection_f1"] >= detection
    assert found["correction_f1"] >= correction
    assert found["harm"] <= MAX_HARM


def test_figures_are_counted_by_cell() -> None:
    clean = pl.DataFrame({"a": ["1", "2", "3", "4"], "b": ["x", "y", "z", "w"]})
    dirty = pl.DataFrame({"a": ["1", "9", "3", "9"], "b": ["x", "y", "z", "w"]})
    findings = pl.DataFrame(
        {
            "row": [1, 3, 0],
            "column": ["a", "a", "b"],
            "proposed": ["2", "5", "q"],
            "confidence": [0.95, 0.95, 0.95],
            "detected": [0.9, 0.9, 0.9],
        }
    )
    found = quality_repair.figures(dirty, clean, findings)
    assert found["errors"] == 2
    assert (found["detection_precision"], found["detection_recall"]) == (0.6667, 1.0)
    assert (found["correction_precision"], found["correction_recall"]) == (0.3333, 0.5)
    assert found["harm"] == round(1 / 6, 6)
