"""Licences on pages: the list, one licence, and the forms that change something."""

from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import RecordPanel, Registered
from kintsugi.core.screens import (
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.fields import (
    CodesField,
    choices_field,
    day_field,
    key_field,
    paper_field,
    reason_field,
)
from kintsugi.core.screens.parts import Words, choice_pairs
from kintsugi.parties import selectors, services
from kintsugi.parties.kinds import (
    DEVICE_CLASSES,
    LICENCE_KINDS,
    LICENCE_STATES,
    LICENCE_TONES,
    UNLOCK,
    UNLOCK_MAX_DAYS,
    UNLOCK_TONES,
)
from kintsugi.parties.models import Party, Qualification, Unlock
from kintsugi.parties.services import LicenceFacts, Paper
from kintsugi.parties.views import now, today

LICENCES_CRUMB = (_("Licences"), "parties:licences")


def licence_url(row: Qualification) -> str:
    """The licence's page."""
    return reverse("parties:licence", args=[row.pk])


def party_url(row: Any) -> str:
    """The page of a licence's party."""
    return reverse("parties:detail", args=[row.party_id])


def crumbs(*parts: tuple[Words, str]) -> list[tuple[Words, str]]:
    """The way back."""
    return [(LICENCES_CRUMB[0], reverse(LICENCES_CRUMB[1])), *parts]


STATUS = Column(
    "status", label=_("Status"), kind="state", choices=LICENCE_STATES, tones=LICENCE_TONES,
    sort=("valid_to",),
)  # fmt: skip
LICENCE_COLUMNS = (
    Column("number", label=_("Licence number"), kind="code", link=licence_url),
    Column("kind", label=_("Kind"), choices=LICENCE_KINDS),
    Column("valid_from", label=_("Valid from"), kind="date"),
    Column("valid_to", label=_("Valid through"), kind="date"),
    STATUS,
)
LICENCES = ListScreen(
    name="licences",
    title=_("Licences"),
    subtitle=_("Permits, filings, authorisations and agreements of parties, as of today."),
    rows=lambda _user: selectors.licences(on=today()),
    permission="licence.read",
    export_permission="licence.export",
    columns=(
        LICENCE_COLUMNS[0],
        Column("party__name", label=_("Party"), sort=("party__name_sort",), link=party_url),
        *LICENCE_COLUMNS[1:],
        Column("issuer", label=_("Issuer")),
    ),
    search=("number", "party__name", "issuer"),
    search_hint=_("Number, party or issuer"),
    filters=(
        Filter("kind", label=_("Kind"), choices=LICENCE_KINDS),
        Filter("status", label=_("Status"), choices=LICENCE_STATES),
        Filter("valid_to", kind="days", label=_("Valid through")),
    ),
    order=("valid_to",),
    empty=Empty(
        _("No licence is registered"),
        _("Open a customer or a supplier and register what its papers say."),
        icon="certificate",
        action=_("Parties"),
        url=lambda: reverse("parties:list"),
    ),
)


OF_PARTY = RecordPanel(
    "licences-of-party",
    "party",
    Related(
        _("Licences"),
        lambda record: selectors.licences(on=today()).filter(party=record).order_by("valid_to"),
        LICENCE_COLUMNS,
        empty=_("No licence is registered."),
    ),
    permission="licence.read",
    order=4,
)


# -- one licence -----------------------------------------------------------------------------------


def find_licence(_user: Any, pk: UUID) -> Qualification:
    """The licence with its state today."""
    return selectors.licence(pk, on=today())


def words(values: Any) -> str:
    """Codes in one line."""
    return " ".join(values or ())


def steps(record: Qualification) -> list[Step]:
    """Change it, revoke it, or put up with its end for a while."""
    status = record.status  # type: ignore[attr-defined]
    revoked = [LICENCE_STATES["revoked"]] if record.revoked_on else []
    not_ended = [] if status == "expired" else [_("It did not end.")]
    change = Step(
        _("Change by request"), reverse("products:change-licence", args=[record.pk]), "pencil",
        why_not=revoked,
    )  # fmt: skip
    authorise = Step(
        _("Authorise products"), reverse("products:authorise", args=[record.pk]), "package",
        why_not=revoked,
    )  # fmt: skip
    return [
        change,
        *([authorise] if record.kind == "authorisation" else []),
        Step(_("Revoke"), reverse("parties:revoke-licence", args=[record.pk]), "x",
             why_not=revoked),
        Step(_("Ask for an unlock"), reverse("parties:ask-unlock", args=[record.pk]), "lock",
             why_not=revoked or not_ended),
    ]  # fmt: skip


UNLOCK_COLUMNS = (
    Column("number", label=_("Number"), kind="code",
           link=lambda row: reverse("parties:unlock", args=[row.pk])),
    Column("status", label=_("Status"), kind="state", choices=UNLOCK, tones=UNLOCK_TONES),
    Column("first_day", label=_("From"), kind="date"),
    Column("last_day", label=_("Through"), kind="date"),
    Column("reason", label=_("Reason")),
    Column("requested_by_name", label=_("Requested by")),
    Column("decided_by_name", label=_("Decided by")),
)  # fmt: skip

LICENCE = DetailScreen(
    find=find_licence,
    permission="licence.read",
    title=lambda record: record.number,
    subtitle=lambda record: record.party.name,
    pills=lambda record: [(LICENCE_STATES[record.status], LICENCE_TONES[record.status])],
    breadcrumbs=lambda record: crumbs(),
    panels=(
        Fields(
            _("Licence"),
            (
                Value("party", label=_("Party"), link=party_url),
                Value("kind", label=_("Kind"), choices=LICENCE_KINDS),
                Value("number", label=_("Licence number"), kind="code"),
                Value("issuer", label=_("Issuer")),
                Value("valid_from", label=_("Valid from"), kind="date"),
                Value("valid_to", label=_("Valid through"), kind="date",
                      help=_("It counts through this day. Empty: without end.")),
                Value("classes", label=_("Device classes"), value=lambda r: words(r.classes)),
                Value("categories", label=_("Categories"), kind="code",
                      value=lambda r: words(r.categories),
                      help=_("Codes of the classification catalogue; each with all below it.")),
                Value("territory", label=_("Territory"), value=lambda r: words(r.territory)),
                Value("file_name", label=_("Scanned paper"),
                      link=lambda r: reverse("parties:licence-file", args=[r.pk])),
                Value("note", label=_("Remark")),
            ),
        ),
        Fields(
            _("Revocation"),
            (
                Value("revoked_on", label=_("Revoked on"), kind="date"),
                Value("revoke_reason", label=_("Reason")),
                Value("revoked_by_name", label=_("Revoked by")),
            ),
            hide_empty=True,
        ),
        Registered("licence", side=False),
        Related(
            _("Unlocks"),
            lambda record: selectors.unlocks().filter(qualification=record).order_by("-number"),
            UNLOCK_COLUMNS,
            empty=_("Its end was never put up with."),
        ),
        NextSteps(steps),
        Registered("licence"),
    ),
)  # fmt: skip


# -- forms -----------------------------------------------------------------------------------------


def licence_form() -> type[forms.Form]:
    """What stands on a licence, in the language of the page."""
    classes = [(one, one) for one in DEVICE_CLASSES]
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(LICENCE_KINDS)),
        "number": forms.CharField(label=gettext("Licence number"), max_length=60),
        "issuer": forms.CharField(label=gettext("Issuer"), max_length=200, required=False),
        "valid_from": day_field(gettext("Valid from")),
        "valid_to": day_field(
            gettext("Valid through"), required=False,
            help_text=gettext("Empty only for a licence without end."),
        ),
        "classes": choices_field(
            gettext("Device classes"), classes, required=False,
            help_text=gettext("For operating and production licences."),
        ),
        "categories": CodesField(
            label=gettext("Categories"), max_length=2000, required=False,
            help_text=gettext("Codes of the classification catalogue, such as 02 07-04 6821."),
        ),
        "territory": CodesField(
            label=gettext("Territory"), max_length=400, required=False,
            help_text=gettext("For authorisations: region codes, CN for the whole country."),
        ),
        "file": paper_field(),
        "note": forms.CharField(label=gettext("Remark"), max_length=400, required=False),
        "key": key_field(),
    }  # fmt: skip
    return type("LicenceForm", (forms.Form,), made)


