"""What a sheet says beside its texts: rows that are struck out, commented as out of use, hidden."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from kintsugi.engine.contract import Contract
from kintsugi.engine.pipeline.model import ISSUE_SCHEMA, raw_hash
from kintsugi.engine.pipeline.project import Mapped
from kintsugi.engine.snapshot import Snapshot, cells_frame
from kintsugi.engine.values.rules import RULES

STATUS: Final = "status"
#: What a comment says → the status it proposes; a struck-out row proposes the first.
_OUT_OF_USE: Final = (
    ("scrapped", r"报废|作废|(?i)scrapped|written off|disposed"),
    ("retired", r"停用|已退|(?i)retired|out of (?:use|service)|decommissioned"),
)


def out_of_use(snapshot: Snapshot, table: int) -> pl.DataFrame:
    """Rows the sheet marks as out of use: ``_row, col, value`` of the cell that says so, and the
    ``proposal`` for their status. A comment says more than a stroke."""
    schema = {"_row": pl.Int32, "col": pl.Int32, "value": pl.String, "proposal": pl.String}
    if not (snapshot.path / f"t{table}.cells.parquet").is_file():
        return pl.DataFrame(schema=schema)
    said = pl.coalesce(
        pl.when((pl.col("kind") == "comment") & pl.col("value").str.contains(words)).then(
            pl.lit(code)
        )
        for code, words in _OUT_OF_USE
    )
    struck = pl.when(pl.col("kind") == "strike").then(pl.lit(_OUT_OF_USE[0][0]))
    return (
        cells_frame(snapshot, table)
        .filter(pl.col("kind").is_in(["comment", "strike"]))
        .select(
            pl.col("row").alias("_row"),
            "col",
            pl.col("value").fill_null(""),
            pl.coalesce(said, struck).alias("proposal"),
            (pl.col("kind") == "strike").alias("_stroke"),
        )
        .filter(pl.col("proposal").is_not_null())
        .sort("_stroke", "_row", "col")
        .unique(subset="_row", keep="first", maintain_order=True)
        .sort("_row")
        .select(schema.keys())
        .collect()
    )


def held(marked: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rows whose status waits for a person: ``_row, proposal`` (null where the contract does not
    know the proposed status)."""
    if STATUS not in contract.names:
        return marked.clear().select("_row", "proposal")
    known = [allowed.code for allowed in contract.field(STATUS).allowed]
    proposal = pl.when(pl.col("proposal").is_in(known)).then(pl.col("proposal"))
    return marked.select("_row", proposal.alias("proposal"))


def hold(status: pl.Expr, rows: pl.DataFrame) -> pl.Expr:
    """The status column, empty in held rows unless it already says what is proposed."""
    for (proposal,), part in rows.group_by("proposal", maintain_order=True):
        here = pl.col("_row").is_in(part["_row"].implode())
        if proposal is not None:
            here = here & (status != pl.lit(proposal))
        status = pl.when(here).then(None).otherwise(status)
    return status


def mark_issues(
    snapshot: Snapshot, table: int, contract: Contract, mapped: Mapped, cleaned: pl.LazyFrame
) -> pl.DataFrame:
    """Questions about marked rows that are data: out of use, hidden."""
    rows = mapped.scan().select("_row").unique().collect()
    parts = [
        _out_of_use_issues(snapshot, table, contract, mapped, cleaned),
        *_hidden_rows(snapshot, table),
    ]
    found = pl.concat(parts)
    return found.join(rows, on="_row", how="semi") if not found.is_empty() else found


def _out_of_use_issues(
    snapshot: Snapshot, table: int, contract: Contract, mapped: Mapped, cleaned: pl.LazyFrame
) -> pl.DataFrame:
    marked = out_of_use(snapshot, table)
    if marked.is_empty():
        return pl.DataFrame(schema=ISSUE_SCHEMA)
    has_status = STATUS in contract.names
    if has_status:
        marked = marked.drop("proposal").join(held(marked, contract), on="_row", how="left")
    else:
        marked = marked.with_columns(pl.lit(None, pl.String).alias("proposal"))
    if STATUS in mapped.fields:
        said = cleaned.select("_row", STATUS).collect().unique(subset="_row", keep="first")
        marked = marked.join(said, on="_row", how="left").filter(
            pl.col(STATUS).ne_missing(pl.col("proposal")) | pl.col("proposal").is_null()
        )
    raws = {}
    if STATUS in mapped.fields:
        numbers = mapped.scan().select("_row").collect().to_series()
        raws = dict(zip(numbers, mapped.column(STATUS), strict=True))
    found = [
        {
            "_row": row["_row"],
            "field": STATUS if has_status else None,
            "column": row["col"] or None,
            "rule": "cell.out-of-use",
            "severity": RULES["cell.out-of-use"].severity,
            "value": row["value"],
            "proposal": row["proposal"],
            # An answer is tied to the status as it stands, not to the comment.
            "raw_hash": raw_hash(raws.get(row["_row"], row["value"]) or ""),
        }
        for row in marked.iter_rows(named=True)
    ]
    return pl.DataFrame(found, schema=ISSUE_SCHEMA)


def _hidden_rows(snapshot: Snapshot, table: int) -> Iterator[pl.DataFrame]:
    if not (snapshot.path / f"t{table}.cells.parquet").is_file():
        return
    hidden = cells_frame(snapshot, table).filter(pl.col("kind") == "hidden_row")
    rows = hidden.select(pl.col("row").unique().sort().alias("_row")).collect()
    if rows.is_empty():
        return
    given = {
        "rule": "row.hidden",
        "severity": RULES["row.hidden"].severity,
        "value": "",
        "raw_hash": raw_hash(""),
    }
    yield rows.with_columns(
        pl.lit(given.get(name), kind).alias(name)
        for name, kind in ISSUE_SCHEMA.items()
        if name != "_row"
    ).select(ISSUE_SCHEMA.keys())
