"""The only writer of parties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import F
from django.db.models.functions import Now
from psycopg import sql

from kintsugi.core.errors import StaleVersion
from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.core.sorting import sort_key, with_sort_key
from kintsugi.parties.merging import Merging as Merging
from kintsugi.parties.merging import by_id as record_by_id
from kintsugi.parties.merging import the_one as the_one_record
from kintsugi.parties.models import Party
from kintsugi.parties.refusals import STATES as LICENCE_STATES_REFUSED
from kintsugi.parties.selectors import name_keys
from kintsugi.parties.services_licences import LicenceFacts as LicenceFacts
from kintsugi.parties.services_licences import Paper as Paper
from kintsugi.parties.services_licences import (
    change_licence,
    clean_number,
    codes,
    decide_unlock,
    insert_licence,
    needed_person,
    needed_reason,
    own_key,
    person_of,
    register_licence,
    request_unlock,
    revoke_licence,
)
from kintsugi.parties.services_merging import merge_records, pointing_to, unmerge_records
from kintsugi.parties.services_radar import tell, tell_ending

__all__ = [
    "LICENCE_STATES_REFUSED",
    "change_licence",
    "clean_number",
    "codes",
    "correct_party",
    "decide_unlock",
    "insert_licence",
    "merge_records",
    "needed_person",
    "needed_reason",
    "own_key",
    "person_of",
    "pointing_to",
    "record_by_id",
    "register_licence",
    "request_unlock",
    "revoke_licence",
    "tell",
    "tell_ending",
    "the_one_record",
    "unmerge_records",
]


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
        "credit_limit",
        "credit_days",
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


def correct_party(*, party: Party, values: Mapping[str, Any]) -> None:
    """Write corrected values, as a plan of ``party.correct`` has them, and count the version up.

    A corrected name brings its sort key and identity key along. Raises StaleVersion when the
    party is no longer at the version it was read with.
    """
    columns = dict(values)
    if name := columns.get("name"):
        keys = name_keys(pl.Series([name]))["name_key"].to_list()
        columns |= {"name_sort": sort_key(name), "name_key": (keys and keys[0]) or ""}
    changed = Party.objects.filter(pk=party.pk, version=party.version).update(
        **columns, version=F("version") + 1, updated_at=Now()
    )
    if not changed:
        raise StaleVersion(str(party), read=party.version, now=party.version + 1)
