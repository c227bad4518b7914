"""Reads of parties shared with other apps."""

import polars as pl

from kintsugi.core.bulk import fetch_frame
from kintsugi.core.queries import query
from kintsugi.engine.values import normalise


def find_by_name(names: pl.Series) -> pl.DataFrame:
    """Parties by name as written: one row per distinct name, ``value, id, rule``.

    Spelling differences that do not change the identity (width, case, punctuation, legal form)
    are ignored, as in the party key. ``id`` is null with rule ``reference.unknown``.
    """
    distinct = names.drop_nulls().unique().cast(pl.String)
    keys = normalise("party_key", distinct, {}).select(
        pl.col("raw").alias("value"), pl.col("value").alias("party_key")
    )
    found = fetch_frame(query("parties", "find_keys"), [keys["party_key"].drop_nulls().to_list()])
    if found.is_empty():
        found = pl.DataFrame(schema={"party_key": pl.String, "id": pl.String})
    return keys.join(found, on="party_key", how="left").select(
        "value",
        "id",
        pl.when(pl.col("id").is_null()).then(pl.lit("reference.unknown")).alias("rule"),
    )
