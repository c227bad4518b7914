"""Log-in, password, and preferences of the person at the screen."""

from typing import Any

from allauth.account import views as account
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from kintsugi.core.access import OPEN, requires
from kintsugi.core.context_processors import THEME_COOKIE
from kintsugi.identity import services
from kintsugi.identity.adapter import MUST_CHANGE
from kintsugi.identity.models import User


class LogIn(account.LoginView):  # type: ignore[misc]
    """Name and password, a passkey, or the organisation's single sign-on."""

    template_name = "identity/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which ways in are offered."""
        single = settings.OIDC_ISSUER
        return {
            **super().get_context_data(**kwargs),
            "by_passkey": settings.MFA_POLICY != "off",
            "single_sign_on": single and reverse("openid_connect_login", args=["main"]),
            "single_sign_on_name": settings.OIDC_NAME,
        }


class ChangePassword(account.PasswordChangeView):  # type: ignore[misc]
    """One's own password; the other sessions end with the old one."""

    template_name = "identity/password_change.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether it has to be changed before anything else."""
        must = bool(self.request.session.get(MUST_CHANGE))
        return {**super().get_context_data(**kwargs), "must_change": must}


@requires(OPEN)
@login_not_required
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the organisation's log-in; by our form only, so that no other page sends people there."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("account_login"))
    response: HttpResponse = openid.login(request, provider_id)
    return response


@requires(OPEN)
def no_account(request: HttpRequest) -> HttpResponse:
    """Single sign-on knew the person, but no account here belongs to it."""
    return render(request, "identity/no_account.html", status=403)


@requires(OPEN)
@login_not_required
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep ``language`` and/or ``theme``: with the account when logged in, always in a cookie.

    Goes back to ``next`` when it is an address of ours; a script gets 204. An unknown value is
    refused with 400 by name.
    """
    language = request.POST.get("language") or None
    theme = request.POST.get("theme") or None
    if isinstance(request.user, User):
        services.set_preferences(user=request.user, language=language, theme=theme)
    elif language not in (None, *User.Language.values) or theme not in (None, *User.Theme.values):
        return HttpResponse(status=400)
    response = _answer(request)
    if language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **_cookie())
    if theme:
        response.set_cookie(THEME_COOKIE, theme, **_cookie())
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    return HttpResponseRedirect(target)


def _cookie() -> dict[str, Any]:
    return {
        "max_age": 365 * 24 * 3600,
        "samesite": "Lax",
        "secure": settings.SESSION_COOKIE_SECURE,
        "httponly": True,
    }
