"""Reads of parties shared with other apps."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import polars as pl
from django.db.models import CharField, DateField, F, Func, Q, QuerySet, Value

from kintsugi.core import scope
from kintsugi.core.bulk import fetch_frame
from kintsugi.core.lookups import occurs, starts
from kintsugi.core.queries import query
from kintsugi.core.sorting import sort_key
from kintsugi.engine.values import normalise
from kintsugi.parties.kinds import (
    DEVICE_CLASSES,
    LICENCE_KINDS,
    LICENCE_STATES,
    LICENCE_TONES,
    UNLOCK_MAX_DAYS,
)
from kintsugi.parties.models import Party, Qualification, Unlock, customer_within, party_within

__all__ = [
    "DEVICE_CLASSES",
    "LICENCE_KINDS",
    "LICENCE_STATES",
    "LICENCE_TONES",
    "UNLOCK_MAX_DAYS",
    "customer_within",
    "party_within",
]


def name_keys(names: pl.Series) -> pl.DataFrame:
    """``name, name_key``: one row per distinct name; the key ignores spelling differences."""
    distinct = names.drop_nulls().unique().cast(pl.String)
    return normalise("party_key", distinct, {}).select(
        pl.col("raw").alias("name"), pl.col("value").alias("name_key")
    )


def find_by_name(names: pl.Series) -> pl.DataFrame:
    """Parties by name as written: one row per distinct name, ``value, id, rule``.

    Spelling differences that do not change the identity (width, case, punctuation, legal form)
    are ignored, as in the party key. ``id`` is null with rule ``reference.unknown``, or
    ``reference.ambiguous`` where several parties have the name.
    """
    keys = name_keys(names).rename({"name": "value"})
    found = fetch_frame(query("parties", "find_names"), [keys["name_key"].drop_nulls().to_list()])
    if found.is_empty():
        found = pl.DataFrame(schema={"name_key": pl.String, "id": pl.String, "rule": pl.String})
    return keys.join(found, on="name_key", how="left").select(
        "value",
        "id",
        pl.when(pl.col("id").is_null())
        .then(pl.col("rule").fill_null("reference.unknown"))
        .alias("rule"),
    )


def credit_codes() -> dict[str, str]:
    """Credit code, or the party key where there is none, of every party by id."""
    found = fetch_frame(query("parties", "credit_codes"))
    return dict(found.iter_rows()) if found.width else {}


# -- for screens and search ------------------------------------------------------------------------


def parties() -> QuerySet[Party]:
    """All parties that stand."""
    return Party.objects.filter(is_void=False)


def party(pk: UUID) -> Party:
    """One party. Raises ``Party.DoesNotExist``."""
    return Party.objects.get(pk=pk)


def searched(rows: QuerySet[Party], text: str) -> QuerySet[Party]:
    """Parties whose name contains the text, or starts with it in pinyin, or with this credit
    code; every way is answered by an index."""
    by_sound = starts("name_sort", sort_key(text))
    return rows.filter(occurs("name", text) | by_sound | Q(uscc=text.upper()))


def parties_seen(ids: Sequence[UUID]) -> set[UUID]:
    """Those of the parties that the scope at work lets through, void ones included."""
    return set(Party.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))


def party_names(ids: Sequence[str]) -> dict[str, str]:
    """Names by id."""
    found = Party.objects.filter(pk__in=list(ids)).values_list("pk", "name")
    return {str(pk): name for pk, name in found}


def by_name(name: str, *, limit: int = 20) -> list[Party]:
    """Parties of this name, spelling differences ignored, or of this credit code."""
    keys = name_keys(pl.Series([name.strip()]))["name_key"].drop_nulls().to_list()
    found = Party.objects.filter(Q(name_key__in=keys) | Q(uscc=name.strip().upper()))
    return list(found.order_by("name_sort", "id")[:limit])


def is_customer_within(pk: UUID) -> bool:
    """Whether this is a customer, and one of the scope at work rather than everybody's."""
    return Party.objects.filter(customer_within(scope.current()), pk=pk).exists()


# -- licences --------------------------------------------------------------------------------------


def licence_status(on: dt.date) -> Func:
    """The state of a licence or certificate on a day, for an annotation; the database says it."""
    return Func(
        F("valid_from"), F("valid_to"), F("revoked_on"), Value(on, DateField()),
        function="licence_status", output_field=CharField(),
    )  # fmt: skip


def licences(*, on: dt.date) -> QuerySet[Any]:
    """Licences that stand, with ``status`` on a day and their party."""
    found = Qualification.objects.filter(is_void=False).select_related("party")
    return found.annotate(status=licence_status(on))


def licence(pk: UUID, *, on: dt.date) -> Qualification:
    """One licence with its ``status``. Raises ``Qualification.DoesNotExist``."""
    found: Qualification = licences(on=on).get(pk=pk)
    return found


def unlocks() -> QuerySet[Unlock]:
    """Unlocks with licence and party."""
    return Unlock.objects.filter(is_void=False).select_related("qualification__party")


def unlock(pk: UUID) -> Unlock:
    """One unlock. Raises ``Unlock.DoesNotExist``."""
    return unlocks().get(pk=pk)
