"""Wrong cells of any table and what should stand there, found without labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kintsugi.engine.contract import Field
from kintsugi.engine.repair.coding import Coded, Floats, code_table, decode
from kintsugi.engine.repair.dates import date_signals
from kintsugi.engine.repair.dependencies import (
    Dependency,
    at_home,
    group,
    left_codes,
    mine,
    usable_left,
)
from kintsugi.engine.repair.fields import field_signals
from kintsugi.engine.repair.missing import missing_signals
from kintsugi.engine.repair.model import (
    APPLY_AT,
    FINDING_SCHEMA,
    SIGNAL_SCHEMA,
)
from kintsugi.engine.repair.numbers import number_signals
from kintsugi.engine.repair.patterns import numeric_share, pattern_signals
from kintsugi.engine.repair.resolve import apply_cells, resolve, spread_to_cells
from kintsugi.engine.repair.shifted import shifted_signals
from kintsugi.engine.repair.spelling import noise_character, spelling_signals, word_signals
from kintsugi.engine.repair.variants import space_signals, variant_signals
from kintsugi.engine.repair.votes import blank_signals, vote, vote_signals

_ROUNDS: Final = 2
_FORM_ROUNDS: Final = 2
Listener = Callable[[int, int], None]


@dataclass(frozen=True)
class Studied:
    """A table and what was found in it. ``findings`` is of FINDING_SCHEMA (rows count from 0);
    ``dependencies`` are those of the table after its sure form repairs."""

    table: pl.DataFrame
    findings: pl.DataFrame
    dependencies: tuple[Dependency, ...]

    def detected(self, at: float = 0.5) -> pl.DataFrame:
        """The findings whose cell is wrong with at least this confidence."""
        return self.findings.filter(pl.col("detected") >= at)

    def sure(self, at: float = APPLY_AT) -> pl.DataFrame:
        """The findings whose proposed value is right with at least this confidence."""
        return self.findings.filter(pl.col("proposed").is_not_null() & (pl.col("confidence") >= at))


def study(
    table: pl.DataFrame,
    *,
    fields: Mapping[str, Field] | None = None,
    listen: Listener | None = None,
) -> Studied:
    """Find wrong cells: first those wrong by their form, then, with the sure ones of these mended,
    those at odds with their group or near a frequent value; the last step runs twice, since what
    is mended lets more rows find their group. Nothing is written to ``table``. ``fields`` gives a
    contract's field for some columns, whose values are then written as the field asks.

    Raises KintsugiError ``repair.too-large``.
    """
    say = listen or (lambda _done, _of: None)
    columns = code_table(table)
    steps = _ROUNDS + 1
    found: list[pl.DataFrame] = []
    current = columns
    # Twice: a code may have to lose a stray sign before its lost zeros show.
    for _ in range(_FORM_ROUNDS):
        found.append(resolve(form_signals(current, fields or {})))
        current = apply_cells(current, _sure(found[-1]))
    say(1, steps)
    dependencies: list[Dependency] = []
    for number in range(_ROUNDS):
        signals, dependencies = group_signals(current, dependencies if number else None)
        found.append(resolve(signals))
        current = apply_cells(current, _sure(found[-1]))
        say(number + 2, steps)
    return Studied(table, _joined(table, columns, found), tuple(dependencies))


def form_signals(columns: Sequence[Coded], fields: Mapping[str, Field]) -> pl.DataFrame:
    """Signals of form, that need no groups: numbers, dates, patterns, stand-ins, shifted halves."""
    parts = [shifted_signals(columns)]
    for index, column in enumerate(columns):
        if column.name in fields:
            known = field_signals(column, fields[column.name])
            parts.append(spread_to_cells(columns, index, known))
            continue
        numeric = numeric_share(column) >= 0.9
        signals = (
            number_signals(column)
            + date_signals(column)
            + missing_signals(column, numeric=numeric)
            + pattern_signals(column)
            + space_signals(column)
            + ([] if numeric else variant_signals(column))
        )
        parts.append(spread_to_cells(columns, index, signals))
    return pl.concat(parts)


def group_signals(
    columns: Sequence[Coded], before: Sequence[Dependency] | None = None
) -> tuple[pl.DataFrame, list[Dependency]]:
    """Signals from the groups that dependencies form, and of typing errors. ``before`` are the
    dependencies of an earlier round."""
    dependencies = mine(columns, before)
    parts = [pl.DataFrame(schema=SIGNAL_SCHEMA)]
    pairs: list[tuple[str, str]] = []
    excused: dict[int, NDArray[np.bool_]] = {}
    for index, column in enumerate(columns):
        votes = vote(columns, dependencies, index)
        if votes is None:
            continue
        excused[index] = votes.excused
        signals = vote_signals(columns, votes)
        parts += [signals, blank_signals(columns, votes)]
        sure = signals.filter(pl.col("confidence") >= 0.8)
        values = pl.Series(column.values, dtype=pl.String)
        wrong = values.gather(column.codes[sure["row"].to_numpy()])
        pairs += list(zip(wrong.to_list(), sure["proposed"].to_list(), strict=True))[:2000]
    parts = [_undecided(pl.concat(parts), columns)]
    noise = noise_character(pairs)
    lefts = [i for i, c in enumerate(columns) if usable_left(c)]
    for index in range(len(columns)):
        home = _home(columns, lefts, index)
        if index in excused:
            rows = columns[index].codes[excused[index]]
            away = np.bincount(rows, minlength=len(columns[index].values))
            home = np.maximum(home, away / np.maximum(columns[index].counts, 1))
        whole = spelling_signals(columns[index], home, noise)
        told = {s.code for s in whole if s.proposed is not None}
        words = [s for s in word_signals(columns[index]) if s.code not in told]
        parts.append(spread_to_cells(columns, index, whole + words))
    return pl.concat(parts), dependencies


def _undecided(signals: pl.DataFrame, columns: Sequence[Coded]) -> pl.DataFrame:
    """Where two cells of a row each call the other's value wrong, the surer one stands; of two
    equally sure ones neither does."""
    names = {c.name: i for i, c in enumerate(columns)}
    told = signals.filter(pl.col("rule") == "dependency").with_columns(
        pl.col("because").replace_strict(names, default=-1, return_dtype=pl.Int32).alias("other")
    )
    rival = told.select(
        "row", pl.col("other").alias("col"), pl.col("col").alias("other"),
        pl.col("confidence").alias("against"),
    )  # fmt: skip
    lost = told.join(rival, on=["row", "col", "other"]).filter(
        pl.col("against") >= pl.col("confidence") - 0.02
    )
    marks = lost.select(
        "row", "col", pl.lit(True).alias("lost"), pl.lit("dependency").alias("rule")
    )
    return (
        signals.join(marks.unique(), on=["row", "col", "rule"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("lost").is_not_null())
            .then(pl.min_horizontal("confidence", pl.lit(0.6)))
            .otherwise("confidence")
            .alias("confidence")
        )
        .drop("lost")
    )


def _home(columns: Sequence[Coded], lefts: Sequence[int], index: int) -> Floats:
    """Per value, the greatest share of its rows at home over all left sides."""
    column = columns[index]
    best = np.zeros(len(column.values))
    if len(column.values) > 0.9 * max(len(column.codes), 1):
        return best
    for left in lefts:
        if left != index:
            best = np.maximum(best, at_home(group(left_codes(columns, (left,)), column), column))
    return best


def _sure(resolved: pl.DataFrame) -> pl.DataFrame:
    return resolved.filter(pl.col("proposed").is_not_null() & (pl.col("confidence") >= APPLY_AT))


def _joined(
    table: pl.DataFrame, columns: Sequence[Coded], rounds: Sequence[pl.DataFrame]
) -> pl.DataFrame:
    """One finding a cell: the last sure change, else the surest proposal; doubts of rounds add."""
    every = pl.concat(
        part.with_columns(pl.lit(i, pl.Int32).alias("round")) for i, part in enumerate(rounds)
    ).with_columns(
        (pl.col("proposed").is_not_null() & (pl.col("confidence") >= APPLY_AT)).alias("is_sure")
    )
    best = (
        every.sort(
            [
                "row",
                "col",
                "is_sure",
                pl.when("is_sure").then("round").otherwise(0),
                "confidence",
                "round",
            ],
            descending=[False, False, True, True, True, True],
            nulls_last=True,
        )
        .group_by(["row", "col"], maintain_order=True)
        .agg(
            pl.col("proposed", "rule", "confidence", "support", "total", "because").first(),
            pl.col("detected").max(),
        )
    )
    parts = [pl.DataFrame(schema=FINDING_SCHEMA)]
    for (col,), part in best.group_by(["col"], maintain_order=True):
        column = columns[int(str(col))]
        values = pl.Series(column.values, dtype=pl.String).gather(
            column.codes[part["row"].to_numpy()]
        )
        parts.append(
            part.with_columns(pl.lit(column.name).alias("column"), values.alias("value")).select(
                FINDING_SCHEMA.keys()
            )
        )
    order = {name: i for i, name in enumerate(table.columns)}
    return (
        pl.concat(parts)
        .filter(pl.col("proposed").is_null() | (pl.col("proposed") != pl.col("value")))
        .sort(["row", pl.col("column").replace_strict(order, default=0, return_dtype=pl.Int64)])
    )


def repaired(
    table: pl.DataFrame, findings: pl.DataFrame, threshold: float = APPLY_AT
) -> pl.DataFrame:
    """The table, all text, with every change that is at least this sure; blank cells are ''."""
    columns = code_table(table)
    index = {name: i for i, name in enumerate(table.columns)}
    changes = findings.filter(
        pl.col("proposed").is_not_null() & (pl.col("confidence") >= threshold)
    ).with_columns(pl.col("column").replace_strict(index, return_dtype=pl.Int32).alias("col"))
    return decode(apply_cells(columns, changes))
