"""Lists of log-ins and sessions for administrators and auditors, and what they do about them."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Column, Empty, Filter, FormScreen, ListScreen
from kintsugi.core.screens.parts import Words
from kintsugi.identity import selectors_sign_in as reads
from kintsugi.identity import services_factors, services_sign_in
from kintsugi.identity.forms import ReasonForm
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent, Session

KINDS: dict[str, Words] = dict(LoginEvent.Kind.choices)
METHODS: dict[str, Words] = dict(LoginEvent.Method.choices)
TONES = {"success": "good", "failure": "warn", "locked": "bad", "session-ended": "warn"}


def device_of(row: LoginEvent | Session) -> str:
    """Browser and system in two words, from what the browser says of itself."""
    return device_name(row.agent)


def device_name(agent: str) -> str:
    """``Firefox · Windows``; the text itself where none is recognised."""
    browsers = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
                ("Safari/", "Safari"), ("curl/", "curl"), ("python", "Python"))  # fmt: skip
    systems = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"),
               ("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
    found = [
        next((name for sign, name in signs if sign in agent), "") for signs in (browsers, systems)
    ]
    return " · ".join(part for part in found if part) or agent[:40]


def _account_of(row: LoginEvent) -> str:
    if row.account_id is None:
        return ""
    return reverse("identity:account", args=[row.account_id])


def _tabs(active: str) -> dict[str, Any]:
    pages = (("events", gettext("Log-ins")), ("sessions", gettext("Open sessions")))
    return {
        "tabs": [
            {"label": label, "url": reverse(f"identity:{name}"), "active": name == active}
            for name, label in pages
        ]
    }


EVENTS = ListScreen(
    name="log-ins",
    title=_("Log-ins"),
    subtitle=_("Who came in, who was refused, and what changed at the door."),
    permission="login.read",
    export_permission="login.export",
    rows=lambda user: reads.login_events(),
    columns=(
        Column("at", _("Time"), kind="moment"),
        Column("kind", _("Event"), kind="state", choices=KINDS, tones=TONES),
        Column("account", _("Account"), sort=("account__username",), link=_account_of),
        Column("method", _("Method"), choices=METHODS),
        Column("address", _("Address"), kind="code"),
        Column("device", _("Device"), value=device_of, sort=("agent",)),
        Column("reason", _("Reason")),
    ),
    search=("account__username", "account__display_name", "address", "reason"),
    search_hint=_("Account, address, reason"),
    filters=(
        Filter("kind", label=_("Event"), choices=KINDS),
        Filter("method", label=_("Method"), choices=METHODS),
        Filter("at", "days", label=_("Time"), lookup="at__date"),
        Filter("address", "exact", label=_("Address")),
        Filter("account", "exact", label=_("Account"), lookup="account__username"),
    ),
    order=("-at",),
    empty=Empty(_("No log-ins yet"), icon="lock"),
    page=lambda request, **_arguments: _tabs("events"),
)

SESSIONS = ListScreen(
    name="sessions",
    title=_("Open sessions"),
    subtitle=_("Everybody who is logged in now, and from where."),
    permission="login.read",
    export_permission="login.export",
    rows=lambda user: reads.open_sessions(),
    columns=(
        Column(
            "account",
            _("Account"),
            sort=("account__username",),
            link=lambda row: reverse("identity:account", args=[row.account_id]),
        ),
        Column("device", _("Device"), value=device_of, sort=("agent",)),
        Column("address", _("Address"), kind="code"),
        Column("since", _("Since"), kind="moment"),
        Column("seen_at", _("Last seen"), kind="moment"),
    ),
    search=("account__username", "account__display_name", "address"),
    search_hint=_("Account, address"),
    order=("-seen_at",),
    empty=Empty(_("Nobody is logged in"), icon="lock"),
    page=lambda request, **_arguments: _tabs("sessions"),
)


def find_account(user: Any, account_id: UUID) -> User:
    """The account an administrator acts on. Raises Http404."""
    found = reads.accounts().filter(pk=account_id).first()
    if found is None:
        raise Http404
    return found


def _act(what: str, account: User, by: User, reason: str, at: Any) -> User:
    if what == "unlock":
        services_sign_in.unlock(account=account, by=by, reason=reason, at=at)
    elif what == "sessions":
        services_sign_in.end_sessions(account=account, at=at, reason=f"{by}: {reason}")
    else:
        services_factors.remove_factors(account=account, by=by, reason=reason, at=at)
    return account


def act_screen(request: HttpRequest, what: str) -> FormScreen:
    """The form of one act on an account: ``unlock``, ``sessions`` or ``factors``."""
    titles = {
        "unlock": gettext("Unlock %(account)s"),
        "sessions": gettext("End all sessions of %(account)s"),
        "factors": gettext("Remove the second factors of %(account)s"),
    }

    def save(*, user: Any, record: User, version: int | None, reason: str) -> User:
        return _act(what, record, user, reason, request.at)  # type: ignore[attr-defined]

    return FormScreen(
        title=lambda record: titles[what] % {"account": record},
        form=ReasonForm,
        find=find_account,
        values=lambda record: {},
        save=save,
        done=lambda record: reverse("identity:account", args=[record.pk]),
        cancel=lambda record: reverse("identity:account", args=[record.pk]),
        submit=_("Do it"),
        saved=_("Done."),
    )
