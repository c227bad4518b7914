"""De-duplicating many records of people: seconds, memory, and how the cost grows.

``python -m bench.matching_speed ROWS`` prints one JSON object. One record in five is there twice,
the second time with one field changed; the records are invented (seed below).
"""

import json
import sys
import time

import numpy as np
import polars as pl

from bench.import_products import Memory

SEED = 20261127
_SYLLABLES = [
    a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "el", "or")
]


def records(rows: int) -> tuple[pl.DataFrame, int]:
    """``rows`` records and how many of them are second ones of another."""
    rng = np.random.default_rng(SEED)
    single = rows * 5 // 6
    twice = rows - single

    def names(count: int, parts: int) -> list[str]:
        picks = rng.integers(0, len(_SYLLABLES), (count, parts))
        return ["".join(_SYLLABLES[i] for i in row) for row in picks]

    first, last = names(4_000, 2), names(60_000, 3)
    towns, streets = names(3_000, 3), names(20_000, 4)

    def some(pool: list[str]) -> list[str]:
        # Frequent and rare ones, as names are.
        at = np.minimum(rng.exponential(len(pool) / 6, single).astype(int), len(pool) - 1)
        return [pool[i] for i in at]

    born = rng.integers(0, 25_000, single)
    frame = pl.DataFrame(
        {
            "first": some(first), "last": some(last), "town": some(towns),
            "street": some(streets), "house": rng.integers(1, 200, single).astype(str),
            "born": (np.datetime64("1940-01-01") + born).astype(str),
            "phone": rng.integers(10**8, 10**9, single).astype(str),
        }
    )  # fmt: skip
    again = frame[rng.choice(single, twice, replace=False)]
    wrong = pl.Series(rng.integers(0, frame.width, twice))
    again = again.with_columns(
        pl.when(wrong == at).then(pl.col(name).str.reverse()).otherwise(pl.col(name)).alias(name)
        for at, name in enumerate(frame.columns)
    )
    return pl.concat([frame, again]), twice


def measure(rows: int) -> dict[str, object]:
    """Match ``rows`` records; the true pairs are those made above."""
    from kintsugi.engine.matching import Plan, match

    table, twice = records(rows)
    began = time.perf_counter()
    with Memory() as memory:
        found, _ = match(table, Plan())
    seconds = time.perf_counter() - began
    sizes = found.clusters["cluster"].value_counts()["count"]
    return {
        "records": rows,
        "seconds": round(seconds, 1),
        "pairs compared": found.pairs,
        "pairs per record": round(found.pairs / rows, 2),
        "records there twice": twice,
        "clusters of several": int((sizes > 1).sum()),
        "peak MiB": round(memory.peak_mib),
        "blocks": [" + ".join(block) for block in found.blocks],
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
