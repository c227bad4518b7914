"""Values that run over into a neighbour: what belongs in an empty cell stands in another column."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.model import SIGNAL_SCHEMA

_MIN_ROWS: Final = 3
_MAX_EMPTY: Final = 0.5
_SEPARATORS: Final = " ,;/|\t"
_MAX_DISTINCT: Final = 20_000


def shifted_signals(columns: Sequence[Coded]) -> pl.DataFrame:
    """Both halves of such cells: the value without its last word, and the word in the empty cell.

    It is one only where at least half of the rows with an empty cell show it, and hardly any of
    those where the cell is filled.
    """
    found: list[dict[str, object]] = []
    for empty, target in enumerate(columns):
        if target.blank < 0 or not len(target.codes):
            continue
        share = int(target.counts[0]) / len(target.codes)
        kinds = len(target.values) - 1
        if not 0 < share < _MAX_EMPTY or not 2 <= kinds <= 0.3 * len(target.codes):
            continue
        domain = {v for v, n in zip(target.values, target.counts, strict=True) if n >= 2 and v}
        for full, source in enumerate(columns):
            if full != empty:
                found += _between(columns, full, empty, source, target, domain)
    return pl.DataFrame(found, schema=SIGNAL_SCHEMA)


def _between(
    columns: Sequence[Coded], full: int, empty: int, source: Coded, target: Coded, domain: set[str]
) -> list[dict[str, object]]:
    parts = {}
    for code, text in enumerate(source.values[:_MAX_DISTINCT]):
        cut = max(text.rfind(s) for s in _SEPARATORS)
        if cut > 0 and text[cut + 1 :] in domain and (head := text[:cut].rstrip(_SEPARATORS)):
            parts[code] = (head, text[cut + 1 :])
    if not parts:
        return []
    holds = np.zeros(len(source.values), bool)
    holds[list(parts)] = True
    blank = target.codes == target.blank
    hits = np.flatnonzero(blank & holds[source.codes])
    elsewhere = int((holds[source.codes] & ~blank).sum())
    if len(hits) < max(_MIN_ROWS, 0.5 * int(blank.sum())) or elsewhere > 0.2 * len(hits):
        return []
    known = set(source.values)
    rows: list[dict[str, object]] = []
    counts: dict[str, int] = defaultdict(int)
    for row in hits.tolist():
        head, tail = parts[int(source.codes[row])]
        counts[tail] += 1
        facts = {"row": row, "rule": "shifted", "support": len(hits), "total": int(blank.sum())}
        sure = 0.96 if head in known else 0.92
        rows.append(
            {**facts, "col": full, "proposed": head, "confidence": sure, "because": target.name}
        )
        rows.append(
            {**facts, "col": empty, "proposed": tail, "confidence": sure, "because": target.name}
        )
    return rows
