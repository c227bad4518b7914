"""Probabilities that two records are one, learned without labels: Fellegi and Sunter's model, its
parameters by expectation maximisation, as Splink fits it on DuckDB."""

import logging
import math
import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from kintsugi.engine.backends import connect
from kintsugi.engine.matching.keys import Keyed
from kintsugi.engine.matching.model import LINKS, Compared, Explanation, Plan, Step
from kintsugi.engine.matching.threshold import share_of_matches

SEED: Final = 20261127
_RANDOM_PAIRS: Final = 1_000_000
_MEMORY_MB: Final = 4_000
#: Before anything is compared: one record in two has another one like it.
_HAS_TWIN: Final = 0.5
_LEAST_PRIOR: Final = 1e-9
#: How often records that are one agree and disagree in a column of which nothing was learned.
_AGREE: Final = 0.85
_DISAGREE: Final = 0.05
_AGREE_MIN: Final = 0.3
_LEAST_CHANCE: Final = 1e-12
#: Less likely pairs are too few matches to count.
_LEAST_PROBABILITY: Final = 0.001


class Model:
    """A fitted model over records ``uid`` and the compared columns; ``uid`` is the row. ``mass``:
    what the probabilities of the pairs add up to, known with ``links``."""

    mass: float = 0.0

    def __init__(
        self,
        keyed: Keyed,
        columns: Sequence[Compared],
        blocks: Sequence[Sequence[str]],
        plan: Plan,
        sides: pl.Series | None,
    ) -> None:
        from splink import Linker, SettingsCreator, block_on
        from splink.backends.duckdb import DuckDBAPI

        table = keyed.frame
        self._columns = list(columns)
        self._safe = {one.column: f"c{at}" for at, one in enumerate(columns)}
        self._lessons = _lessons(keyed, blocks)
        keys = list(dict.fromkeys(k for block in (*blocks, *self._lessons) for k in block))
        self._keys = {key: self._safe.get(key, f"k{at}") for at, key in enumerate(keys)}
        self._db = connect({"threads": 2, "memory_limit": f"{_MEMORY_MB}MB"})
        frame = table.select(
            pl.int_range(pl.len(), dtype=pl.Int64).alias("uid"),
            *(pl.col(name).alias(safe) for name, safe in self._safe.items()),
            *(pl.col(k).alias(s) for k, s in self._keys.items() if k not in self._safe),
        )
        self._frame = frame
        self._api = api = DuckDBAPI(self._db)
        rules: list[Any] = [
            block_on(
                *(self._keys[key] for key in block),
                arrays_to_explode=[self._keys[key] for key in block if keyed.listed(key)] or None,
            )
            for block in blocks
        ]
        settings = SettingsCreator(
            link_type="link_only" if sides is not None else "dedupe_only",
            unique_id_column_name="uid",
            comparisons=[_comparison(one, self._safe[one.column]) for one in columns],
            blocking_rules_to_generate_predictions=rules,
            probability_two_random_records_match=_prior(table.height, sides),
            retain_intermediate_calculation_columns=False,
        )
        if sides is None:
            tables: Any = api.register(frame.to_arrow(), table_name="records")
        else:
            tables = [
                api.register(frame.filter(mask).to_arrow(), table_name=name)
                for name, mask in (("a_left", ~sides), ("b_right", sides))
            ]
        with _quiet():
            self._linker = Linker(tables, settings, log_level=logging.ERROR)
            self._fit()
            fitted = sound(self._linker.misc.save_model_to_json(), _prior(table.height, sides))
            self._linker = Linker(tables, fitted, log_level=logging.ERROR)
        self._ask = plan.ask
        self._least = min(plan.ask, _LEAST_PROBABILITY)
        self._prior, self._pairs = _prior(table.height, sides), _all_pairs(table.height, sides)
        self._shift = 0.0

    def _fit(self) -> None:
        from splink import block_on

        training = self._linker.training
        training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=SEED)
        common: set[str] | None = None
        taught = 0
        for block in self._lessons:
            used = set(block)
            # Where all columns agree none is left to learn of, and Splink forgets them all.
            if used >= set(self._safe):
                continue
            # Rules without a column in common let every column be learned once.
            if common is not None and (used & common or taught >= 3):
                continue
            if not self._taught(block_on(*(self._keys[key] for key in block))):
                continue
            common = used if common is None else common & used
            taught += 1

    def _taught(self, rule: Any) -> bool:
        """Whether the pairs of a block taught something. Where nearly all of them are one, how many
        are cannot be learned besides: it is held fast then. Where none says more, another does."""
        from splink.internals.exceptions import SplinkException

        settings = self._linker._settings_obj
        for fixed in (False, True):
            before: Any = settings.core_model_settings.copy()  # type: ignore[no-untyped-call]
            try:
                self._linker.training.estimate_parameters_using_expectation_maximisation(
                    rule, fix_probability_two_random_records_match=fixed
                )
            # A share that falls to nought is a ValueError of Splink's.
            except (SplinkException, ValueError) as error:
                logging.getLogger(__name__).debug("no training on %s: %s", rule, error)
                # One that breaks off leaves out of the model the columns it blocked on.
                settings.core_model_settings = before
            else:
                return True
        return False

    def links(self) -> pl.DataFrame:
        """Pairs from ``ask`` on, columns as ``LINKS``. How many pairs are one at all is learned
        from the probabilities first: the model only supposed a share."""
        with _quiet():
            found = self._linker.inference.predict(threshold_match_probability=self._least)
            pairs = pl.DataFrame(pl.from_arrow(found.as_pyarrow_table()))  # type: ignore[no-untyped-call]
        named = pairs.select(
            pl.min_horizontal("uid_l", "uid_r").cast(pl.Int64).alias("left"),
            pl.max_horizontal("uid_l", "uid_r").cast(pl.Int64).alias("right"),
            pl.col("match_probability").cast(pl.Float64).alias("probability"),
            pl.col("match_weight").cast(pl.Float64).alias("weight"),
            pl.lit("model").alias("by"),
        )
        once = named.unique(["left", "right"], keep="first").sort("left", "right")
        weights = once["weight"].to_numpy()
        share = share_of_matches(weights, self._prior, self._pairs)
        self._shift = _weight(share) - _weight(self._prior)
        moved = weights + self._shift
        likely = 1 / (1 + np.exp2(-np.clip(moved, -1000, 1000)))
        self.mass = float(likely.sum())
        once = once.with_columns(
            pl.Series("weight", moved), pl.Series("probability", likely)
        ).filter(pl.col("probability") >= self._ask)
        return once.select(LINKS.keys())

    def explain(self, pairs: Sequence[tuple[int, int]], table: pl.DataFrame) -> list[Explanation]:
        """The waterfall of each of these pairs."""
        settings = self._linker.misc.save_model_to_json()
        prior = _weight(float(settings["probability_two_random_records_match"]))
        found = []
        for left, right in pairs:
            with _quiet():
                scored = self._linker.inference.score_pair(self._record(left), self._record(right))
            row = scored.as_record_list()[0]
            steps = []
            for one in self._columns:
                safe = self._safe[one.column]
                level = int(row.get(f"gamma_{safe}", -1))
                weight = float(row.get(f"mw_{safe}") or 0.0)
                weight += float(row.get(f"mw_tf_adj_{safe}") or 0.0)
                a, b = (table[one.column][at] for at in (left, right))
                steps.append(Step(one.column, round(weight, 3), a, b, _level(level, a, b)))
            steps.sort(key=lambda s: -abs(s.weight))
            found.append(Explanation(left, right, round(prior + self._shift, 3), tuple(steps)))
        return found

    def _record(self, row: int) -> Any:
        return self._api.register(self._frame[row : row + 1].to_arrow())

    def close(self) -> None:
        """Give memory back."""
        self._db.close()


