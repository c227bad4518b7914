"""Matching against known truth: people without labels (FEBRL, fake_1000), products with labels.

``python -m bench.quality_matching DATA`` prints JSON; DATA holds ``entity-resolution``. The
threshold is the product's own (for people told from the probabilities; for products where F1 is
best in cross-validation over the training pairs). Identifiers that give the truth away are kept
out of what is compared.
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from kintsugi.engine.matching import Plan, learn, match

Pairs = set[tuple[int, int]]


def measure(data: Path) -> dict[str, object]:
    """F1 of pairs for each set, from the clusters; for products of the judged pairs."""
    folder = data / "entity-resolution"
    found: dict[str, object] = {}
    for number in ("1", "2", "3"):
        frame = _febrl(folder / "febrl" / f"dataset{number}.csv")
        found[f"FEBRL {number}"] = _deduped(frame, _people(frame), "rec_id")
    first, second = (_febrl(folder / "febrl" / f"dataset4{side}.csv") for side in "ab")
    frame = pl.concat([first, second])
    found["FEBRL 4"] = _deduped(frame, _people(frame), "rec_id", second=second.height)
    frame = pl.read_csv(folder / "fake_1000.csv", infer_schema_length=0)
    truth = frame["cluster"].to_list()
    found["fake_1000"] = _deduped(frame.drop("cluster"), truth, "unique_id")
    found["Walmart-Amazon"] = _products(folder / "walmart-amazon")
    return found


def _febrl(path: Path) -> pl.DataFrame:
    frame = pl.read_csv(path, infer_schema_length=0, truncate_ragged_lines=True)
    return frame.rename({c: c.strip() for c in frame.columns}).with_columns(
        pl.all().str.strip_chars()
    )


def _people(frame: pl.DataFrame) -> list[str]:
    return frame["rec_id"].str.extract(r"rec-(\d+)").to_list()


def _deduped(
    frame: pl.DataFrame, truth: list[str], key: str, *, second: int = 0
) -> dict[str, object]:
    began = time.perf_counter()
    plan = Plan(link=bool(second), one_to_one=bool(second))
    made, _ = match(frame.drop(key), plan, second=second)
    seconds = time.perf_counter() - began
    split = frame.height - second if second else None
    return {
        **_f1(_pairs(made.clusters["cluster"].to_list(), split), _pairs(truth, split)),
        "threshold": made.sure,
        "records": frame.height,
        "seconds": round(seconds, 1),
    }


def _pairs(labels: list[str], split: int | None) -> Pairs:
    """Pairs with one label; across the two lists only where there are two."""
    frame = pl.DataFrame({"label": labels}).with_row_index("row")
    both = frame.join(frame, on="label").filter(pl.col("row") < pl.col("row_right"))
    if split is not None:
        both = both.filter((pl.col("row") < split) & (pl.col("row_right") >= split))
    return set(both.select("row", "row_right").rows())


def _f1(found: Pairs, truth: Pairs) -> dict[str, object]:
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / max(len(truth), 1)
    return {
        "f1": round(2 * right / max(len(found) + len(truth), 1), 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
    }


def _products(folder: Path) -> dict[str, object]:
    began = time.perf_counter()
    train, valid = (_judged(folder / f"{name}.txt") for name in ("train", "valid"))
    records = [
        pl.concat([train[side], valid[side]], how="diagonal").unique(maintain_order=True)
        for side in (0, 1)
    ]
    model = learn(train[0], train[1], list(train[2]), records=records)
    said = model.probability(valid[0], valid[1]) >= 0.5
    right = int((said & valid[2]).sum())
    return {
        "f1": round(2 * right / int(said.sum() + valid[2].sum()), 4),
        "precision": round(right / max(int(said.sum()), 1), 4),
        "recall": round(right / int(valid[2].sum()), 4),
        "f1 in cross-validation": model.f1,
        "judged pairs": len(train[2]),
        "seconds": round(time.perf_counter() - began, 1),
    }


def _judged(path: Path) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """Pairs in lines ``COL name VAL text … <tab> … <tab> 0|1``."""
    sides: tuple[list[dict[str, str]], list[dict[str, str]]] = ([], [])
    same = []
    for line in path.read_text("utf-8").splitlines():
        left, right, judged = line.split("\t")
        for side, text in zip(sides, (left, right), strict=True):
            cells = re.findall(r"COL (\S+) VAL (.*?)(?=COL \S+ VAL |$)", text)
            side.append({name: value.strip() for name, value in cells})
        same.append(judged.strip() == "1")
    return pl.DataFrame(sides[0]), pl.DataFrame(sides[1]), np.array(same)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=1))
