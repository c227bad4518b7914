"""The list of parties and one party's page."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.selectors import evidence_of
from kintsugi.core.panels import Registered, Together
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    Value,
)
from kintsugi.core.screens.corrections import correction_form
from kintsugi.core.screens.fields import key_field, reason_field
from kintsugi.core.screens.parts import contract_choices, contract_field
from kintsugi.identity.services import draft_typed
from kintsugi.parties import selectors, views
from kintsugi.parties.corrections import CORRECTION
from kintsugi.parties.models import Party


def url_of(row: Party) -> str:
    """The party's page."""
    return reverse("parties:detail", args=[row.pk])


def roles_of(row: Party) -> list[str]:
    """The party's roles in words."""
    names = dict(contract_choices(contract_field("party", "roles")))
    return [names.get(role, role) for role in row.roles or []]


def rows(user: Any, role: str = "") -> QuerySet[Party]:
    """Parties, optionally of one role."""
    found = selectors.parties()
    return found.filter(roles__contains=[role]) if role else found


def tabs(request: HttpRequest, role: str = "") -> dict[str, Any]:
    """One tab a role."""
    names = contract_choices(contract_field("party", "roles"))
    every = [("", gettext("All")), *names]
    return {
        "tabs": [
            {
                "label": name,
                "url": reverse("parties:role", args=[code]) if code else reverse("parties:list"),
                "active": code == role,
            }
            for code, name in every
        ]
    }


PARTIES = ListScreen(
    name="parties",
    title=_("Parties"),
    subtitle=_("Hospitals, suppliers, makers: everybody the records speak of."),
    rows=rows,
    permission="party.read",
    export_permission="party.export",
    entity="party",
    columns=(
        Column("name", link=url_of, sort=("name_sort",)),
        Column("roles", value=roles_of),
        Column("uscc", kind="code"),
        Column("region_code"),
        Column("contact"),
        Column("phone"),
    ),
    find=selectors.searched,
    search_hint=_("Name, pinyin, credit code"),
    filters=(
        Filter("customer_type"),
        Filter("region_code", kind="exact"),
    ),
    page=tabs,
    order=("name_sort",),
    empty=Empty(
        _("No parties yet"),
        _("They appear with the first file that names a hospital, a maker or a supplier."),
        icon="building-hospital",
        action=_("Upload files"),
        url=lambda: reverse("onboarding:upload"),
    ),
)


def find(user: Any, pk: UUID) -> Party:
    """The party with its evidence."""
    record = selectors.party(pk)
    record.evidence = evidence_of(gid=pk, entity="party")  # type: ignore[attr-defined]
    return record


def gold(record: Any) -> dict[str, str]:
    """The source cell of each value."""
    return dict(record.evidence.gold)


def mended(record: Any) -> dict[str, Any]:
    """The act that corrected a value."""
    return dict(record.evidence.mended)


def evidence(record: Any) -> dict[str, Any]:
    """For the panels about evidence."""
    return {"evidence": record.evidence}


def correct(record: Any) -> list[Action]:
    """The ways to a correction and to a licence."""
    if record.merged_into_id:
        there = reverse("parties:detail", args=[record.merged_into_id])
        return [Action(_("The party it was merged into"), there, icon="git-merge", primary=True)]
    add = reverse("parties:add-licence", args=[record.pk])
    merge = Action(_("Merge a duplicate"), reverse("parties:merge", args=[record.pk]), "git-merge")
    return [
        Action(_("Register a licence"), add, icon="certificate"),
        merge,
        Action(_("Correct"), reverse("parties:correct", args=[record.pk]), icon="pencil"),
    ]


PARTY = DetailScreen(
    find=find,
    permission="party.read",
    title=lambda record: record.name,
    subtitle=lambda record: record.uscc or "",
    pills=lambda record: [
        *([(_("void"), "bad")] if record.is_void else []),
        *((role, "") for role in roles_of(record)),
    ],
    breadcrumbs=lambda record: [(_("Parties"), reverse("parties:list"))],
    actions=correct,
    panels=(
        Together(
            (
                Fields(
                    _("Identity"),
                    (
                        "name",
                        "uscc",
                        "party_key",
                        Value("roles", value=roles_of),
                        Value("customer_type"),
                        "credit_limit",
                        "credit_days",
                    ),
                    entity="party",
                    gold=gold,
                    mended=mended,
                ),
                Fields(
                    _("Place and contact"),
                    ("country", "region_code", "address", "contact", "phone", "email"),
                    entity="party",
                    gold=gold,
                    mended=mended,
                ),
            )
        ),
        Registered("party", side=False),
        Custom("audit/matrix.html", evidence, permission="evidence.read"),
        Registered("party"),
        Custom("audit/sources.html", evidence, side=True, permission="evidence.read"),
        Custom("audit/timeline.html", evidence, side=True, permission="history.read"),
    ),
    template="audit/record.html",
)


def merge_form() -> type[forms.Form]:
    """Which other record is the same party, and how one knows."""
    made = {
        "drop": forms.CharField(
            label=gettext("The duplicate"), max_length=300,
            help_text=gettext("Name, credit code or id of the record that goes."),
        ),
        "reason": reason_field(hint=gettext("How one knows that both are the same.")),
        "key": key_field(),
    }  # fmt: skip
    return type("MergeForm", (forms.Form,), made)


MERGE = FormScreen(
    permission="act.create",
    find=lambda _user, pk: selectors.party(pk),
    title=lambda party: gettext("Merge a duplicate into %(party)s") % {"party": party},
    form=merge_form,
    values=lambda _party: {},
    save=lambda *, user, record, version, drop, reason, key: draft_typed(
        kind="party.merge", subject_id=record.pk, typed={"drop": drop}, reason=reason,
        account=user, at=views.now(), key=key,
    ),
    done=lambda act: reverse("acts:detail", args=[act.pk]),
    saved=_("The merge is written as a draft. Submit it; another person approves it."),
    submit=_("Write the merge"),
    cancel=lambda party: reverse("parties:detail", args=[party.pk]),
    breadcrumbs=lambda party: [
        (_("Parties"), reverse("parties:list")),
        (str(party), reverse("parties:detail", args=[party.pk])),
    ],
)  # fmt: skip

CORRECT = FormScreen(
    permission="act.create",
    title=lambda record: gettext("Correct %(record)s") % {"record": record},
    form=lambda: correction_form("party", CORRECTION.fields),
    find=views.to_correct,
    values=views.typed,
    save=views.propose,
    done=lambda act: reverse("acts:detail", args=[act.pk]),
    saved=_("The correction is written as a draft. Submit it; another person approves it."),
    submit=_("Write the correction"),
    cancel=lambda record: reverse("parties:detail", args=[record.pk]),
    breadcrumbs=lambda record: [
        (_("Parties"), reverse("parties:list")),
        (str(record), reverse("parties:detail", args=[record.pk])),
    ],
)
