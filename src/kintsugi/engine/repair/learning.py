"""Detection and repair learned from a few answered rows, on top of what is found without labels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.repair.coding import Floats, code_table
from kintsugi.engine.repair.detect import Studied
from kintsugi.engine.repair.features import Features, features
from kintsugi.engine.repair.missing import is_disguise
from kintsugi.engine.repair.model import APPLY_AT, DETECT_AT, FINDING_SCHEMA
from kintsugi.engine.repair.patterns import loose, shape
from kintsugi.engine.repair.spelling import like_error
from kintsugi.engine.repair.transforms import learn_transforms
from kintsugi.engine.text import Text

ROW: Final = "_row"
_PRIOR: Final = 0.5  # an unlabelled opinion counts as this many answers
_TRUST: Final = 1.5  # likewise for a rule's own confidence
_PSEUDO: Final = 1_500
_SEED: Final = 20_160_811


@dataclass(frozen=True)
class Learned:
    """What was learned of a table. ``findings`` is of FINDING_SCHEMA, as without answers."""

    table: pl.DataFrame
    findings: pl.DataFrame
    answers: pl.DataFrame

    def detect(self, at: float = DETECT_AT) -> pl.DataFrame:
        """The cells that are wrong with at least this confidence."""
        return self.findings.filter(pl.col("detected") >= at)

    def propose(self, at: float = 0.0) -> pl.DataFrame:
        """The changes that are right with at least this confidence."""
        return self.findings.filter(pl.col("proposed").is_not_null() & (pl.col("confidence") >= at))


def learn(studied: Studied, answers: pl.DataFrame) -> Learned:
    """Learn from answered rows. ``answers`` has ``_row`` (from 0 on) and every column of the table,
    with what should stand there; an empty cell means that it should be empty.

    Raises KintsugiError ``repair.bad-answers``.
    """
    _checked(studied.table, answers)
    rows = answers[ROW].to_numpy().astype(np.int64)
    every = features(studied)
    parts = [pl.DataFrame(schema=FINDING_SCHEMA)]
    trust = _Trust(studied.findings, studied.table, answers)
    columns = code_table(studied.table)
    for column, seen in zip(columns, every, strict=True):
        told = np.array([column.values[c] for c in column.codes[rows]], dtype=object)
        good = np.array(answers[column.name].fill_null("").to_list(), dtype=object)
        wrong = np.asarray(told != good, dtype=bool)
        detected = _detected(seen, rows, wrong)
        mine = studied.findings.filter(studied.findings["column"] == column.name)
        proposals = _proposals(mine, column.name, trust)
        learned = _learned(studied.table[column.name].fill_null(""), told, good, wrong, detected)
        parts.append(_merged(studied.table[column.name], proposals, learned, detected, rows, good))
    order = {name: i for i, name in enumerate(studied.table.columns)}
    findings = pl.concat(parts).sort(
        "row", pl.col("column").replace_strict(order, default=0, return_dtype=pl.Int64)
    )
    return Learned(studied.table, findings, answers)


def _checked(table: pl.DataFrame, answers: pl.DataFrame) -> None:
    lacking = [c for c in (ROW, *table.columns) if c not in answers.columns]
    rows = answers[ROW].cast(pl.Int64, strict=False) if ROW in answers.columns else None
    outside = rows is None or rows.null_count() or rows.n_unique() != len(rows)
    if not lacking and rows is not None and len(rows):
        outside = outside or int(rows.min()) < 0 or int(rows.max()) >= table.height  # type: ignore[arg-type]
    if lacking or outside or not answers.height:
        raise KintsugiError(
            "repair.bad-answers",
            Text("回答与这张表不符。", "The answers do not belong to this table."),
            Text(
                "请用 --ask 写出的文件,只改单元格的值,不改列与行号。",
                "Use the file that --ask wrote; change values only, no columns and no row numbers.",
            ),
            lacking=lacking[:20],
            rows=answers.height,
        )


def _detected(seen: Features, rows: NDArray[np.int64], wrong: NDArray[np.bool_]) -> Floats:
    """How surely each cell is wrong: a cluster with an answer goes by it, others by a classifier
    that has learned the answers and, where there are none, the opinion without labels."""
    told = np.bincount(seen.cluster[rows], minlength=seen.clusters)
    bad = np.bincount(seen.cluster[rows], weights=wrong, minlength=seen.clusters)
    found = seen.detected.copy()
    open_ = np.flatnonzero(told[seen.cluster] == 0)
    if wrong.any() and (~wrong).any() and len(open_):
        found[open_] = _classified(seen, rows, wrong, open_)
    answered = told[seen.cluster] > 0
    opinion = seen.detected[answered]
    at = seen.cluster[answered]
    found[answered] = (bad[at] + _PRIOR * opinion) / (told[at] + _PRIOR)
    found[rows] = wrong.astype(np.float64)
    return found


def _classified(
    seen: Features, rows: NDArray[np.int64], wrong: NDArray[np.bool_], open_: NDArray[np.int64]
) -> Floats:
    spaced = open_[np.linspace(0, len(open_) - 1, min(_PSEUDO, len(open_))).astype(np.int64)]
    x = np.vstack([seen.matrix[rows], seen.matrix[spaced], seen.matrix[spaced]])
    y = np.concatenate([wrong, np.ones(len(spaced), bool), np.zeros(len(spaced), bool)])
    opinion = seen.detected[spaced]
    share = len(rows) / max(len(spaced), 1)
    weight = np.concatenate([np.ones(len(rows)), share * opinion, share * (1 - opinion)])
    keep = weight > 0
    forest = ExtraTreesClassifier(
        n_estimators=40, max_depth=8, random_state=_SEED, min_samples_leaf=1
    ).fit(x[keep], y[keep], sample_weight=weight[keep])
    kinds, back = np.unique(seen.matrix[open_], axis=0, return_inverse=True)
    # The opinion without labels still has its say: twenty answers show only part of a table.
    said = forest.predict_proba(kinds)[:, list(forest.classes_).index(True)][back.ravel()]
    return np.asarray((said + seen.detected[open_]) / 2, dtype=np.float64)


class _Trust:
    """How often each rule's proposals were right where a person answered: the sure ones and the
    less sure ones each for themselves."""

    def __init__(self, findings: pl.DataFrame, table: pl.DataFrame, answers: pl.DataFrame) -> None:
        long = (
            answers.with_columns(pl.col(ROW).cast(pl.Int64))
            .unpivot(index=ROW, on=table.columns, variable_name="column", value_name="good")
            .rename({ROW: "row"})
        )
        met = (
            findings.filter(pl.col("proposed").is_not_null() & (pl.col("confidence") >= DETECT_AT))
            .join(long, on=["row", "column"])
            .with_columns(
                (pl.col("proposed") == pl.col("good").fill_null("")).alias("hit"),
                (pl.col("confidence") >= APPLY_AT).alias("is_sure"),
            )
        )
        own = met.group_by("column", "rule", "is_sure").agg(pl.col("hit").sum(), pl.len())
        every = met.group_by("rule", "is_sure").agg(pl.col("hit").sum(), pl.len())
        self._own = {(c, r, s): (hit, n) for c, r, s, hit, n in own.iter_rows()}
        self._all = {(r, s): (hit, n) for r, s, hit, n in every.iter_rows()}

    def counts(self, column: str, rule: str, *, is_sure: bool) -> tuple[float, float]:
        """(right, all) proposals; those in other columns count a quarter."""
        hit, n = self._own.get((column, rule, is_sure), (0, 0))
        hits, total = self._all.get((rule, is_sure), (0, 0))
        return hit + (hits - hit) / 4, n + (total - n) / 4


def _proposals(mine: pl.DataFrame, column: str, trust: _Trust) -> pl.DataFrame:
    """The proposals made without labels, as sure as the answers make them."""
    parts = [mine.filter(pl.col("confidence").is_null() | (pl.col("confidence") < DETECT_AT))]
    rest = mine.filter(pl.col("confidence") >= DETECT_AT)
    keys = ["rule", (pl.col("confidence") >= APPLY_AT).alias("is_sure")]
    for (rule, is_sure), part in rest.group_by(keys, maintain_order=True):
        right, total = trust.counts(column, str(rule), is_sure=bool(is_sure))
        sure = (_TRUST * pl.col("confidence") + right) / (_TRUST + total)
        parts.append(part.with_columns(sure.clip(0, 0.999).alias("confidence")))
    return pl.concat(parts)


def _learned(
    texts: pl.Series,
    told: NDArray[np.object_],
    good: NDArray[np.object_],
    wrong: NDArray[np.bool_],
    detected: Floats,
) -> pl.DataFrame:
    """New values for the column's other cells from the corrections a person made, one a row."""
    schema = {
        "row": pl.Int64, "to": pl.String, "sure": pl.Float64, "told": pl.Int64, "fires": pl.Boolean
    }  # fmt: skip
    pairs = [(str(a), str(b)) for a, b, w in zip(told, good, wrong, strict=True) if w]
    if not pairs:
        return pl.DataFrame(schema=schema)
    known = {str(a) for a, w in zip(told, wrong, strict=True) if not w}
    same: dict[str, set[str]] = {}
    for a, b in pairs:
        same.setdefault(a, set()).add(b)
    changes = learn_transforms(pairs, known)
    distinct = (
        pl.DataFrame({"value": texts, "p": detected}).group_by("value").agg(pl.col("p").max())
    )
    said: list[tuple[str, str, float, int, bool]] = []
    for value, chance in distinct.sort("value").iter_rows():
        if value in known:
            continue
        if value in same and len(same[value]) == 1:
            examples, to = sum(a == value for a, _ in pairs), next(iter(same[value]))
            form = _is_form(value, to)
            # A value that is as good as the right one is wrong only in its place, not everywhere;
            # and an empty cell has no content: one example says little about others.
            if not form and chance < DETECT_AT:
                continue
            sure = (0.9 if value and form else 0.4) + 0.03 * min(examples, 3)
            said.append((value, to, sure, examples, form and bool(value)))
            continue
        for one in changes:
            changed = one.apply(value)
            if changed is None:
                continue
            like = loose(value) in one.shapes
            if not like and chance < DETECT_AT:
                continue
            sure = (0.82 if like else 0.7) + 0.04 * min(one.examples, 4)
            said.append((value, changed, sure, one.examples, like and one.examples >= 2))
            break
    if not said:
        return pl.DataFrame(schema=schema)
    known_to = pl.DataFrame(said, schema=["value", "to", "sure", "told", "fires"], orient="row")
    return (
        pl.DataFrame({"row": np.arange(len(texts)), "value": texts})
        .join(known_to, on="value", how="inner")
        .select(pl.col(c).cast(t) for c, t in schema.items())
    )


