"""People, grants, tokens and the matrix over HTTP; read only."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, Words
from kintsugi.identity.directory.screens import OWN_TOKENS, PEOPLE, REVIEW
from kintsugi.identity.matrix import ROLES, SCOPES, is_whole, permissions, words
from kintsugi.identity.models import ApiToken, Person, RoleGrant

router = Router(tags=["Access"])


class PersonOut(Schema):
    """Somebody who works here."""

    id: UUID
    name: str
    emp_no: str | None
    kind: str = Field(description="employee, contact or service")
    roles: list[str] = Field(description="roles in force now")
    accounts: list[str] = Field(description="user names")
    joined_on: dt.date | None
    left_on: dt.date | None

    @staticmethod
    def resolve_roles(person: Person) -> list[str]:
        """Roles in force now."""
        return [grant.role for grant in person.roles_now]  # type: ignore[attr-defined]

    @staticmethod
    def resolve_accounts(person: Person) -> list[str]:
        """User names."""
        return [account.username for account in person.accounts.all()]


class GrantOut(Schema):
    """A role that somebody has now."""

    id: UUID
    person_id: UUID
    person: str
    role: str = Field(description="one of `/roles`")
    scope_kind: str = Field(description=", ".join(SCOPES))
    scope_values: list[str] = Field(description="region codes, or ids of customers or warehouses")
    valid_from: dt.datetime
    valid_to: dt.datetime | None
    granted_by: str | None = Field(description="null: the system itself")
    reason: str

    @staticmethod
    def resolve_person(grant: RoleGrant) -> str:
        """The person's name."""
        return str(grant.person)

    @staticmethod
    def resolve_granted_by(grant: RoleGrant) -> str | None:
        """The name of who gave it."""
        return str(grant.granted_by) if grant.granted_by else None


class TokenOut(Schema):
    """A token of one's own, without its text."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str] = Field(description="permissions")
    made_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None = Field(description="to ten minutes")

    @staticmethod
    def resolve_last_used_at(token: ApiToken) -> dt.datetime | None:
        """The last use."""
        used = getattr(token, "apitokenuse", None)
        return used.at if used else None


class RoleOut(Schema):
    """A role of the matrix."""

    name: str
    title: Words
    about: Words
    scopes: list[str] = Field(description="kinds of row limit, the widest first")
    permissions: list[str]


class PermissionOut(Schema):
    """An action on an object."""

    name: str
    title: Words
    whole: bool = Field(description="only a grant without a limit of rows gives it")


class MatrixOut(Schema):
    """The permission matrix."""

    roles: list[RoleOut]
    permissions: list[PermissionOut]


add_list(router, "/people", PEOPLE, PersonOut, name="people", summary="People and their roles")
add_list(router, "/grants", REVIEW, GrantOut, name="grants", summary="Roles in force")
add_list(router, "/tokens", OWN_TOKENS, TokenOut, name="tokens", summary="Own API tokens")


@router.get("/roles", response={200: MatrixOut, **READ}, summary="The permission matrix")
@requires("grant.read")
def roles(request: HttpRequest) -> dict[str, Any]:
    """What each role may do; objects and actions in both languages."""
    return {
        "roles": [
            {
                "name": role.name,
                "title": role.title,
                "about": role.about,
                "scopes": list(role.scopes),
                "permissions": sorted(role.permissions),
            }
            for role in ROLES.values()
        ],
        "permissions": [
            {"name": one, "title": words(one), "whole": is_whole(one)} for one in permissions()
        ],
    }
