"""``make bench``: the import against a bare COPY, its memory, and how both grow with size; then the
sealed log against bare hashing, and the change log and its fold."""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

SIZES = (100_000, 300_000, 1_000_000)
STOCK_POSTINGS = 1_000
TRACE_MOVES = 100_000
TRACE_RATIO = 3.0
MAX_RATIO = 8.0
MAX_MIB = 2048


def main() -> int:
    """Measure all sizes, print the table, write ``var/bench.json``; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    sizes = sorted(parser.parse_args().sizes)
    found = [_one(rows) for rows in sizes]
    console = Console()
    console.print(_table(found))
    growth = _growth(found)
    if growth is not None:
        console.print(
            f"time grows as rows^{growth:.2f} from {sizes[0]:,} to {sizes[-1]:,} rows "
            "(1.00 is linear)"
        )
    sealing = _run("bench.sealing", sizes[0])
    console.print(_sealing_table(sealing))
    folding = _run("bench.folding", sizes[0])
    console.print(_writes_table(folding))
    console.print(_folding_line(folding))
    stock = _run("bench.stock", STOCK_POSTINGS)
    console.print(
        f"stock: one serial shipped, audit on, {stock['ours_ms']} ms; a bare move with 2 balances "
        f"{stock['bare_ms']} ms: ratio {stock['ratio']} over {stock['postings']:,} postings"
    )
    trace = _run("bench.trace", TRACE_MOVES)
    console.print(
        f"trace: a lot with {trace['moves']:,} moves to {trace['customers']:,} customers in "
        f"{trace['ours_ms']} ms; the bare recursive query {trace['bare_ms']} ms: ratio "
        f"{trace['ratio']} (limit {TRACE_RATIO})"
    )
    largest = found[-1]
    console.print(f"where the time goes at {largest['rows']:,} rows (seconds):")
    for name, seconds in sorted(largest["phases_s"].items(), key=lambda p: -p[1]):
        console.print(f"  {seconds:8.2f}  {name}")
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "sizes": found,
        "growth_exponent": growth,
        "sealing": sealing,
        "folding": folding,
        "stock": stock,
        "trace": trace,
    }
    place = Path("var")
    place.mkdir(exist_ok=True)
    (place / "bench.json").write_text(json.dumps(report, indent=1), "utf-8")
    broken = largest["ratio"] > MAX_RATIO or largest["peak_mib"] > MAX_MIB
    broken = broken or trace["ratio"] > TRACE_RATIO
    console.print(
        f"ratio {largest['ratio']} (limit {MAX_RATIO}), memory {largest['peak_mib']} MiB "
        f"(limit {MAX_MIB}): " + ("[red]broken[/]" if broken else "[green]held[/]")
    )
    return int(broken)


def _one(rows: int) -> dict:
    """One size in a process of its own, so that its memory is its own."""
    return _run("bench.import_products", rows)


def _run(module: str, rows: int) -> dict:
    environment = {k: v for k, v in os.environ.items() if k not in ("KINTSUGI_HOME",)}
    done = subprocess.run(
        [sys.executable, "-m", module, str(rows)],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _sealing_table(found: dict) -> Table:
    """Each step beside what it cannot be quicker than: copying the lines out, hashing them."""
    table = Table(title=f"sealed log over {found['rows']:,} changes of {found['line_bytes']} bytes")
    for name in ("step", "seconds", "changes/s", "ratio to COPY + SHA-256", "peak MiB"):
        table.add_column(name, justify="right")
    for name in ("copy", "sha256", "seal", "verify"):
        table.add_row(
            {"copy": "bare COPY", "sha256": "bare SHA-256"}.get(name, name),
            f"{found[f'{name}_s']}",
            f"{found[f'{name}_per_s']:,}",
            f"{found.get(f'{name}_ratio', '')}",
            f"{found.get(f'{name}_peak_mib', '')}",
        )
    table.add_row("seal 1,000", f"{found['small_seal_ms'] / 1000}", "", "", "")
    return table


def _writes_table(found: dict) -> Table:
    """Writes of all rows with the change log and without it."""
    table = Table(title=f"one statement over {found['rows']:,} rows, with and without the log")
    for name in ("table", "write", "logged s", "bare s", "ratio"):
        table.add_column(name, justify="right")
    for name, one in found["writes"].items():
        for write in ("copy", "update"):
            table.add_row(
                *(name, write, f"{one[f'{write}_audited_s']}", f"{one[f'{write}_bare_s']}"),
                f"{one[f'{write}_ratio']}",
            )
    return table


def _folding_line(found: dict) -> str:
    small, large = min(map(int, found["incremental_fold_ms"])), found["rows"]
    return (
        f"full fold {found['full_fold_rows_per_s']:,} rows/s; an incremental one after "
        f"{found['incremental_fold_changes']:,} changes grows as "
        f"rows^{found['incremental_fold_exponent']} from {small:,} to {large:,} rows (0 is not at "
        f"all); the decoding witness reads {found['witness_rows_per_s']:,} rows/s"
    )


def _growth(found: list[dict]) -> float | None:
    if len(found) < 2:
        return None
    first, last = found[0], found[-1]
    return round(
        math.log(last["import_s"] / first["import_s"]) / math.log(last["rows"] / first["rows"]), 3
    )


def _table(found: list[dict]) -> Table:
    table = Table(title="import of products: read → clean → check → merge → load with provenance")
    for name in ("rows", "file MiB", "import s", "bare COPY s", "ratio", "peak MiB", "rows/s"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            f"{one['rows']:,}",
            f"{one['file_mib']}",
            f"{one['import_s']}",
            f"{one['copy_s']}",
            f"{one['ratio']}",
            f"{one['peak_mib']}",
            f"{one['rows'] / one['import_s']:,.0f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
