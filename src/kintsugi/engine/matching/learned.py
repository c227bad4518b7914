"""Matching that learns from pairs a person judged: for products, whose texts say the same in many
ways and whose one different letter makes another thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.matching.features import Weights, feature_names, features, weigh, words
from kintsugi.engine.matching.model import LINKS
from kintsugi.engine.text import Text

Floats = npt.NDArray[np.float64]
SEED: Final = 20261127
#: Pairs a person has to judge at least, of either kind.
LABELS_MIN: Final = 10
_FOLDS: Final = 5
_TREES: Final = 400
#: A word that more records have than this brings no two of them together.
_WORD_RECORDS: Final = 200
#: Partners that are looked at for each record, the likeliest by rare words first.
_PARTNERS: Final = 30
_CHUNK: Final = 200_000


@dataclass(frozen=True)
class Learned:
    """A model of what makes two records one. ``threshold`` is where F1 was best in records it had
    not seen (cross-validation), ``f1`` how good that was; ``telling`` the features it uses most."""

    columns: tuple[str, ...]
    weights: Weights
    threshold: float
    f1: float
    telling: tuple[tuple[str, float], ...]
    _models: tuple[Any, ...]
    _kept: npt.NDArray[np.bool_]

    def probability(self, left: pl.DataFrame, right: pl.DataFrame) -> Floats:
        """How likely each pair of rows at the same place is one thing; the threshold is 0.5."""
        found = np.zeros(left.height)
        for begin in range(0, left.height, _CHUNK):
            part = slice(begin, begin + _CHUNK)
            measured = _filled(
                features(
                    left.select(self.columns)[part], right.select(self.columns)[part], self.weights
                )
            )[:, self._kept]
            votes = [model.predict_proba(measured)[:, 1] for model in self._models]
            found[part] = _centred(np.mean(votes, axis=0), self.threshold)
        return found


def learn(
    left: pl.DataFrame,
    right: pl.DataFrame,
    same: Sequence[bool],
    *,
    records: Sequence[pl.DataFrame] = (),
) -> Learned:
    """Learn from judged pairs: rows at the same place of ``left`` and ``right``, and whether they
    are one. ``records``: all records there are, to know which words are rare; no labels are needed
    for them. Same pairs, same model.

    Raises KintsugiError ``match.few-labels``.
    """
    from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    truth = np.asarray(same, dtype=np.int64)
    if min(int(truth.sum()), int(len(truth) - truth.sum())) < LABELS_MIN:
        raise KintsugiError(
            "match.few-labels",
            Text(f"已判断的配对中,是与否都至少要 {LABELS_MIN} 个。",
                 f"Of the judged pairs at least {LABELS_MIN} have to be the same and as many not."),
            Text("再判断一些配对。", "Judge some more pairs."),
            same=int(truth.sum()),
            different=int(len(truth) - truth.sum()),
        )  # fmt: skip
    columns = tuple(name for name in left.columns if name in right.columns)
    sides = left.select(columns), right.select(columns)
    known = [frame.select(columns) for frame in records] or [s.unique() for s in sides]
    weights = weigh(known)
    measured = _filled(features(*sides, weights))
    kept = measured.std(axis=0) > 0
    measured = measured[:, kept]
    makers = (
        HistGradientBoostingClassifier(
            max_iter=300, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=10,
            l2_regularization=1.0, early_stopping=False, random_state=SEED,
        ),
        ExtraTreesClassifier(
            _TREES, min_samples_leaf=2, class_weight="balanced_subsample", n_jobs=2,
            random_state=SEED,
        ),
    )  # fmt: skip
    folds = StratifiedKFold(min(_FOLDS, int(truth.sum())), shuffle=True, random_state=SEED)
    votes = [
        cross_val_predict(m, measured, truth, cv=folds, method="predict_proba")[:, 1]
        for m in makers
    ]
    threshold, best = _best(truth, np.mean(votes, axis=0))
    models = tuple(maker.fit(measured, truth) for maker in makers)
    names = [n for n, keep in zip(feature_names(columns), kept, strict=True) if keep]
    told = sorted(zip(names, models[1].feature_importances_, strict=True), key=lambda x: -x[1])
    return Learned(
        columns, weights, threshold, round(best, 4),
        tuple((name, round(float(share), 4)) for name, share in told[:20]), models, kept,
    )  # fmt: skip


def _filled(measured: Floats) -> Floats:
    return np.nan_to_num(measured, nan=-1.0)


def _best(truth: npt.NDArray[np.int64], votes: Floats) -> tuple[float, float]:
    """The vote from which on F1 is best, half way to the next one below, and that F1."""
    order = np.argsort(-votes, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(truth) + 1) + truth.sum())
    at = int(f1.argmax())
    below = votes[order][at + 1] if at + 1 < len(votes) else 0.0
    return float((votes[order][at] + below) / 2), float(f1[at])


def _centred(votes: Floats, threshold: float) -> Floats:
    """Votes stretched so that the threshold is 0.5."""
    low = np.clip(votes / max(threshold, 1e-9), 0, 1) / 2
    high = 0.5 + np.clip((votes - threshold) / max(1 - threshold, 1e-9), 0, 1) / 2
    return np.where(votes >= threshold, high, low)


def candidates(table: pl.DataFrame, sides: pl.Series | None) -> pl.DataFrame:
    """``left, right``: for each record those that share its rarest words, the likeliest first.
    ``sides``: True for records of the second of two lists, compared across only."""
    texts = table.select(pl.concat_str(pl.all(), separator=" ", ignore_nulls=True).alias("text"))
    exploded = (
        texts.with_columns(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
            pl.Series("word", [sorted(set(words(text))) for text in texts["text"]],
                      dtype=pl.List(pl.String)),
        )
        .select("row", "word")
        .explode("word")
        .drop_nulls()
    )  # fmt: skip
    counts = exploded.group_by("word").len("n").filter(pl.col("n").is_between(2, _WORD_RECORDS))
    weighed = counts.with_columns((float(table.height) / pl.col("n")).log().alias("weight"))
    told = exploded.join(weighed.select("word", "weight"), on="word", how="inner")
    if sides is None:
        pairs = told.join(told.drop("weight"), on="word", how="inner", suffix="_right")
        pairs = pairs.filter(pl.col("row") < pl.col("row_right"))
    else:
        second = pl.Series("row", sides.arg_true()).cast(pl.Int64).implode()
        pairs = told.filter(~pl.col("row").is_in(second)).join(
            told.filter(pl.col("row").is_in(second)).drop("weight"), on="word", suffix="_right"
        )
    summed = pairs.group_by("row", "row_right").agg(pl.col("weight").sum())
    ranked = summed.sort("weight", "row", "row_right", descending=[True, False, False])
    near = ranked.with_columns(
        pl.int_range(pl.len()).over("row").alias("a"),
        pl.int_range(pl.len()).over("row_right").alias("b"),
    ).filter((pl.col("a") < _PARTNERS) | (pl.col("b") < _PARTNERS))
    return near.select(pl.col("row").alias("left"), pl.col("row_right").alias("right")).sort(
        "left", "right"
    )


def learned_links(
    table: pl.DataFrame, model: Learned, pairs: pl.DataFrame, ask: float
) -> pl.DataFrame:
    """Links of the pairs from ``ask`` on, columns as ``LINKS``."""
    left, right = (table[pairs[side].to_list()] for side in ("left", "right"))
    likely = np.clip(model.probability(left, right), 1e-6, 1 - 1e-6)
    found = pairs.with_columns(
        pl.Series("probability", likely),
        pl.Series("weight", np.log2(likely / (1 - likely))),
        pl.lit("learned").alias("by"),
    )
    return found.filter(pl.col("probability") >= ask).select(LINKS.keys())
