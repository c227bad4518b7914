"""The pages of an account's log-in: one's own, and an administrator's view of another's."""

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kintsugi.core.access import SIGNED_IN, requires
from kintsugi.identity import lockout, screens, services_sign_in
from kintsugi.identity.factors import has_one, is_required
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent
from kintsugi.identity.sessions import stored_key

SHOWN_EVENTS = 10


def own_key(request: HttpRequest) -> str:
    """The row of this request's session."""
    return stored_key(request.session.session_key or "")


@requires(SIGNED_IN)
@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """One's own password, second factors, sessions and last log-ins."""
    user = request.user
    assert isinstance(user, User), "LoginRequiredMiddleware lets nobody else through"
    context = {
        "page_title": gettext("Account security"),
        "first": request.GET.get("first") == "1" and is_required(user) and not has_one(user),
        "required": is_required(user),
        "offered": settings.MFA_POLICY != "off",
        "factors": _factors(user),
        "sessions": _sessions(request, user),
        "events": _events(user),
    }
    return render(request, "identity/security.html", context)


def _factors(user: User) -> dict[str, Any]:
    found = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    kinds = Authenticator.Type
    codes = next((a for a in found if a.type == kinds.RECOVERY_CODES), None)
    return {
        "app": next((a for a in found if a.type == kinds.TOTP), None),
        "keys": [a for a in found if a.type == kinds.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "any": any(a.type != kinds.RECOVERY_CODES for a in found),
    }


def _sessions(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    own = own_key(request)
    return [
        {"row": row, "device": screens.device_name(row.agent), "own": row.pk == own}
        for row in services_sign_in.sessions_of(user.pk)[:50]
    ]


def _events(user: User) -> list[dict[str, Any]]:
    rows = LoginEvent.objects.filter(account=user).order_by("-at", "-id")[:SHOWN_EVENTS]
    return [{"row": row, "device": screens.device_name(row.agent)} for row in rows]


@requires(SIGNED_IN)
@require_POST
def end_own_session(request: HttpRequest, session_id: str) -> HttpResponse:
    """End one of one's own sessions; the present one is a log-out."""
    user = request.user
    assert isinstance(user, User)
    if session_id == own_key(request):
        return HttpResponseRedirect(reverse("account_logout"))
    services_sign_in.end_session(
        session_id=session_id, account=user, at=_at(request), reason="ended by its owner"
    )
    messages.success(request, gettext("The session was ended."))
    return HttpResponseRedirect(reverse("mfa_index"))


@requires(SIGNED_IN)
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions but this one."""
    user = request.user
    assert isinstance(user, User)
    services_sign_in.end_sessions(
        account=user, at=_at(request), reason="ended by its owner", keep=own_key(request)
    )
    messages.success(request, gettext("All other sessions were ended."))
    return HttpResponseRedirect(reverse("mfa_index"))


@requires("account.administer")
@never_cache
@require_safe
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Another person's log-in, for an administrator: lock, factors, sessions, events."""
    found = screens.find_account(request.user, account_id)
    lock = lockout.lock_of(
        key=lockout.name_key(found.username), address="", at=_at(request)
    )  # fmt: skip
    context = {
        "page_title": str(found),
        "page_subtitle": found.username,
        "account": found,
        "lock": lock,
        "factors": _factors(found),
        "sessions": [
            {"row": row, "device": screens.device_name(row.agent), "own": False}
            for row in services_sign_in.sessions_of(found.pk)[:50]
        ],
        "events": _events(found),
        "required": is_required(found),
        "breadcrumbs": [(gettext("Log-ins"), reverse("identity:events"))],
    }
    return render(request, "identity/account.html", context)


@requires("account.administer")
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, account_id: UUID, what: str) -> HttpResponseBase:
    """Unlock a name, end all sessions or remove the second factors, with a reason."""
    if what not in ("unlock", "sessions", "factors"):
        raise Http404
    return screens.act_screen(request, what).respond(request, account_id=account_id)


@requires("account.administer")
@require_POST
def end_session(request: HttpRequest, account_id: UUID, session_id: str) -> HttpResponse:
    """End one session of another person."""
    found = screens.find_account(request.user, account_id)
    services_sign_in.end_session(
        session_id=session_id, account=found, at=_at(request), reason=f"ended by {request.user}"
    )
    messages.success(request, gettext("The session was ended."))
    return HttpResponseRedirect(reverse("identity:account", args=[found.pk]))


def _at(request: HttpRequest) -> Any:
    return request.at  # type: ignore[attr-defined]  # set by SignInGuard
