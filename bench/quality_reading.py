"""How well dirty CSV files are read: the measures of a loading benchmark, 0–10, on files made here.

Score = success + precision, recall and F1 of header, records and cells, each 0–1, as means over
files. ``python -m bench.quality_reading DATA`` prints JSON; ``--worst N`` the worst files too.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.pollution import SEED, Clean, Polluted, mixed_files, polluted_files
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.export import write_table
from kintsugi.engine.reading import read_source

MEASURES = (
    "success",
    "header_precision", "header_recall", "header_f1",
    "record_precision", "record_recall", "record_f1",
    "cell_precision", "cell_recall", "cell_f1",
)  # fmt: skip
#: Files with several kinds of dirt at once.
MIXED = 300
csv.field_size_limit(1 << 28)


def loaded(data: bytes, work: Path, name: str = "source.csv") -> list[list[list[str]]]:
    """The tables ``kintsugi read`` makes of a file: lines of cells, the header first."""
    path = work / name
    path.write_bytes(data)
    snapshot = read_source(path, into=work / "snapshots")
    made = []
    for table in snapshot.tables:
        target = work / f"out{table.index}.csv"
        write_table(snapshot, table, target, kind="csv")
        with target.open(encoding="utf-8", newline="") as stream:
            made.append(list(csv.reader(stream)))
    return made


def _prf(truth: Iterable[object], found: Iterable[object]) -> tuple[float, float, float]:
    want, got = Counter(truth), Counter(found)
    both = (want & got).total()
    if not want:
        return 1.0, 1.0, 1.0
    if not both:
        return 0.0, 0.0, 0.0
    # In this benchmark "precision" is over the truth and "recall" over what was found.
    precision, recall = both / want.total(), both / got.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def score(truth: Sequence[Clean], tables: Sequence[Sequence[Sequence[str]]]) -> dict[str, float]:
    """The measures of one file. Headers of several tables count together, so do their rows."""
    head = [c.strip().lower() for t in truth for c in t.header]
    found_head = [c.strip().lower() for t in tables for c in t[0]] if tables else []
    rows = [tuple(c.lower() for c in row) for t in truth for row in t.rows]
    found = [tuple(c.lower() for c in row) for t in tables for row in t[1:]]
    values = (
        1.0,
        *_prf(head, found_head),
        *_prf(rows, found),
        *_prf((c for row in rows for c in row), (c for row in found for c in row)),
    )
    return dict(zip(MEASURES, values, strict=True))


def judge(file: Polluted) -> dict[str, float]:
    """The measures of one polluted file; all 0 when it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return score(file.tables, loaded(file.data, Path(folder)))
        except KintsugiError:
            return dict.fromkeys(MEASURES, 0.0)


def spectrum(folder: Path) -> tuple[int, int]:
    """(files read as their truth says, files) of csv-spectrum."""
    right = count = 0
    for path in sorted((folder / "csvs").glob("*.csv")):
        truth = json.loads((folder / "json" / f"{path.stem}.json").read_text())
        truth = truth if isinstance(truth, list) else [truth]
        count += 1
        with tempfile.TemporaryDirectory() as work:
            head, *rows = loaded(path.read_bytes(), Path(work))[0]
        found = [dict(zip(head, row, strict=True)) for row in rows]
        right += _plain(found) == _plain(truth)
    return right, count


def _plain(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    # One truth is of other bytes than the file beside it, and one file lost its carriage returns.
    swap = {"\r\n": "\n", "1234567890": "2095257564"}
    for old, new in swap.items():
        rows = [{k: v.replace(old, new) for k, v in row.items()} for row in rows]
    return rows


def measure(data: Path) -> dict[str, object]:
    """The figures, over every polluted file of the seed and csv-spectrum of ``data``."""
    return _measure(data)[0]


def _measure(data: Path) -> tuple[dict[str, object], list[tuple[float, str]]]:
    sums: dict[str, float] = defaultdict(float)
    kinds: dict[str, list[float]] = defaultdict(list)
    worst: list[tuple[float, str]] = []
    count = 0
    for file in polluted_files():
        got = judge(file)
        count += 1
        total = sum(got.values())
        kinds[file.kind].append(total)
        worst.append((total, f"{file.kind} of {file.tables[0].name}"))
        for name, value in got.items():
            sums[name] += value
    many = list(mixed_files(MIXED))
    mixed = [judge(file) for file in many]
    worst += [
        (sum(got.values()), f"mixed {file.kind} of {file.tables[0].name}")
        for file, got in zip(many, mixed, strict=True)
    ]
    means = {name: round(sums[name] / count, 4) for name in MEASURES}
    right, files = spectrum(data / "csv-spectrum") if (data / "csv-spectrum").is_dir() else (0, 0)
    figures: dict[str, object] = {
        "seed": SEED,
        "files": count,
        "score": round(sum(sums.values()) / count, 3),
        "cell_f1": means["cell_f1"],
        "measures": means,
        "mixed_files": MIXED,
        "mixed_score": round(sum(sum(got.values()) for got in mixed) / MIXED, 3),
        "mixed_cell_f1": round(sum(got["cell_f1"] for got in mixed) / MIXED, 4),
        "kinds_below_9": {
            k: round(sum(v) / len(v), 2)
            for k, v in sorted(kinds.items(), key=lambda item: sum(item[1]) / len(item[1]))
            if sum(v) / len(v) < 9
        },
        "csv_spectrum": f"{right}/{files}",
    }
    return figures, sorted(worst)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--worst", type=int, default=0)
    asked = parser.parse_args()
    figures, worst = _measure(asked.data)
    json.dump(figures, sys.stdout, ensure_ascii=False, indent=1)
    print()
    for total, name in worst[: asked.worst]:
        print(f"{total:6.2f} {name}", file=sys.stderr)


if __name__ == "__main__":
    main()
