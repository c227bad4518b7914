"""Which source's value stands: one golden record out of the records of one thing.

Per field, in this order: a steward's pin, the source's authority for it, validity, the newest
observation. The contract's survivorship moves one of them to the front: ``newest`` looks at the
time before the authority, ``most_complete`` at the length of the text. Whatever is still equal is
settled by source and key, so that the order of the input never shows.
"""

from collections.abc import Collection, Sequence
from typing import Final

import polars as pl

from kintsugi.engine.contract import Contract, Field

META: Final = ("_gid", "_source", "_key", "_authority", "_observed")

#: ``pins``: a steward's decision; ``_source`` and ``_key`` name the record whose value stands.
PIN_SCHEMA: Final[dict[str, pl.DataType]] = {
    "_gid": pl.String(),
    "field": pl.String(),
    "_source": pl.String(),
    "_key": pl.String(),
}
#: ``flagged``: values with an open issue; they stand only where nothing sound does.
FLAG_SCHEMA: Final[dict[str, pl.DataType]] = {
    "_source": pl.String(),
    "_key": pl.String(),
    "field": pl.String(),
}
#: ``authority``: a source's authority where it differs by field.
AUTHORITY_SCHEMA: Final[dict[str, pl.DataType]] = {
    "_source": pl.String(),
    "field": pl.String(),
    "authority": pl.Int32(),
}


def survive(
    records: pl.DataFrame,
    contract: Contract,
    *,
    pins: pl.DataFrame | None = None,
    flagged: pl.DataFrame | None = None,
    authority: pl.DataFrame | None = None,
    keep_blank: Collection[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The golden record of every ``_gid``, and what each source record won.

    ``records``: one row per (_gid, _source, _key) with ``_authority`` Int32 (higher wins) and
    ``_observed`` Datetime, then contract fields of any type. A null is never a candidate, except
    for the fields in ``keep_blank``, where the strongest record's blank erases.

    ``golden``: ``_gid`` and the fields, one row per gid, sorted. ``winners``: ``_gid, _source,
    _key, fields`` with one row per input record and the fields it won, in contract order; a record
    that won nothing has an empty list. Every non-null golden value stands in the record that is
    named its winner.
    """
    fields = [f for f in contract.fields if f.name in records.columns]
    precisions = {f.name for f in fields if f"{f.name}__precision" in records.columns}
    golden = records.select(pl.col("_gid").unique().sort())
    won: list[pl.DataFrame] = []
    for field in fields:
        carried = [field.name] + ([f"{field.name}__precision"] if field.name in precisions else [])
        best = _best(records, field, carried, pins, flagged, authority, field.name in keep_blank)
        golden = golden.join(
            best.select("_gid", *carried), on="_gid", how="left", maintain_order="left"
        )
        won.append(
            best.filter(pl.col(field.name).is_not_null()).select(
                "_gid", "_source", "_key", pl.lit(field.name).alias("field")
            )
        )
    return golden, _winners(records, won)


def _best(
    records: pl.DataFrame,
    field: Field,
    carried: Sequence[str],
    pins: pl.DataFrame | None,
    flagged: pl.DataFrame | None,
    authority: pl.DataFrame | None,
    keep_blank: bool,
) -> pl.DataFrame:
    """The one record per gid whose value of this field stands."""
    candidates = records.select(*META, *carried)
    if not keep_blank:
        candidates = candidates.filter(pl.col(field.name).is_not_null())
    candidates = candidates.with_columns(
        _marks(candidates, pins, field.name, ["_gid", "_source", "_key"]).alias("_pinned"),
        (~_marks(candidates, flagged, field.name, ["_source", "_key"])).alias("_sound"),
        _authority(candidates, authority, field.name).alias("_rank"),
    )
    length = pl.col(field.name).cast(pl.String).str.len_chars().fill_null(0)
    order: list[pl.Expr] = [pl.col("_pinned")]
    match field.survivorship:
        case "newest":
            order += [pl.col("_sound"), pl.col("_observed"), pl.col("_rank")]
        case "most_complete":
            order += [pl.col("_sound"), length, pl.col("_rank"), pl.col("_observed")]
        case _:
            order += [pl.col("_rank"), pl.col("_sound"), pl.col("_observed")]
    ties = [pl.col("_source"), pl.col("_key"), pl.col(field.name).cast(pl.String)]
    return (
        candidates.sort(
            "_gid",
            *order,
            *ties,
            descending=[False] + [True] * len(order) + [False] * len(ties),
            nulls_last=True,
        )
        .unique(subset="_gid", keep="first", maintain_order=True)
        .select("_gid", "_source", "_key", *carried)
    )


def _marks(
    candidates: pl.DataFrame, marked: pl.DataFrame | None, field: str, on: list[str]
) -> pl.Series:
    """Per candidate, whether it is in ``marked`` for this field."""
    if marked is None or marked.is_empty():
        return pl.repeat(False, candidates.height, eager=True)
    named = marked.filter(pl.col("field") == field).select(on).unique()
    named = named.with_columns(pl.lit(True).alias("_mark"))
    joined = candidates.select(on).join(named, on=on, how="left", maintain_order="left")
    return joined["_mark"].fill_null(False)


def _authority(candidates: pl.DataFrame, authority: pl.DataFrame | None, field: str) -> pl.Series:
    if authority is None or authority.is_empty():
        return candidates["_authority"]
    own = authority.filter(pl.col("field") == field).select("_source", "authority")
    own = own.unique(subset="_source", keep="last", maintain_order=True)
    joined = candidates.select("_source", "_authority").join(
        own, on="_source", how="left", maintain_order="left"
    )
    return joined.select(pl.coalesce("authority", "_authority")).to_series()


def _winners(records: pl.DataFrame, won: list[pl.DataFrame]) -> pl.DataFrame:
    """Fields won by each record, in contract order."""
    identity = ["_gid", "_source", "_key"]
    everyone = records.select(identity).unique().sort(identity)
    empty = pl.lit([], dtype=pl.List(pl.String))
    if not won:
        return everyone.with_columns(empty.alias("fields"))
    listed = pl.concat(won).group_by(identity, maintain_order=True).agg(pl.col("field"))
    return (
        everyone.join(listed, on=identity, how="left", maintain_order="left")
        .with_columns(pl.col("field").fill_null(empty).alias("fields"))
        .select(*identity, "fields")
    )