def paper_of(upload: Any) -> Paper | None:
    """A handed-in file."""
    return Paper(upload.name, upload.read()) if upload else None


def register(
    *, user: Any, record: Party, version: Any, file: Any, key: str, **facts: Any
) -> Qualification:
    """A licence of the party shown."""
    return services.register_licence(
        actor=user, party=record.pk, facts=LicenceFacts(**facts), key=key, at=now(),
        paper=paper_of(file),
    )  # fmt: skip


ADD_LICENCE = FormScreen(
    permission="licence.create",
    find=lambda _user, pk: selectors.party(pk),
    title=lambda party: gettext("Register a licence of %(party)s") % {"party": party},
    form=licence_form,
    values=lambda _party: {},
    save=register,
    done=licence_url,
    saved=_("Registered."),
    submit=_("Register"),
    cancel=lambda party: reverse("parties:detail", args=[party.pk]),
    breadcrumbs=lambda party: crumbs((str(party), reverse("parties:detail", args=[party.pk]))),
)


def revoke_form() -> type[forms.Form]:
    """Since when and why."""
    made = {
        "on": day_field(gettext("Revoked on"), initial=today),
        "reason": reason_field(hint=gettext("It counts for nothing from that day on, for good.")),
    }
    return type("RevokeForm", (forms.Form,), made)


