"""The edge of the directory: the present time comes in here."""

import csv
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kintsugi.core.access import current, may, require, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.export import BOM
from kintsugi.core.screens.parts import say
from kintsugi.identity import services, services_people
from kintsugi.identity.directory import forms
from kintsugi.identity.directory.tabs import tabs
from kintsugi.identity.matrix import ACTIONS, CONFLICTS, OBJECTS, ROLES, SCOPES
from kintsugi.identity.models import ApiToken, Person, RoleGrant, User


def in_force(prefix: str = "") -> Q:
    """Grants that hold now."""
    now = timezone.now()
    begun = Q(**{f"{prefix}valid_from__lte": now, f"{prefix}is_void": False})
    return begun & (Q(**{f"{prefix}valid_to": None}) | Q(**{f"{prefix}valid_to__gt": now}))


def is_over(row: Any) -> bool:
    """Whether a grant or delegation has ended or was withdrawn."""
    return bool(row.is_void or (row.valid_to is not None and row.valid_to <= timezone.now()))


# -- rows ------------------------------------------------------------------------------------------


def people(_user: Any) -> QuerySet[Person]:
    """People with their accounts and the roles they have now."""
    grants = RoleGrant.objects.filter(in_force()).order_by("role")
    return Person.objects.filter(is_void=False).prefetch_related(
        "accounts", Prefetch("grants", queryset=grants, to_attr="roles_now")
    )


def person(_user: Any, pk: UUID) -> Person:
    """One person. Raises DoesNotExist."""
    return Person.objects.get(pk=pk)


def grant(_user: Any, pk: UUID) -> RoleGrant:
    """One grant with its person."""
    return RoleGrant.objects.select_related("person").get(pk=pk)


def account(_user: Any, pk: UUID) -> User:
    """One account with its person."""
    return User.objects.select_related("person").get(pk=pk)


def grants_now(_user: Any) -> QuerySet[RoleGrant]:
    """Grants in force, with who gave them and how they were reviewed."""
    return (
        RoleGrant.objects.filter(in_force())
        .select_related("person", "granted_by")
        .prefetch_related("reviews", "reviews__reviewed_by")
    )


def own_tokens(user: Any) -> QuerySet[ApiToken]:
    """Tokens of this account."""
    return all_tokens(user).filter(account=user)


def all_tokens(_user: Any) -> QuerySet[ApiToken]:
    """Tokens of everybody, with their last use."""
    return ApiToken.objects.filter(is_void=False).select_related("account", "apitokenuse")


def own_or_any_token(user: Any, pk: UUID) -> ApiToken:
    """A token that this person may revoke: an own one, or any for administrators."""
    rows = all_tokens(user) if may("token.administer") else own_tokens(user)
    return rows.get(pk=pk)


def accounts_of(record: Person) -> QuerySet[User]:
    """A person's accounts, each with its number of open sessions."""
    return record.accounts.annotate(open_sessions=Count("sessions")).order_by("username")


# -- saving ----------------------------------------------------------------------------------------


def save_grant(*, user: Any, record: Person, version: int, **given: Any) -> Person:
    """Give a role."""
    services.grant_role(
        person=record,
        role=given["role"],
        scope_kind=given["scope_kind"],
        scope_values=given["scope_values"],
        valid_from=forms.midnight(given["valid_from"]),
        valid_to=forms.after(given["valid_to"]),
        by=user.person,
        reason=given["reason"],
        at=timezone.now(),
    )
    return record


def _new_grant(given: dict[str, Any]) -> services_people.NewGrant:
    return services_people.NewGrant(
        role=given["role"],
        scope_kind=given["scope_kind"],
        scope_values=given["scope_values"],
        valid_to=forms.after(given["valid_to"]),
    )


def save_join(*, user: Any, record: None, version: Any, **given: Any) -> Person:
    """A person joins."""
    require("account.create")
    require("grant.create")
    made = services_people.join(
        name=given["name"],
        kind=given["kind"],
        emp_no=given["emp_no"],
        username=given["username"],
        password=given["password"],
        language=given["language"],
        grants=[_new_grant(given)],
        by=user.person,
        reason=given["reason"],
        at=timezone.now(),
    )
    return made.person


def save_move(*, user: Any, record: Person, version: int, **given: Any) -> Person:
    """A person moves."""
    services_people.move(
        person=record,
        grants=[_new_grant(given)],
        by=user.person,
        reason=given["reason"],
        at=timezone.now(),
        on=forms.midnight(given["valid_from"]),
    )
    return record


