"""A project, the people about it, and their browsers."""

import datetime as dt
from typing import Any

from django.test import Client

from kintsugi.audit.services import recorded
from kintsugi.projects import services
from kintsugi.projects.models import Project
from tests.identity.people import create_user

AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
START = dt.date(2026, 11, 1)
PASSWORD = "gold-seam-2026"


def somebody(name: str, *roles: str) -> Any:
    """An account with these roles."""
    with recorded(actor="test", command="test"):
        return create_user(
            roles=roles or ("steward",), username=f"u-{name}", password=PASSWORD, display_name=name
        )


def browser(user: Any, language: str = "en") -> Client:
    """The browser of an account, in a language."""
    with recorded(actor="test", command="test"):
        type(user).objects.filter(pk=user.pk).update(language=language)
    client = Client(headers={"Accept-Language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def planned(actor: Any = "tester", code: str = "REG", template: str = "", **more: Any) -> Project:
    """A draft that starts on the first of November."""
    given = {"title_zh": "统一设备档案", "title_en": "One register", "planned_start": START, **more}
    return services.create_project(
        actor=actor, code=code, template=template, key=f"make-{code}", **given
    )


def running(project: Project, actor: Any = "tester") -> Project:
    """The same, started."""
    return services.step_project(
        actor=actor, project=project.pk, to="running", reason="agreed", at=AT
    )
