"""Rank the targets for each source column: evidence of names, values, types and approved pairs
joined into one score, then a mapping of one to one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.assign import assigned
from kintsugi.engine.mapping.columns import ColumnFacts
from kintsugi.engine.mapping.likeness import (
    disagreement,
    header_as_values,
    number_fit,
    pattern_fit,
    type_fit,
    value_overlap,
)
from kintsugi.engine.mapping.names import Matrix, name_likeness
from kintsugi.engine.mapping.reasons import reasons_of
from kintsugi.engine.text import Text

#: Pairs of columns that are compared; more are refused.
MAX_PAIRS = 2_000_000
#: Candidates kept for each column unless more are asked for.
TOP = 20
#: From this score on a target is put into the mapping; below it a person chooses.
ACCEPT = 0.3
# How much each kind of evidence may say by itself (noisy-or: each is a chance to be right).
_SAYS = {"names": 0.9, "values": 0.9, "header": 0.7, "patterns": 0.3, "numbers": 0.15}
# How much contrary evidence takes away.
_TYPES, _DISAGREES = 0.5, 0.3
# How much a target that another column fits better loses.
_TAKEN = 0.5
# From this likeness on a name calls for its target whatever the values say.
_CALLS = 0.75
# A pair outside the one-to-one mapping keeps this share, so that a sure pair stands before it.
_SPARE = 0.3


@dataclass(frozen=True)
class Candidate:
    """A target a column may belong to. ``score`` is 0–1, ``reasons`` the strongest first."""

    target: str
    score: float
    reasons: tuple[Text, ...]


@dataclass(frozen=True)
class ColumnMatch:
    """A source column, its candidates (best first) and the target the mapping gives it, or None."""

    source: str
    target: str | None
    candidates: tuple[Candidate, ...]

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The match as ``--json`` prints it."""
        listed = [
            {
                "target": one.target,
                "score": round(one.score, 4),
                "reasons": [reason.get(language) for reason in one.reasons],
            }
            for one in self.candidates
        ]
        return {"source": self.source, "target": self.target, "candidates": listed}


@dataclass(frozen=True)
class Evidence:
    """What speaks for and against each pair, each sources × targets and 0–1."""

    names: Matrix
    values: Matrix
    header: Matrix
    patterns: Matrix
    numbers: Matrix
    types: Matrix
    disagreement: Matrix
    approved: Matrix


@dataclass(frozen=True)
class Matching:
    """``columns``: each source column with its candidates and target. ``named``: header → the
    target its name alone calls for, or else the target given; what a shift is told against."""

    columns: tuple[ColumnMatch, ...]
    named: dict[str, str]

    @property
    def pairs(self) -> dict[str, str]:
        """Header → target, of those that have one."""
        return {one.source: one.target for one in self.columns if one.target is not None}


def match_columns(
    sources: Sequence[ColumnFacts],
    targets: Sequence[ColumnFacts],
    *,
    approved: Collection[tuple[str, str]] = (),
    top: int = TOP,
) -> Matching:
    """Each source column with its ranked targets and its place in a mapping of one to one.

    ``approved`` holds (header, target) pairs that a person approved before; they come first.
    Raises KintsugiError ``map.too-wide`` and ``map.no-columns``.
    """
    _bounded(sources, targets)
    told = gather(sources, targets, approved)
    fused, stands = fuse(told)
    scores = final_scores(fused, stands)
    found = []
    for i, column in enumerate(sources):
        order = [j for j in np.argsort(-scores[i], kind="stable")[:top] if scores[i, j] > 0]
        listed = tuple(
            Candidate(
                targets[j].name,
                float(scores[i, j]),
                reasons_of(told, int(i), int(j), column, targets[j]),
            )
            for j in order
        )
        own = [targets[j].name for j in order if stands[i, j] and fused[i, j] >= ACCEPT]
        found.append(ColumnMatch(column.name, own[0] if own else None, listed))
    return Matching(tuple(found), _named(told.names, found, targets))


def _named(
    names: Matrix, found: Sequence[ColumnMatch], targets: Sequence[ColumnFacts]
) -> dict[str, str]:
    likest = names.argmax(axis=1)
    named = {}
    for i, one in enumerate(found):
        if names[i, likest[i]] >= _CALLS:
            named[one.source] = targets[int(likest[i])].name
        elif one.target is not None:
            named[one.source] = one.target
    return named


def score_columns(
    sources: Sequence[ColumnFacts],
    targets: Sequence[ColumnFacts],
    approved: Collection[tuple[str, str]] = (),
) -> Matrix:
    """The scores alone, sources × targets. Raises as ``match_columns``."""
    _bounded(sources, targets)
    return final_scores(*fuse(gather(sources, targets, approved)))


def gather(
    sources: Sequence[ColumnFacts],
    targets: Sequence[ColumnFacts],
    approved: Collection[tuple[str, str]] = (),
) -> Evidence:
    """All evidence on all pairs."""
    values = value_overlap(sources, targets)
    sure = np.zeros_like(values)
    row = {column.name: i for i, column in enumerate(sources)}
    place = {column.name: j for j, column in enumerate(targets)}
    for source, target in approved:
        if source in row and target in place:
            sure[row[source], place[target]] = 1.0
    return Evidence(
        names=name_likeness([s.name for s in sources], [t.labels for t in targets]),
        values=values,
        header=header_as_values(sources, targets),
        patterns=pattern_fit(sources, targets),
        numbers=number_fit(sources, targets),
        types=type_fit(sources, targets),
        disagreement=disagreement(sources, targets, values),
        approved=sure,
    )


def fuse(told: Evidence) -> tuple[Matrix, Matrix]:
    """The joined score of each pair (0–1), and which pairs the one-to-one mapping holds."""
    doubt = np.ones_like(told.names)
    for kind, share in _SAYS.items():
        doubt *= 1 - share * getattr(told, kind)
    score = (1 - doubt) * (1 - _TYPES * (1 - told.types)) * (1 - _DISAGREES * told.disagreement)
    score = np.maximum(score, told.approved)
    best = np.maximum(score.max(axis=0, keepdims=True), 1e-9)
    score = score * (score / best) ** _TAKEN
    return score, assigned(score)


def final_scores(score: Matrix, stands: Matrix) -> Matrix:
    """Scores under which a pair of the mapping stands before the spare choices of its column."""
    return score * np.where(stands > 0, 1.0, _SPARE)


def _bounded(sources: Sequence[ColumnFacts], targets: Sequence[ColumnFacts]) -> None:
    if not sources or not targets:
        raise KintsugiError(
            "map.no-columns",
            Text("来源或目标没有列。", "The source or the target has no columns."),
            Text("请检查文件或表名。", "Check the file or the table named."),
            source=len(sources),
            target=len(targets),
        )
    if len(sources) * len(targets) > MAX_PAIRS:
        raise KintsugiError(
            "map.too-wide",
            Text("列太多,无法逐一比较。", "There are too many columns to compare."),
            Text(
                f"两侧列数之积至多 {MAX_PAIRS};请先选出所需的列。",
                f"At most {MAX_PAIRS} pairs of columns; select the columns needed first.",
            ),
            source=len(sources),
            target=len(targets),
        )
