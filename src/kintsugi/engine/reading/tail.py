"""Footnotes: what stands alone in the first column below the last record of a text.

Rows are held back until a full row follows; those still held at the end are footnotes, put aside.
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kintsugi.engine.reading.fit import Fit, kind_of
from kintsugi.engine.reading.sieve import Aside

_MOST: Final = 200
_PROSE_CHARS: Final = 30


class Tail:
    """Holds back the lone texts at the end of each batch. ``fit`` knows what the first column
    holds; ``lone_rows`` says that records with one filled field occur among the others."""

    def __init__(self, fit: Fit, *, lone_rows: bool) -> None:
        self.fit, self.lone_rows = fit, lone_rows
        self.kept: list[Any] = []
        self.aside: list[Aside] = []
        self.last = 0

    def pass_on(self, kept: Any, aside: list[Aside]) -> tuple[Any, list[Aside]]:
        """What may be written now of a batch and of what was held before it."""
        lone = 0 if self.lone_rows else self._lone(kept)
        full = kept.num_rows - lone
        held, rest = kept.slice(full), kept.slice(0, full)
        if full or len(self.aside) + self._held() > _MOST:
            rest = pa.concat_tables([*self.kept, rest]) if self.kept else rest
            aside, self.aside, self.kept = [*self.aside, *aside], [], []
            self.last = rest["_row"][-1].as_py() if rest.num_rows else self.last
        if lone:
            self.kept.append(held)
        late = [a for a in aside if a.row > self.last and _is_lone(a)]
        self.aside += late
        return rest, [a for a in aside if a not in late] if late else aside

    def finish(self, empty: Any) -> tuple[Any, list[Aside]]:
        """(rows that are data after all, footnotes)."""
        held = pa.concat_tables(self.kept) if self.kept else empty
        footnotes = [a._replace(disposition="excluded", rule="row.footer") for a in self.aside]
        if not self.last:
            return held, self.aside
        rows = held["_row"].to_pylist()
        texts = held["c1"].to_pylist() if rows else []
        if rows and self._footnotes(rows, texts):
            width = held.num_columns - 1
            footnotes += [
                Aside(row, "excluded", "row.footer", text, [text, *[""] * (width - 1)])
                for row, text in zip(rows, texts, strict=True)
            ]
            held = empty
        return held, footnotes

    def _held(self) -> int:
        return sum(table.num_rows for table in self.kept)

    def _lone(self, table: Any) -> int:
        """How many rows at the end hold a text in the first column only."""
        width = table.num_columns - 1
        if width < 3 or table.num_rows == 0:
            return 0
        end = table.slice(max(0, table.num_rows - _MOST))
        lone = None
        for ordinal in range(width, 1, -1):
            blank = pc.equal(end[f"c{ordinal}"], "")
            lone = blank if lone is None else pc.and_(lone, blank)
            if not lone[-1].as_py():
                return 0
        marks = pc.and_(lone, pc.not_equal(end["c1"], "")).to_pylist() if lone is not None else []
        count = 0
        for mark, text in zip(reversed(marks), reversed(end["c1"].to_pylist()), strict=True):
            if not mark or kind_of(text) in ("number", "date", "code"):
                break
            count += 1
        return count

    def _footnotes(self, rows: list[int], texts: list[str]) -> bool:
        """Whether rows held are footnotes: several, after a gap, prose, or of another kind."""
        kinds = self.fit.kinds[0]
        return (
            len(rows) > 1
            or rows[0] > self.last + 1
            or len(texts[0]) > _PROSE_CHARS
            or bool(kinds and kind_of(texts[0]) not in kinds)
        )


def _is_lone(aside: Aside) -> bool:
    return aside.rule == "row.ragged" and len(aside.values) == 1
