"""Reads of log-ins and sessions."""

from typing import Any

from django.db.models import QuerySet

from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent, Session


def may_see_log_ins(user: Any) -> bool:
    """Whether a person sees everybody's log-ins and sessions: administrators, and whom the
    permission ``identity.view_loginevent`` was given to (auditors)."""
    return bool(
        user.is_authenticated
        and (user.is_staff or user.is_superuser or user.has_perm("identity.view_loginevent"))
    )


def may_end_sessions(user: Any) -> bool:
    """Whether a person ends other people's sessions and unlocks names: administrators."""
    return bool(user.is_authenticated and (user.is_staff or user.is_superuser))


def login_events(user: Any) -> QuerySet[LoginEvent]:
    """The events this person may see, newest first: everybody's, or one's own."""
    rows = LoginEvent.objects.select_related("account").order_by("-at", "-id")
    return rows if may_see_log_ins(user) else rows.filter(account=user.pk)


def open_sessions(user: Any) -> QuerySet[Session]:
    """The open log-ins this person may see, last seen first."""
    rows = Session.objects.filter(account__isnull=False).select_related("account")
    rows = rows.order_by("-seen_at", "session_key")
    return rows if may_see_log_ins(user) else rows.filter(account=user.pk)


def accounts() -> QuerySet[User]:
    """All accounts, by user name."""
    return User.objects.filter(is_void=False).order_by("username")