REVOKE = FormScreen(
    permission="licence.edit",
    find=find_licence,
    title=lambda licence: gettext("Revoke %(licence)s") % {"licence": licence.number},
    form=revoke_form,
    values=lambda _licence: {},
    save=lambda *, user, record, version, on, reason: services.revoke_licence(
        actor=user, licence=record.pk, on=on, reason=reason, at=now()
    ),
    done=licence_url,
    saved=_("Revoked."),
    submit=_("Revoke"),
    cancel=licence_url,
    breadcrumbs=lambda licence: crumbs((licence.number, licence_url(licence))),
)


def unlock_form() -> type[forms.Form]:
    """From when to when and why."""
    made = {
        "first_day": day_field(gettext("From"), initial=today),
        "last_day": day_field(
            gettext("Through"),
            help_text=gettext("At most %(n)s days.") % {"n": UNLOCK_MAX_DAYS},
        ),
        "reason": reason_field(hint=gettext("What shows that the renewed licence is on its way.")),
        "key": key_field(),
    }
    return type("UnlockForm", (forms.Form,), made)


ASK_UNLOCK = FormScreen(
    permission="licence.create",
    find=find_licence,
    title=lambda licence: gettext("Ask for an unlock of %(licence)s") % {"licence": licence.number},
    form=unlock_form,
    values=lambda _licence: {},
    save=lambda *, user, record, version, **given: services.request_unlock(
        actor=user, licence=record.pk, at=now(), **given
    ),
    done=lambda made: reverse("parties:unlock", args=[made.pk]),
    saved=_("Asked for. Another person decides."),
    submit=_("Ask"),
    cancel=licence_url,
    breadcrumbs=lambda licence: crumbs((licence.number, licence_url(licence))),
)


def unlock_steps(record: Unlock) -> list[Step]:
    """Decide, while it waits."""
    decided = [] if record.status == "requested" else [UNLOCK.states[record.status]]
    return [
        Step(pgettext_lazy("unlock", "Decide"),
             reverse("parties:decide-unlock", args=[record.pk]), "check",
             primary=True, why_not=decided)
    ]  # fmt: skip


UNLOCK_PAGE = DetailScreen(
    find=lambda _user, pk: selectors.unlock(pk),
    permission="licence.read",
    title=lambda record: record.number,
    subtitle=lambda record: f"{record.qualification.party.name} · {record.qualification.number}",
    pills=lambda record: [(UNLOCK.states[record.status], UNLOCK_TONES[record.status])],
    breadcrumbs=lambda record: crumbs(
        (record.qualification.number, licence_url(record.qualification))
    ),
    panels=(
        Fields(
            _("Unlock"),
            (
                Value("ended_on", label=_("The licence ended on"), kind="date"),
                Value("first_day", label=_("From"), kind="date"),
                Value("last_day", label=_("Through"), kind="date"),
                Value("reason", label=_("Reason")),
                Value("requested_by_name", label=_("Requested by")),
                Value("requested_at", label=_("Requested"), kind="moment"),
                Value("decided_by_name", label=_("Decided by")),
                Value("decided_at", label=_("Decided"), kind="moment"),
                Value("decision_reason", label=_("Reason of the decision")),
            ),
        ),
        NextSteps(unlock_steps),
    ),
)


def decision_form() -> type[forms.Form]:
    """Yes or no, and why."""
    decisions = [("approved", gettext("Approve")), ("refused", gettext("Refuse"))]
    made = {
        "decision": forms.ChoiceField(label=gettext("Decision"), choices=decisions),
        "reason": reason_field(),
    }
    return type("DecisionForm", (forms.Form,), made)


DECIDE_UNLOCK = FormScreen(
    permission="licence.approve",
    find=lambda _user, pk: selectors.unlock(pk),
    title=lambda record: (
        gettext("Decide on %(unlock)s")
        % {"unlock": f"{record.number} {record.qualification.number}"}
    ),
    form=decision_form,
    values=lambda _record: {},
    save=lambda *, user, record, version, decision, reason: services.decide_unlock(
        actor=user, unlock=record.pk, decision=decision, reason=reason, at=now()
    ),
    done=lambda made: reverse("parties:unlock", args=[made.pk]),
    saved=_("Decided."),
    submit=pgettext_lazy("unlock", "Decide"),
    cancel=lambda record: reverse("parties:unlock", args=[record.pk]),
    breadcrumbs=lambda record: crumbs((record.number, reverse("parties:unlock", args=[record.pk]))),
)
