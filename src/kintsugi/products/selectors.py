"""Reads of products shared with other apps."""

import polars as pl

from kintsugi.core.bulk import fetch_frame
from kintsugi.core.queries import query


def find_by_reference(values: pl.Series) -> pl.DataFrame:
    """Products by what a source calls them: ``value, id, rule``, one row per distinct value.

    Tried in this order: product code, a UDI device identifier of any package level, catalogue
    number, model. The first kind that finds anything decides; if it finds several products the
    rule is ``reference.ambiguous`` and a person is asked, if nothing does ``reference.unknown``.
    """
    distinct = values.drop_nulls().unique().cast(pl.String)
    found = fetch_frame(query("products", "find_products"), [distinct.to_list()])
    if found.is_empty():
        return pl.DataFrame(schema={"value": pl.String, "id": pl.String, "rule": pl.String})
    return found