def _lessons(keyed: Keyed, blocks: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The sets of columns to learn from: those of the blocks, whole. Pairs that agree on the sound
    of a name agree on the name more often than others that are one; the name whole is set aside."""
    return list(dict.fromkeys(tuple(keyed.base(key) for key in block) for block in blocks))


def _comparison(one: Compared, column: str) -> Any:
    import splink.comparison_library as cl

    made: Any
    if one.kind in ("category", "number"):
        made = cl.ExactMatch(column)
    elif one.kind in ("code", "date"):
        made = cl.DamerauLevenshteinAtThresholds(column, [1, 2])
    elif one.kind == "text":
        made = cl.JaroWinklerAtThresholds(column, [0.92, 0.85, 0.75])
    else:
        made = cl.JaroWinklerAtThresholds(column, [0.92, 0.8])
    return made.configure(term_frequency_adjustments=True)


def sound(model: dict[str, Any], prior: float) -> dict[str, Any]:
    """The model with what it learned of a column only where that can be: records that are one agree
    more often than chance, and disagree less. In a list in which no record is there twice there is
    nothing to learn from, and what comes out then says that strangers are one.

    ``prior`` stands as before the training: one that was broken off leaves the share of matches in
    its block in that place.
    """
    model["probability_two_random_records_match"] = prior
    for one in model["comparisons"]:
        levels = [
            level for level in one["comparison_levels"] if not level.get("is_null_level", False)
        ]
        m = [float(level.get("m_probability") or 0.0) for level in levels]
        u = [max(float(level.get("u_probability") or 0.0), _LEAST_CHANCE) for level in levels]
        odds = [a / b for a, b in zip(m, u, strict=True)]
        told = all("m_probability" in level for level in levels)
        if told and m[0] >= _AGREE_MIN and odds[0] == max(odds) > 1 and odds[-1] == min(odds) < 1:
            continue
        middle = (1 - _AGREE - _DISAGREE) / max(len(levels) - 2, 1)
        usual = [_AGREE, *[middle] * (len(levels) - 2), _DISAGREE]
        for level, value in zip(levels, usual, strict=True):
            level["m_probability"] = value / sum(usual)
    return model


def _prior(rows: int, sides: pl.Series | None) -> float:
    if sides is None:
        twins = _HAS_TWIN * rows
    else:
        b = int(sides.sum())
        twins = _HAS_TWIN * min(b, rows - b)
    return min(max(twins / max(_all_pairs(rows, sides), 1.0), _LEAST_PRIOR), 0.5)


def _all_pairs(rows: int, sides: pl.Series | None) -> float:
    if sides is None:
        return rows * (rows - 1) / 2
    b = int(sides.sum())
    return float(b * (rows - b))


def _log2(factor: float) -> float:
    return math.log2(max(factor, 1e-300))


def _weight(probability: float) -> float:
    return _log2(probability / (1 - probability))


def _level(level: int, a: str | None, b: str | None) -> str:
    if a is None or b is None:
        return "missing"
    if level <= 0:
        return "different"
    return "same" if a == b else "alike"


class _quiet:
    """Splink warns of what is decided here on purpose: sampling, levels that never occur."""

    def __enter__(self) -> None:
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()
        warnings.simplefilter("ignore")
        self._level = logging.getLogger("splink").level
        logging.getLogger("splink").setLevel(logging.CRITICAL)

    def __exit__(self, *facts: Any) -> None:
        logging.getLogger("splink").setLevel(self._level)
        self._caught.__exit__(*facts)
