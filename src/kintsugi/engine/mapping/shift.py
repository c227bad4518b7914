"""Columns that slipped: values that fit the field of another column of the mapping, not their own.

Each distinct value is asked once whether it fits its own target and whether it fits the other's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.mapping.columns import ColumnFacts, dated, fold, number, pattern
from kintsugi.engine.text import Text
from kintsugi.engine.values import norm

#: A value fits (True), does not (False), or the target says nothing of it (None).
Fits = Callable[[str], bool | None]

# So many cells, and this share of the filled ones, make an alarm; fewer are stray cells.
_LEAST, _SHARE = 3, 0.05
# One word alone (other, none) may stand in both columns by right.
_DISTINCT = 2
# Two columns changed places when this share of the slipped cells goes both ways.
_BOTH = 0.5
# A target holds one kind of value from this share on.
_KIND = 0.9
_VOCABULARY = 200
_EXAMPLES = 5
#: Rows that are looked at.
MAX_ROWS = 2_000


@dataclass(frozen=True)
class ShiftAlarm:
    """``cells`` of ``source``'s ``filled`` cells fit ``fits`` (the target of ``neighbour``) and not
    ``target``; ``swapped``: those of the neighbour fit this target in turn. ``rows`` and
    ``examples`` show the first few; rows count from 1."""

    source: str
    target: str
    neighbour: str
    fits: str
    cells: int
    filled: int
    swapped: bool
    rows: tuple[int, ...]
    examples: tuple[str, ...]

    @property
    def message(self) -> Text:
        """The alarm in words."""
        shown = self.examples[:3]
        return Text(
            f"“{self.source}”有 {self.cells}/{self.filled} 个值不像“{self.target}”,而像"
            f"“{self.neighbour}”的“{self.fits}”:{'、'.join(shown)}",
            f"{self.cells} of {self.filled} values of “{self.source}” do not fit “{self.target}” "
            f"but fit “{self.fits}” of “{self.neighbour}”: {', '.join(shown)}",
        )

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The alarm as ``--json`` prints it."""
        return {
            "source": self.source, "target": self.target, "neighbour": self.neighbour,
            "fits": self.fits, "cells": self.cells, "filled": self.filled,
            "swapped": self.swapped, "rows": list(self.rows), "examples": list(self.examples),
            "message": self.message.get(language),
        }  # fmt: skip


