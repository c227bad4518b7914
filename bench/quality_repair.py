"""Repair against known truth: detection, correction and harm, without labels and with answers.

``python -m bench.quality_repair DATA`` prints JSON. DATA holds ``raha/<set>/{dirty,clean}.csv``;
the made-up tables of :mod:`bench.dirty_tables` (seeds in MADE) come with it. Cells are compared as
they stand in the files. The clean table stands for the person who answers the chosen rows; no truth
is used elsewhere. ``clean_input_changed`` counts changes when the clean table itself is given.
"""

import csv
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bench import dirty_tables
from kintsugi.engine.repair import APPLY_AT, DETECT_AT, choose, learn, study

ANSWERS = 20
MADE: tuple[tuple[str, int, dict[str, int]], ...] = (
    ("sources", 11, {}),
    ("sources", 15, {"habits": 7}),
    ("people", 12, {}),
    ("films", 13, {}),
    ("papers", 14, {}),
)


def measure(data: Path) -> dict[str, object]:
    """Figures per table: ``none`` without labels, ``answers`` with ANSWERS rows answered."""
    found: dict[str, object] = {}
    for folder in sorted(p for p in (data / "raha").iterdir() if p.is_dir()):
        dirty, clean = _read(folder / "dirty.csv"), _read(folder / "clean.csv")
        clean.columns = dirty.columns
        found[folder.name] = compare(dirty, clean)
    for name, seed, how in MADE:
        dirty, clean = getattr(dirty_tables, name)(seed, **how)
        found[f"made-up {name}, seed {seed}"] = compare(dirty, clean)
    return found


def compare(dirty: pl.DataFrame, clean: pl.DataFrame) -> dict[str, object]:
    """All figures of one table."""
    began = time.perf_counter()
    studied = study(dirty)
    seconds = time.perf_counter() - began
    rows = choose(studied, ANSWERS)
    learned = learn(studied, clean[rows].with_columns(pl.Series("_row", rows)))
    unharmed = study(clean).sure()
    return {
        "rows": dirty.height,
        "columns": dirty.width,
        "seconds": round(seconds, 2),
        "none": figures(dirty, clean, studied.findings),
        "answers": figures(dirty, clean, learned.findings),
        "clean_input_changed": unharmed.height,
    }


def figures(dirty: pl.DataFrame, clean: pl.DataFrame, findings: pl.DataFrame) -> dict[str, float]:
    """Cell precision, recall and F1 of detection and of end-to-end correction, and harm: the share
    of clean cells that were changed."""
    wrong = dict(_differences(dirty, clean))
    cells = dirty.height * dirty.width
    detected = set(
        findings.filter(pl.col("detected") >= DETECT_AT).select("row", "column").iter_rows()
    )
    sure = findings.filter(pl.col("proposed").is_not_null() & (pl.col("confidence") >= APPLY_AT))
    changed = {(r, c): p for r, c, p in sure.select("row", "column", "proposed").iter_rows()}
    right = sum(wrong.get(cell) == value for cell, value in changed.items())
    harmed = sum(cell not in wrong for cell in changed)
    return {
        "errors": len(wrong),
        **_f1("detection", len(detected & set(wrong)), len(detected), len(wrong)),
        **_f1("correction", right, len(changed), len(wrong)),
        "harm": round(harmed / max(cells - len(wrong), 1), 6),
    }


def _differences(dirty: pl.DataFrame, clean: pl.DataFrame) -> Iterator[tuple[tuple[int, str], str]]:
    for name in dirty.columns:
        for row, (old, new) in enumerate(zip(dirty[name], clean[name], strict=True)):
            if old != new:
                yield (row, name), new


def _f1(name: str, right: int, said: int, there: int) -> dict[str, float]:
    precision, recall = right / max(said, 1), right / max(there, 1)
    both = 2 * precision * recall / (precision + recall) if right else 0.0
    return {
        f"{name}_precision": round(precision, 4),
        f"{name}_recall": round(recall, 4),
        f"{name}_f1": round(both, 4),
    }


def _read(path: Path) -> pl.DataFrame:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return pl.DataFrame(rows[1:], schema=dict.fromkeys(rows[0], pl.String), orient="row")


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=1))
