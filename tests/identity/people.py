"""People of the tests: accounts that have a role, since one without any sees nothing."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from kintsugi.identity import services
from kintsugi.identity.models import User

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def create_user(*, roles: Sequence[str] = ("steward",), **facts: Any) -> User:
    """An account whose person has these roles over all rows since the beginning of 2026; inside
    ``recorded``."""
    user = services.create_user(**facts)
    for role in roles:
        give(user, role)
    return user


def give(user: User, role: str, kind: str = "all", values: Sequence[str] = ()) -> Any:
    """One role more, by the system itself."""
    return services.grant_role(
        person=user.person,
        role=role,
        scope_kind=kind,
        scope_values=values,
        by=None,
        reason="for a test",
        at=AT,
    )
