"""The only writer of parties."""

from dataclasses import dataclass

import polars as pl
from psycopg import sql

from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.core.sorting import with_sort_key
from kintsugi.parties.selectors import name_keys


@dataclass(frozen=True)
class PartyLoader(TableLoader):
    """Loads records of the contract ``party``."""

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the sort key and the identity key of the name."""
        if "name" not in frame.columns:
            return frame
        return with_sort_key(frame).join(name_keys(frame["name"]), on="name", how="left")

    def natural(self, columns: pl.DataFrame) -> pl.Series:
        """The credit code, or the name; a name without a code belongs to the only code that
        comes with this name."""
        if "uscc" not in columns.columns or "name_key" not in columns.columns:
            return super().natural(columns)
        codes = pl.col("uscc").drop_nulls().n_unique().over("name_key")
        by_name = pl.col("name_key").is_not_null() & (codes <= 1)
        return columns.select(
            pl.when(by_name).then("name_key").otherwise("party_key").alias("_natural")
        )["_natural"]

    def find(self, columns: pl.DataFrame) -> pl.DataFrame:
        """The party of the same key, else of the same credit code, else the only one of the same
        name where one of the two has no credit code."""
        missing = [n for n in ("uscc", "name_key") if n not in columns.columns]
        wanted = columns.with_columns(pl.lit(None, pl.String).alias(n) for n in missing)
        statement = sql.SQL(query("parties", "find_same"))
        return self._find(wanted.select("_key", "party_key", "uscc", "name_key"), statement)


LOADER = PartyLoader(
    entity="party",
    table="parties_party",
    fields=(
        "party_key",
        "name",
        "roles",
        "uscc",
        "customer_type",
        "country",
        "region_code",
        "address",
        "contact",
        "phone",
        "email",
    ),
    key=("party_key",),
    identifying=("name", "uscc"),
    derived=("name_sort", "name_key"),
    arrays=frozenset({"roles", "phone"}),
)
