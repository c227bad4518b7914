"""All that rules say of a cell joined to one finding: how surely it is wrong, the best value."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from kintsugi.engine.repair.coding import Coded, code_column
from kintsugi.engine.repair.model import SIGNAL_SCHEMA, ValueSignal

_CELL = ["row", "col"]


def spread_to_cells(
    columns: Sequence[Coded], index: int, signals: list[ValueSignal]
) -> pl.DataFrame:
    """What is said of values as signals about each cell that holds them."""
    if not signals:
        return pl.DataFrame(schema=SIGNAL_SCHEMA)
    column = columns[index]
    said = pl.DataFrame(
        [
            (s.code, s.proposed, s.rule, s.confidence, s.support, s.total, s.because)
            for s in signals
        ],
        schema={"code": pl.Int64, **{k: v for k, v in SIGNAL_SCHEMA.items() if k not in _CELL}},
        orient="row",
    )
    meant = np.zeros(len(column.values), bool)
    meant[said["code"].to_numpy()] = True
    rows = np.flatnonzero(meant[column.codes])
    cells = pl.DataFrame({"row": rows, "code": column.codes[rows]})
    return (
        cells.join(said, on="code", how="inner", maintain_order="left_right")
        .with_columns(pl.lit(index, pl.Int32).alias("col"))
        .select(SIGNAL_SCHEMA.keys())
    )


def resolve(signals: pl.DataFrame) -> pl.DataFrame:
    """One row a cell: SIGNAL_SCHEMA and ``detected``, the confidence that the cell is wrong.

    Rules are taken as independent witnesses of one another; a rule that speaks twice counts once.
    Rival values take from each other's confidence.
    """
    ordered = signals.sort(
        [*_CELL, "confidence", "rule", "proposed"],
        descending=[False, False, True, False, False],
        nulls_last=True,
    )
    doubt = 1 - pl.col("confidence")
    wrong = (
        ordered.group_by([*_CELL, "rule"], maintain_order=True)
        .agg(pl.col("confidence").max())
        .group_by(_CELL, maintain_order=True)
        .agg((1 - doubt.product()).alias("detected"))
    )
    bare = (
        ordered.filter(pl.col("proposed").is_null())
        .group_by(_CELL)
        .agg(pl.col("confidence").max().alias("bare"))
    )
    named = (
        ordered.filter(pl.col("proposed").is_not_null())
        .group_by([*_CELL, "proposed"], maintain_order=True)
        .agg(
            (1 - doubt.product()).alias("joint"),
            *(pl.col(c).first() for c in ("rule", "support", "total", "because")),
        )
        .sort([*_CELL, "joint", "proposed"], descending=[False, False, True, False])
        .group_by(_CELL, maintain_order=True)
        .agg(
            pl.col("proposed", "rule", "support", "total", "because", "joint").first(),
            pl.col("joint").get(1, null_on_oob=True).fill_null(0.0).alias("rival"),
        )
        .join(bare, on=_CELL, how="left")
        # A cell known to be wrong by its form needs less to be changed.
        .with_columns(
            (
                (1 - (1 - pl.col("joint")) * (1 - 0.6 * pl.col("bare").fill_null(0.0)))
                * (1 - 0.4 * pl.col("rival"))
            ).alias("confidence")
        )
    )
    first = ordered.group_by(_CELL, maintain_order=True).first()
    best = first.join(named, on=_CELL, how="left", suffix="_named").join(wrong, on=_CELL)
    has = pl.col("proposed_named").is_not_null()
    return best.select(
        *_CELL,
        pl.col("proposed_named").alias("proposed"),
        *(
            pl.when(has).then(pl.col(f"{c}_named")).otherwise(pl.col(c)).alias(c)
            for c in ("rule", "confidence", "support", "total", "because")
        ),
        "detected",
    ).with_columns(
        pl.col("confidence").clip(0, 0.999),
        pl.col("detected").clip(0, 0.999),
    )


def apply_cells(columns: Sequence[Coded], changes: pl.DataFrame) -> list[Coded]:
    """The columns with ``proposed`` written into each named cell."""
    found = list(columns)
    for (col,), part in changes.sort(_CELL).group_by(["col"], maintain_order=True):
        index = int(str(col))
        old = columns[index]
        texts = pl.Series(old.name, old.values, dtype=pl.String).gather(old.codes)
        found[index] = code_column(
            texts.scatter(part["row"].to_numpy(), part["proposed"].to_list())
        )
    return found