def save_leave(*, user: Any, record: Person, version: int, reason: str) -> Person:
    """A person leaves."""
    services_people.leave(person=record, by=user.person, reason=reason, at=timezone.now())
    return record


def save_end(*, user: Any, record: RoleGrant, version: int, until: Any) -> RoleGrant:
    """A grant ends."""
    services.end_grant(grant=record, at=timezone.now(), until=forms.after(until))
    return record


def save_delegation(*, user: Any, record: RoleGrant, version: int, **given: Any) -> RoleGrant:
    """Somebody stands in."""
    now = timezone.now()
    begins = forms.midnight(given["valid_from"])
    ends = forms.after(given["until"])
    assert begins is not None, "the form requires it"
    assert ends is not None, "the form requires it"
    services.delegate(
        grant=record,
        person=given["person"],
        by=user.person,
        valid_from=max(begins, now) if begins.date() == now.date() else begins,
        valid_to=ends,
        reason=given["reason"],
        at=now,
    )
    return record


def save_review(*, user: Any, record: RoleGrant, version: int, **given: Any) -> RoleGrant:
    """A grant was looked at."""
    services.review_grant(grant=record, by=user.person, at=timezone.now(), **given)
    return record


def save_switch(*, user: Any, record: User, version: int, reason: str) -> User:
    """An account goes off, or on again."""
    services_people.set_account_active(
        account=record,
        active=not record.is_active,
        by=user.person,
        reason=reason,
        at=timezone.now(),
    )
    return record


def save_revocation(*, user: Any, record: ApiToken, version: int, reason: str) -> ApiToken:
    """A token ends."""
    services.revoke_token(token=record, reason=reason, at=timezone.now())
    return record


# -- pages of their own ----------------------------------------------------------------------------


@requires("token.create")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token of one's own; its text is on the answer of this POST and nowhere else."""
    kind = forms.token_form()
    form = kind(request.POST or None)
    context: dict[str, Any] = {
        "page_title": _("New API token"),
        "breadcrumbs": [(_("API tokens"), reverse("people:tokens"))],
        "form": form,
        "submit": _("Make the token"),
        "cancel": reverse("people:tokens"),
    }
    if request.method != "POST":
        return render(request, "core/form.html", context)
    if not form.is_valid():
        return render(request, "core/form.html", context, status=422)
    given = form.cleaned_data
    expires = forms.after(given["expires_on"])
    assert expires is not None, "the form requires the day"
    assert isinstance(request.user, User), "the rule lets nobody else in"
    try:
        made = services.make_token(
            account=request.user,
            name=given["name"],
            scopes=given["scopes"],
            allowed=current().reach,
            expires_at=expires,
            at=timezone.now(),
        )
    except KintsugiError as error:
        context["refused"] = error
        return render(request, "core/form.html", context, status=status_of(error))
    context |= {"page_title": _("Your new API token"), "made": made}
    return render(request, "identity/token_made.html", context)


@requires("grant.read")
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Roles × objects, to be read, printed or exported (``?export=csv``)."""
    roles = list(ROLES.values())
    if request.GET.get("export") == "csv":
        require("grant.export")
        return _matrix_csv()
    rows = [
        {
            "name": say(thing.name),
            "whole": thing.whole,
            "actions": [say(ACTIONS[action]) for action in thing.actions],
            "cells": [
                [say(ACTIONS[a]) for a in thing.actions if f"{key}.{a}" in role.permissions]
                for role in roles
            ],
        }
        for key, thing in OBJECTS.items()
    ]
    context = {
        "page_title": _("Permission matrix"),
        "page_subtitle": _("What each role may do, and over which rows at most."),
        "roles": [
            {
                "title": say(role.title),
                "about": say(role.about),
                "scope": say(SCOPES[role.scopes[0]]),
                "count": len(role.permissions),
            }
            for role in roles
        ],
        "rows": rows,
        "conflicts": [
            (say(ROLES[one].title), say(ROLES[other].title)) for one, other in sorted(CONFLICTS)
        ],
        "exports": may("grant.export"),
        "tabs": tabs("matrix"),
    }
    return render(request, "identity/matrix.html", context)


def _matrix_csv() -> HttpResponse:
    response = HttpResponse(
        BOM,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="permission-matrix.csv"',
            "Cache-Control": "no-store",
        },
    )
    writer = csv.writer(response)
    writer.writerow([_("Object"), _("Action"), *(say(role.title) for role in ROLES.values())])
    for key, thing in OBJECTS.items():
        for action in thing.actions:
            has = ["✓" if f"{key}.{action}" in role.permissions else "" for role in ROLES.values()]
            writer.writerow([say(thing.name), say(ACTIONS[action]), *has])
    return response
