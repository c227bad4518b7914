"""Parties put right under two persons. The party key follows from name and credit code at the
next import and is not typed by anybody."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.engine.contract import load_contract
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import Correction
from kintsugi.parties import services
from kintsugi.parties.models import Party


def write(row: Party, values: Mapping[str, Any]) -> None:
    """Hand the values to the service that writes parties."""
    services.correct_party(party=row, values=values)


def url(pk: UUID) -> str:
    """The party's page."""
    return reverse("parties:detail", args=[pk])


def edit_url(act: Act) -> str:
    """Where the author changes the plan."""
    return reverse("parties:correct-again", args=[act.subject_id, act.pk])


CORRECTION = Correction(
    entity="party",
    name="party.correct",
    title=Text("更正往来单位", "Correct a party"),
    rows=lambda: Party.objects.filter(is_void=False),
    url=url,
    edit_url=edit_url,
    fields=[name for name in load_contract("party").names if name != "party_key"],
    write=write,
)
