"""Parties over HTTP."""

from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.records import Record, links_of, record_schema
from kintsugi.core.api.schemas import READ, Links
from kintsugi.engine.contract import load_contract
from kintsugi.parties import selectors
from kintsugi.parties.licence_api import router as licences
from kintsugi.parties.models import Party
from kintsugi.parties.screens import PARTIES

__all__ = ["licences", "router"]

router = Router(tags=["Parties"])


class PartyBase(Record):
    """What a party has beyond its contract."""

    links: Links

    @staticmethod
    def resolve_links(party: Party) -> dict[str, str]:
        """Where to go from here."""
        return links_of("party", "parties", party.pk)


PARTY = record_schema("PartyOut", entity="party", base=PartyBase)


ROLES = tuple(value.code for value in load_contract("party").field("roles").allowed)


def _of_role(rows: QuerySet[Party], params: Any) -> QuerySet[Party]:
    return rows.filter(roles__contains=[params.role]) if params.role else rows


add_list(
    router,
    "",
    PARTIES,
    PARTY,
    name="parties",
    summary="Hospitals, suppliers, makers: everybody the records speak of",
    extra={"role": (Literal[ROLES] | None, Field(None, description="only parties in this role"))},
    also=_of_role,
)


@router.get("/{id}", response={200: PARTY, **READ}, summary="One party")
@requires("party.read")
def party(request: HttpRequest, id: UUID) -> Party:
    """The golden record. Where each value came from: `explain`."""
    return selectors.party(id)
