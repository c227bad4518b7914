"""The only writer of parties."""

from dataclasses import dataclass

import polars as pl

from kintsugi.core.loading import TableLoader
from kintsugi.core.sorting import with_sort_key


@dataclass(frozen=True)
class PartyLoader(TableLoader):
    """Loads records of the contract ``party``."""

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the sort key of the name."""
        return with_sort_key(frame)


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
    derived=("name_sort",),
    arrays=frozenset({"roles", "phone"}),
)