def _is_form(wrong: str, good: str) -> bool:
    """Whether a correction changes how a value is written, not which value it is."""
    return bool(wrong) and (
        shape(wrong) != shape(good) or is_disguise(wrong) or like_error(wrong, good)
    )


def _merged(
    series: pl.Series,
    proposals: pl.DataFrame,
    learned: pl.DataFrame,
    detected: Floats,
    rows: NDArray[np.int64],
    good: NDArray[np.object_],
) -> pl.DataFrame:
    """The column's findings: answered cells as answered, else the surer of the two proposals."""
    texts = series.cast(pl.String).fill_null("")
    cells = pl.DataFrame({"row": np.arange(len(texts)), "value": texts, "p": detected})
    answer = pl.DataFrame({"row": rows, "answer": [str(g) for g in good]})
    joined = (
        cells.join(proposals.drop("value", "detected", "column"), on="row", how="left")
        .join(learned, on="row", how="left")
        .join(answer, on="row", how="left")
    )
    answered = pl.col("answer").is_not_null()
    # What is sure to be clean is not changed, however sure the change would be.
    cap = pl.when(pl.col("p") < DETECT_AT).then(0.6).otherwise(0.999)
    taught = pl.col("to").is_not_null() & (
        pl.col("sure")
        >= pl.when(pl.col("proposed").is_null()).then(0.0).otherwise(pl.col("confidence"))
    )
    agreed = pl.col("to") == pl.col("proposed")
    sure = (
        pl.when(agreed.fill_null(False))
        .then(1 - (1 - pl.col("confidence")) * (1 - pl.col("sure")))
        .when(taught)
        .then("sure")
        .otherwise("confidence")
    )
    p = (
        pl.when(pl.col("fires").fill_null(False))
        .then(pl.max_horizontal("p", "sure"))
        .otherwise("p")
    )

    def pick(mine: pl.Expr, other: str) -> pl.Expr:
        return pl.when(answered | taught).then(mine).otherwise(pl.col(other)).alias(other)

    return (
        joined.with_columns(p.alias("p"))
        .select(
            pl.col("row").cast(pl.Int64),
            pl.lit(series.name).alias("column"),
            "value",
            pl.when(answered)
            .then("answer")
            .when(taught)
            .then("to")
            .otherwise("proposed")
            .alias("proposed"),
            pl.when(answered)
            .then(pl.lit("answered"))
            .otherwise(pick(pl.lit("learned"), "rule"))
            .alias("rule"),
            pl.when(answered).then(1.0).otherwise(pl.min_horizontal(sure, cap)).alias("confidence"),
            pl.col("p").alias("detected"),
            pick(pl.col("told"), "support"),
            pick(pl.col("told"), "total"),
            pick(pl.lit(""), "because"),
        )
        .filter(
            (pl.col("rule").is_not_null() | (pl.col("detected") >= DETECT_AT))
            & (pl.col("proposed").is_null() | (pl.col("proposed") != pl.col("value")))
            & ~((pl.col("rule") == "answered") & (pl.col("proposed") == pl.col("value")))
        )
        .with_columns(
            pl.col("rule").fill_null("learned"),
            pl.col("confidence").fill_null(pl.col("detected")),
            pl.col("support").fill_null(0),
            pl.col("total").fill_null(0),
            pl.col("because").fill_null(""),
        )
        .select(pl.col(c).cast(t) for c, t in FINDING_SCHEMA.items())
    )