def find_shifts(
    frame: pl.DataFrame, mapping: Mapping[str, str], fits: Mapping[str, Fits]
) -> list[ShiftAlarm]:
    """Alarms for columns of a table of texts, in the order of the columns.

    ``mapping``: header → target; ``fits``: what each target takes. A column is held against its
    mapped neighbours to the left and right, and against those that would change places with it.
    Of a long table ``MAX_ROWS`` evenly spaced rows are looked at.
    """
    placed = [name for name in frame.columns if name in mapping and mapping[name] in fits]
    step = -(-frame.height // MAX_ROWS) or 1
    judge = _Judge(frame.select(placed).gather_every(step), step, mapping, fits)
    alarms = []
    for at, name in enumerate(placed):
        best: ShiftAlarm | None = None
        for there, other in enumerate(placed):
            near = abs(there - at) == 1
            if mapping[other] == mapping[name] or not (near or judge.astray(name)):
                continue
            found = judge.alarm(name, other)
            if found is None or not (near or found.swapped):
                continue
            if best is None or (found.cells, found.swapped) > (best.cells, best.swapped):
                best = found
        if best is not None:
            alarms.append(best)
    return alarms


class _Judge:
    """Asks, once for each column and target, which cells fit and which do not."""

    def __init__(
        self,
        frame: pl.DataFrame,
        step: int,
        mapping: Mapping[str, str],
        fits: Mapping[str, Fits],
    ) -> None:
        self._frame, self._step, self._mapping, self._fits = frame, step, mapping, fits
        self._masks: dict[tuple[str, str], tuple[pl.Series, pl.Series]] = {}

    def masks(self, name: str, target: str) -> tuple[pl.Series, pl.Series]:
        """The rows whose cell fits the target, and those whose cell does not."""
        if (name, target) not in self._masks:
            cells = self._frame[name]
            said = {
                text: self._fits[target](text)
                for text in cells.drop_nulls().unique(maintain_order=True).to_list()
            }
            yes = cells.is_in([text for text, fit in said.items() if fit is True])
            no = cells.is_in([text for text, fit in said.items() if fit is False])
            self._masks[name, target] = (yes.fill_null(False), no.fill_null(False))
        return self._masks[name, target]

    def astray(self, name: str) -> bool:
        """Whether cells enough do not fit their own target."""
        return int(self.masks(name, self._mapping[name])[1].sum()) >= self._least(name)

    def _filled(self, name: str) -> int:
        return self._frame.height - self._frame[name].null_count()

    def _least(self, name: str) -> float:
        return max(_LEAST, _SHARE * self._filled(name))

    def alarm(self, name: str, other: str) -> ShiftAlarm | None:
        """The alarm that cells of a column fit the other's target and not their own."""
        own, theirs = self._mapping[name], self._mapping[other]
        fits_own, misfits = self.masks(name, own)
        fits_other = self.masks(name, theirs)[0]
        filled = self._filled(name)
        open_ = not fits_own.any() and not misfits.any()
        away = self.masks(other, theirs)[1]
        # Where the own target takes anything, only an exchange within the same row can be told.
        slipped = fits_other & (away if open_ else misfits)
        cells = int(slipped.sum())
        shown = self._frame[name].filter(slipped).unique(maintain_order=True)
        if cells < self._least(name) or len(shown) < _DISTINCT:
            return None
        back = int((self.masks(other, own)[0] & away).sum())
        rows = slipped.arg_true().head(_EXAMPLES)
        return ShiftAlarm(
            source=name,
            target=own,
            neighbour=other,
            fits=theirs,
            cells=cells,
            filled=filled,
            swapped=open_ or back >= max(_LEAST, _BOTH * cells),
            rows=tuple(int(row) * self._step + 1 for row in rows),
            examples=tuple(str(text)[:80] for text in shown.head(_EXAMPLES)),
        )


def column_fits(column: ColumnFacts) -> Fits:
    """What a target column takes, from the values it holds: numbers of its size, dates, its
    vocabulary, or codes written as its codes are."""
    if column.numeric is None:
        return lambda text: None
    if column.numeric >= _KIND and column.quantiles:
        low, high = column.quantiles[0], column.quantiles[-1]
        reach = (high - low) or abs(high) or 1.0

        def sized(text: str) -> bool:
            found = number(text)
            return found is not None and low - reach <= found <= high + reach

        return sized
    if (column.dated or 0.0) >= _KIND:
        return dated
    if column.distinct <= _VOCABULARY and _repeats(column):
        known = frozenset(column.values)
        return lambda text: fold(text) in known
    shapes = [shape for shape, share in column.patterns if share >= 0.02 and "9" in shape]
    if sum(share for shape, share in column.patterns if shape in shapes) >= _KIND:
        return lambda text: pattern(text) in shapes
    return lambda text: None


def _repeats(column: ColumnFacts) -> bool:
    """A short list whose words come again, or that is too short to be anything else."""
    return column.filled >= 2 * column.distinct or column.distinct <= 12


def contract_fits(contract: Contract) -> dict[str, Fits]:
    """What the fields of a contract take: those of a type, by their own reading rule."""
    return {field.name: _field_fits(field) for field in contract.fields}


def _field_fits(field: Field) -> Fits:
    if field.type in ("text", "code", "reference", "list"):
        return lambda text: None

    def read(text: str) -> bool:
        if field.type == "date" and not dated(text):
            return False
        if field.type in ("integer", "decimal") and (number(text) is None or dated(text)):
            return False
        return norm(field.norm, text, **field.norm_args).value is not None

    return read
