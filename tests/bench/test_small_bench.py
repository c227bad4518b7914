"""The import benchmark at a size that fits the suite: it measures, and it tells the truth."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_benchmark_imports_every_row_and_reports_ratio_memory_and_phases(
    tmp_path: Path,
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.import_products", "2000"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rows"] == found["created"] == 2000
    assert found["copy_s"] > 0
    assert found["ratio"] == round(found["import_s"] / found["copy_s"], 2)
    assert 50 < found["peak_mib"] < 2048
    assert sum(found["phases_s"].values()) <= found["import_s"] + 0.5


def test_replicated_rows_have_sound_and_distinct_keys(tmp_path: Path) -> None:
    import csv

    from bench.rows import write_rows

    path = tmp_path / "rows.csv"
    write_rows(path, 30_000)
    with path.open(newline="", encoding="utf-8") as file:
        keys = [row["primary_di"] for row in csv.DictReader(file)]
    assert len(set(keys)) == 30_000
    for key in keys[::997]:
        weights = (3, 1) * 7
        assert sum(int(d) * w for d, w in zip(key, weights, strict=True)) % 10 == 0


def test_the_benchmark_of_sealing_seals_and_verifies_every_change() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.sealing", "3000"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    # The names of each table's columns are entries of the log too.
    assert 3000 <= found["rows"] < 3300
    for name in ("copy_s", "sha256_s", "seal_s", "verify_s", "small_seal_ms"):
        assert found[name] > 0, name
    base = found["copy_s"] + found["sha256_s"]
    assert abs(found["seal_ratio"] - found["seal_s"] / base) < 0.02


def test_the_benchmark_of_folding_measures_writes_and_folds() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.folding", "4000"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rows"] == 4000
    assert found["full_fold_rows"] >= 4000
    assert set(found["incremental_fold_ms"]) == {"1000", "2000", "4000"}
    assert found["witness_rows_per_s"] > 0
    for table, one in found["writes"].items():
        for write in ("copy", "update"):
            ratio = one[f"{write}_audited_s"] / one[f"{write}_bare_s"]
            assert abs(one[f"{write}_ratio"] - ratio) < 0.1, (table, write)


def test_the_benchmark_of_stock_ships_what_it_says() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.stock", "100"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["postings"] == 100
    assert found["ours_ms"] > 0
    # Of times that were rounded before they are printed.
    assert found["ratio"] == pytest.approx(found["ours_ms"] / found["bare_ms"], rel=0.05)


def test_the_benchmark_of_traces_reaches_every_customer() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.trace", "500"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["moves"], found["customers"]) == (500, 50)
    assert found["bare_ms"] > 0
