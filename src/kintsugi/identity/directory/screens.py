"""Lists, records and forms of the directory."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core import scope_names
from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    Related,
    Value,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.identity.directory import forms, views
from kintsugi.identity.directory.tabs import tabs
from kintsugi.identity.matrix import ACTIONS, OBJECTS, ROLES, SCOPES, words
from kintsugi.identity.models import ApiToken, Delegation, MatrixEntry, Person, RoleGrant

ROLE_NAMES = {name: role.title for name, role in ROLES.items()}
#: A grant is looked at again at least this often.
REVIEW_EVERY = dt.timedelta(days=180)
ON_OFF = {"True": Text("启用", "on"), "False": Text("停用", "off")}
ON_TONES = {"True": "good", "False": ""}


def person_url(row: Person) -> str:
    """The person's page."""
    return reverse("people:person", args=[row.pk])


def _person_of(row: Any) -> str:
    return reverse("people:person", args=[row.person_id])


def rows_of(grant: RoleGrant) -> str:
    """The row limit in words: ``region 44, 4403``."""
    kind = say(SCOPES[grant.scope_kind])
    named = scope_names.names(grant.scope_kind, grant.scope_values)
    return f"{kind}: {', '.join(named)}" if named else kind


def _roles_now(person: Person) -> list[str]:
    return [say(ROLE_NAMES[grant.role]) for grant in person.roles_now]  # type: ignore[attr-defined]


def _by(grant: RoleGrant) -> str:
    return str(grant.granted_by) if grant.granted_by_id else say(Text("系统", "the system"))


JOIN = Action(_("A person joins"), lambda _r: reverse("people:join"), icon="plus", primary=True)

PEOPLE = ListScreen(
    name="people",
    title=_("People"),
    subtitle=_("Who works here. Duties count by person, whatever the number of accounts."),
    rows=views.people,
    permission="person.read",
    export_permission="person.export",
    columns=(
        Column("name", label=_("Name"), link=person_url),
        Column("emp_no", label=_("Employee number"), kind="code"),
        Column("kind", label=_("Kind"), choices=list(Person.Kind.choices)),
        Column("roles", label=_("Roles now"), value=_roles_now),
        Column("accounts", label=_("Accounts"),
               value=lambda p: [a.username for a in p.accounts.all()]),
        Column("joined_on", label=_("Joined"), kind="date"),
        Column("left_on", label=_("Left"), kind="date"),
    ),
    search=("name", "emp_no", "accounts__username"),
    search_hint=_("Name, employee number, user name"),
    filters=(Filter("kind", label=_("Kind"), choices=list(Person.Kind.choices)),),
    order=("name",),
    actions=(JOIN,),
    empty=Empty(_("Nobody yet"), icon="users"),
    page=lambda request: {"tabs": tabs("list")},
)  # fmt: skip


def _end_url(grant: RoleGrant) -> str:
    return "" if views.is_over(grant) else reverse("people:end", args=[grant.pk])


def _delegate_url(grant: RoleGrant) -> str:
    return "" if views.is_over(grant) else reverse("people:delegate", args=[grant.pk])


def _or_nothing(word: Any, url: Any) -> Any:
    return lambda row: str(word) if url(row) else None


GRANT_COLUMNS = (
    Column("role", label=_("Role"), choices=ROLE_NAMES, sort=("role",)),
    Column("rows", label=_("Rows"), value=rows_of),
    Column("valid_from", label=_("Since"), kind="moment"),
    Column("valid_to", label=_("Until"), kind="moment"),
    Column("granted_by", label=_("Given by"), value=_by, sort=("granted_by__name",)),
    Column("reason", label=_("Reason")),
)

_TOKENS = (
    Column("name", label=_("What for")),
    Column("prefix", label=_("Begins with"), kind="code"),
    Column("scopes", label=_("May do"), value=lambda t: [say(words(one)) for one in t.scopes]),
    Column("made_at", label=_("Made"), kind="moment"),
    Column("expires_at", label=_("Expires"), kind="moment"),
    Column("used", label=_("Last used"), kind="moment",
           value=lambda t: getattr(getattr(t, "apitokenuse", None), "at", None)),
    Column("revoked_at", label=_("Revoked"), kind="moment"),
    Column("revoke", label=_("Revoke"), value=lambda t: None if t.revoked_at else str(_("Revoke")),
           link=lambda t: reverse("people:revoke", args=[t.pk])),
)  # fmt: skip


def _lent(person: Person) -> Any:
    return (
        Delegation.objects.filter(is_void=False)
        .filter(Q(person=person) | Q(grant__person=person))
        .select_related("grant", "grant__person", "person", "given_by")
    )


