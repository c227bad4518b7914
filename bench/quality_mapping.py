"""How well columns are mapped to 736 target columns: MRR and Recall@GT, no label and no language
model used. ``python -m bench.quality_mapping DATA`` prints JSON."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.mapping_headers import HEADERS
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import contract_columns, frame_columns, match_columns, score_columns

TABLES = ("cao", "clark", "dou", "gilette")


def measure(data: Path) -> dict[str, object]:
    """Figures for each table of ``field-mapping-gdc`` under ``data``, and their means."""
    home = data / "field-mapping-gdc"
    target = pl.read_csv(home / "target_gdc.csv", infer_schema=False)
    answer: dict[str, object] = {}
    figures = []
    for table in TABLES:
        source = pl.read_csv(home / table / "source.csv", infer_schema=False)
        truth = pl.read_csv(home / table / "groundtruth.csv", infer_schema=False)
        began = time.perf_counter()
        scores = score_columns(frame_columns(source), frame_columns(target))
        one = figures_of(scores, source.columns, target.columns, truth.rows())
        figures.append(one)
        answer[table] = {**one, "seconds": round(time.perf_counter() - began, 2)}
    answer["mean"] = {
        name: round(float(np.mean([f[name] for f in figures])), 4) for name in figures[0]
    }
    answer["headers"] = headers()
    return answer


def headers() -> dict[str, object]:
    """Hand-made Chinese and English headers, one at a time and without values, against our own
    contracts: the share whose right field comes first, and MRR."""
    answer: dict[str, object] = {}
    for entity, contract in load_contracts().items():
        known = HEADERS.get(entity, {})
        fields = contract_columns(contract)
        ranks = []
        for header, right in known.items():
            blank = pl.DataFrame({header: [None]}, schema={header: pl.String})
            (found,) = match_columns(frame_columns(blank), fields).columns
            listed = [one.target for one in found.candidates]
            ranks.append(1 / (listed.index(right) + 1) if right in listed else 0.0)
        if ranks:
            first = sum(rank == 1 for rank in ranks)
            mrr = round(sum(ranks) / len(ranks), 4)
            answer[entity] = {"headers": len(ranks), "first": first, "mrr": mrr}
    return answer


def figures_of(
    scores: np.ndarray[Any, Any],
    sources: list[str],
    targets: list[str],
    truth: list[tuple[str, ...]],
) -> dict[str, float]:
    """MRR over the source columns of the truth, Recall@GT over the whole table."""
    pairs = sorted({(sources.index(s.strip()), targets.index(t.strip())) for s, t in truth})
    ranks = []
    for i in sorted({i for i, _ in pairs}):
        order = list(np.argsort(-scores[i], kind="stable"))
        ranks.append(min(order.index(j) for k, j in pairs if k == i) + 1)
    top = np.argsort(-scores, axis=None, kind="stable")[: len(pairs)]
    chosen = {(int(p) // scores.shape[1], int(p) % scores.shape[1]) for p in top}
    return {
        "mrr": round(float(np.mean([1 / r for r in ranks])), 4),
        "recall_at_gt": round(len(chosen & set(pairs)) / len(pairs), 4),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=2))
