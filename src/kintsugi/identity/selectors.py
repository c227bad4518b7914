"""Reads of accounts that other apps share."""

from django.db.models import QuerySet

from kintsugi.identity.models import User
from kintsugi.identity.selectors_sign_in import (
    login_events,
    may_end_sessions,
    may_see_log_ins,
    open_sessions,
)

__all__ = [
    "active_users",
    "login_events",
    "may_end_sessions",
    "may_see_log_ins",
    "open_sessions",
    "user_by_name",
]


def active_users() -> QuerySet[User]:
    """Accounts that may log in, by name."""
    return User.objects.filter(is_active=True, is_void=False).order_by("display_name", "username")


def user_by_name(username: str) -> User | None:
    """The account with this user name, whatever its upper and lower case."""
    return User.objects.filter(username__iexact=username).first()