def _switch_words(account: Any) -> str:
    return str(_("Switch off") if account.is_active else _("Switch on"))


PERSON = DetailScreen(
    find=views.person,
    title=lambda record: record.name,
    permission="person.read",
    pills=lambda record: [(_("left"), "warn")] if record.left_on else [],
    breadcrumbs=lambda record: [(_("People"), reverse("people:list"))],
    actions=lambda record: ()
    if record.left_on
    else (
        Action(_("Give a role"), reverse("people:grant", args=[record.pk]), primary=True),
        Action(_("Moves"), reverse("people:move", args=[record.pk])),
        Action(_("Leaves"), reverse("people:leave", args=[record.pk])),
    ),
    panels=(
        Fields(
            _("Person"),
            (
                Value("name", label=_("Name")),
                Value("emp_no", label=_("Employee number"), kind="code"),
                Value("kind", label=_("Kind"), choices=list(Person.Kind.choices)),
                Value("joined_on", label=_("Joined"), kind="date"),
                Value("left_on", label=_("Left"), kind="date"),
            ),
        ),
        Related(
            _("Roles"),
            lambda record: record.grants.filter(is_void=False).select_related("granted_by"),
            (
                *GRANT_COLUMNS,
                Column("end", label=_("End"), value=_or_nothing(_("End"), _end_url), link=_end_url),
                Column("lend", label=_("Delegate"), value=_or_nothing(_("Delegate"), _delegate_url),
                       link=_delegate_url),
            ),
            empty=_("No role: this person sees nothing but the own profile."),
        ),
        Related(
            _("Delegated duties"),
            _lent,
            (
                Column("role", label=_("Role"), value=lambda d: say(ROLE_NAMES[d.grant.role])),
                Column("of", label=_("Of"), value=lambda d: str(d.grant.person)),
                Column("person", label=_("Stand-in"), link=_person_of),
                Column("valid_from", label=_("From"), kind="moment"),
                Column("valid_to", label=_("Until"), kind="moment"),
                Column("reason", label=_("Reason")),
            ),
            empty=_("None."),
        ),
        Related(
            _("Accounts"),
            views.accounts_of,
            (
                Column("username", label=_("User name"), kind="code"),
                Column("is_active", label=_("State"), kind="state",
                       value=lambda a: str(a.is_active), choices=ON_OFF, tones=ON_TONES),
                Column("open_sessions", label=_("Sessions"), kind="number"),
                Column("created_at", label=_("Made"), kind="moment"),
                Column("switch", label=_("Switch on or off"), value=_switch_words,
                       link=lambda a: reverse("people:switch", args=[a.pk])),
            ),
        ),
        Related(
            _("API tokens"),
            lambda record: ApiToken.objects.filter(account__person=record, is_void=False)
            .select_related("apitokenuse"),
            _TOKENS,
            empty=_("None."),
        ),
    ),
)  # fmt: skip


def _reviewed(grant: RoleGrant) -> Any:
    return next(iter(grant.reviews.all()), None)


def due_at(grant: RoleGrant) -> dt.datetime:
    """When a grant must be looked at again."""
    last = _reviewed(grant)
    return (last.at if last else grant.valid_from) + REVIEW_EVERY


REVIEW = ListScreen(
    name="access-review",
    title=_("Access review"),
    subtitle=_("Who has what, since when, by whom; looked at again every 180 days."),
    rows=views.grants_now,
    permission="grant.read",
    export_permission="grant.export",
    columns=(
        Column("person", label=_("Person"), link=_person_of, sort=("person__name",)),
        *GRANT_COLUMNS,
        Column("reviewed", label=_("Last review"), kind="moment",
               value=lambda g: getattr(_reviewed(g), "at", None)),
        Column("due", label=_("Due"), kind="date", value=lambda g: due_at(g).date()),
        Column("review", label=_("Review"), value=lambda g: str(_("Review")),
               link=lambda g: reverse("people:review-grant", args=[g.pk])),
    ),
    search=("person__name", "reason"),
    search_hint=_("Name, reason"),
    filters=(
        Filter("role", label=_("Role"), choices=ROLE_NAMES),
        Filter("scope_kind", label=_("Rows"), choices=SCOPES),
    ),
    order=("valid_from",),
    empty=Empty(_("Nobody has a role"), icon="users"),
    page=lambda request: {"tabs": tabs("review")},
)  # fmt: skip

