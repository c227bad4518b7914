"""Reads of log-ins and sessions."""

from django.db.models import QuerySet

from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent, Session


def login_events() -> QuerySet[LoginEvent]:
    """Everybody's events, newest first."""
    return LoginEvent.objects.select_related("account").order_by("-at", "-id")


def open_sessions() -> QuerySet[Session]:
    """All open log-ins, last seen first."""
    rows = Session.objects.filter(account__isnull=False).select_related("account")
    return rows.order_by("-seen_at", "session_key")


def accounts() -> QuerySet[User]:
    """All accounts, by user name."""
    return User.objects.filter(is_void=False).order_by("username")
