"""Cells that stand for another one: what is read there in place of what was written."""

import polars as pl

from kintsugi.engine.snapshot import Snapshot, cells_frame


def fills(snapshot: Snapshot, table: int) -> pl.DataFrame:
    """Cells that stand for another one (merged cells, 同上), and garbled ones whose text could be
    regained: row, col, value, anchor_row (null where the text is the cell's own)."""
    if not (snapshot.path / f"t{table}.cells.parquet").is_file():
        return pl.DataFrame(
            schema={"row": pl.Int32, "col": pl.Int32, "value": pl.String, "anchor_row": pl.Int32}
        )
    return (
        cells_frame(snapshot, table)
        .filter(
            (pl.col("kind").is_in(["merged", "ditto"]) & pl.col("value").is_not_null())
            | ((pl.col("kind") == "mojibake") & (pl.col("value") != ""))
        )
        .select("row", "col", "value", "anchor_row")
        .unique(subset=["row", "col"], keep="last", maintain_order=True)
        .collect()
    )


def filled(frame: pl.LazyFrame, with_: pl.DataFrame) -> pl.LazyFrame:
    """Rows ``_row, c1 … cn`` with the text of each fill in its cell."""
    present = frame.collect_schema().names()
    for column in sorted(with_["col"].unique()):
        target = f"c{column}"
        if target not in present:
            continue
        values = with_.filter(pl.col("col") == column).select(
            pl.col("row").alias("_row"), pl.col("value").alias("_fill")
        )
        frame = (
            frame.join(values.lazy(), on="_row", how="left", maintain_order="left")
            .with_columns(pl.coalesce("_fill", target).alias(target))
            .drop("_fill")
        )
    return frame