#: The matrix line by line, for reports; people read it as a table (``views.matrix``).
MATRIX = ListScreen(
    name="permission-matrix",
    title=_("Permission matrix"),
    subtitle=_("What each role may do, and over which rows at most."),
    rows=lambda _user: MatrixEntry.objects.all(),
    permission="grant.read",
    export_permission="grant.export",
    columns=(
        Column("role", label=_("Role"), choices=ROLE_NAMES, sort=("position",)),
        Column("object", label=_("Object"),
               choices={name: thing.name for name, thing in OBJECTS.items()}),
        Column("action", label=_("Action"), choices=ACTIONS),
        Column("scope", label=_("Rows"), choices=SCOPES),
        Column("permission", label=_("Permission"), kind="code",
               value=lambda one: f"{one.object}.{one.action}"),
    ),
    search=("role", "object", "action"),
    search_hint=_("Code of a role, an object or an action"),
    filters=(
        Filter("role", label=_("Role"), choices=ROLE_NAMES),
        Filter("object", label=_("Object"),
               choices={name: thing.name for name, thing in OBJECTS.items()}),
        Filter("action", label=_("Action"), choices=ACTIONS),
        Filter("scope", label=_("Rows"), choices=SCOPES),
    ),
    order=("position",),
    export=False,
)  # fmt: skip

OWN_TOKENS = ListScreen(
    name="tokens",
    title=_("API tokens"),
    subtitle=_("Keys for programs that work for you. Each does at most what you may do."),
    rows=views.own_tokens,
    permission="token.read",
    columns=_TOKENS,
    order=("-made_at",),
    export=False,
    actions=(Action(_("New token"), lambda _r: reverse("people:new-token"), primary=True),),
    empty=Empty(
        _("No token yet"),
        _("A program logs in with a token instead of your password."),
        icon="key",
        action=_("New token"),
        url=lambda: reverse("people:new-token"),
    ),
)

ALL_TOKENS = ListScreen(
    name="all-tokens",
    title=_("API tokens of everybody"),
    rows=views.all_tokens,
    permission="token.administer",
    columns=(Column("account", label=_("Account"), sort=("account__username",)), *_TOKENS),
    search=("name", "prefix", "account__username"),
    search_hint=_("Purpose, beginning, account"),
    order=("-made_at",),
    export=False,
    empty=Empty(_("No token yet"), icon="key"),
    page=lambda request: {"tabs": tabs("all-tokens")},
)


def _crumbs(record: Any) -> list[tuple[Any, str]]:
    crumbs: list[tuple[Any, str]] = [(_("People"), reverse("people:list"))]
    person = record if isinstance(record, Person) else getattr(record, "person", None)
    return [*crumbs, (person.name, person_url(person))] if person else crumbs


def _role_and_person(record: RoleGrant) -> str:
    return f"{say(ROLE_NAMES[record.role])} · {record.person}"


def _form(title: Any, permission: str, form: Any, save: Any, find: Any, done: Any) -> FormScreen:
    return FormScreen(
        title=title, form=form, save=save, done=done, find=find, permission=permission,
        values=lambda record: {}, breadcrumbs=_crumbs, cancel=lambda record: done(record)
        if record else reverse("people:list"),
    )  # fmt: skip


GRANT = _form(lambda r: f"{_('Give a role')} · {r.name}", "grant.create", forms.grant_form,
              views.save_grant, views.person, person_url)  # fmt: skip
MOVE = _form(lambda r: f"{_('Moves')} · {r.name}", "grant.create", forms.move_form,
             views.save_move, views.person, person_url)  # fmt: skip
LEAVE = _form(lambda r: f"{_('Leaves')} · {r.name}", "account.administer", forms.reason_form,
              views.save_leave, views.person, person_url)  # fmt: skip
JOINS = _form(lambda r: str(_("A person joins")), "person.create", forms.join_form,
              views.save_join, None, person_url)  # fmt: skip
END = _form(lambda r: f"{_('End')} · {_role_and_person(r)}", "grant.edit", forms.end_form,
            views.save_end, views.grant, _person_of)  # fmt: skip
DELEGATE = _form(lambda r: f"{_('Delegate')} · {_role_and_person(r)}", "grant.create",
                 forms.delegate_form, views.save_delegation, views.grant, _person_of)  # fmt: skip
REVIEWS = _form(lambda r: f"{_('Review')} · {_role_and_person(r)}", "grant.approve",
                forms.review_form, views.save_review, views.grant,
                lambda r: reverse("people:review"))  # fmt: skip
SWITCH = _form(lambda r: f"{_switch_words(r)} · {r.username}", "account.administer",
               forms.reason_form, views.save_switch, views.account, _person_of)  # fmt: skip
REVOKE = _form(lambda r: f"{_('Revoke')} · {r}", "token.void", forms.reason_form,
               views.save_revocation, views.own_or_any_token,
               lambda r: reverse("people:tokens"))  # fmt: skip
