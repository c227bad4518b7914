"""Web-only: the age of a session, what has to be done before work, and how much one may ask for."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.adapter import FACTOR_KNOWN, MUST_CHANGE
from kintsugi.identity.factors import has_one, is_required
from kintsugi.identity.models import User
from kintsugi.identity.rates import Rate, rate_of
from kintsugi.identity.services_sign_in import count_request
from kintsugi.identity.sessions import SessionStore, address_of, agent_of, is_over, note_seen

Respond = Callable[[HttpRequest], HttpResponse]

#: What a person may do before the password is changed or the second factor is there.
OPEN_PATHS = ("/accounts/", "/preferences/", "/static/", "/healthz")


def asks_for_json(request: HttpRequest) -> bool:
    """Whether a script asks: the API, or a client that prefers JSON."""
    if request.path.startswith("/api/"):
        return True
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def answer(request: HttpRequest, error: KintsugiError, status: int) -> HttpResponse:
    """A refusal before any view ran: JSON for scripts, a page for people."""
    if asks_for_json(request):
        language = translation.get_language() or settings.LANGUAGE_CODE
        response: HttpResponse = JsonResponse(
            {"ok": False, "error": error.as_dict(language)},
            status=status,
            json_dumps_params={"ensure_ascii": False},
        )
    else:
        response = render(request, "core/refusal.html", {"error": error}, status=status)
    response.refusal = error  # type: ignore[attr-defined]  # for the log of refused acts
    response["Cache-Control"] = "no-store"
    return response


class SignInGuard:
    """Gives each request its time (``request.at``), ends sessions that are too old, and leads to
    what a person has to do first: a password set by somebody else is changed, a second factor that
    the policy wants is enrolled."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        at = timezone.now()
        request.at = at  # type: ignore[attr-defined]
        session = request.session
        if isinstance(session, SessionStore):
            session.address, session.agent = address_of(request), agent_of(request)
        if request.user.is_authenticated:
            self._age(request, at)
        user = request.user
        if isinstance(user, User) and not request.path.startswith(OPEN_PATHS):
            todo = self._todo(request, user)
            if todo is not None:
                return todo
        return self.get_response(request)

    def _age(self, request: HttpRequest, at: datetime) -> None:
        row = getattr(request.session, "row", None)
        if row is None:
            return
        if is_over(row, at):
            request.session.flush()
            request.user = AnonymousUser()
        else:
            note_seen(row, at, address_of(request))

    def _todo(self, request: HttpRequest, user: User) -> HttpResponse | None:
        if request.session.get(MUST_CHANGE):
            return _led(
                request,
                "account_change_password",
                KintsugiError(
                    "identity.password-to-change",
                    Text(
                        "请先修改由管理员设置的密码。", "Change the password you were given first."
                    ),
                    Text("登录网页修改密码。", "Log in on the web page and change it."),
                ),
            )
        if not is_required(user) or request.session.get(FACTOR_KNOWN):
            return None
        if has_one(user):
            request.session[FACTOR_KNOWN] = True
            return None
        return _led(
            request,
            "mfa_index",
            KintsugiError(
                "identity.second-factor-missing",
                Text("您的账号需要第二因素。", "Your account needs a second factor."),
                Text(
                    "登录网页,在“账号安全”中添加。",
                    "Log in on the web page and add one under “Account security”.",
                ),
            ),
        )


def _led(request: HttpRequest, url_name: str, error: KintsugiError) -> HttpResponse:
    """To the page where it is done; a script is told."""
    if asks_for_json(request):
        return answer(request, error, 403)
    target = reverse(url_name)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(f"{target}?first=1")


class RateLimits:
    """Refuses with 429 what one account, or one address without an account, asks for too often.

    Counted in the database, so that all web processes share it and a restart forgets nothing; one
    statement per limited request, outside its transaction, so that a refused request counts too.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rate = rate_of(request) if settings.RATE_LIMITS_ON else None
        if rate is not None:
            wait_s = self._wait_s(request, rate)
            if wait_s:
                return _too_many(request, rate, wait_s)
        return self.get_response(request)

    def _wait_s(self, request: HttpRequest, rate: Rate) -> int:
        """Seconds until the next window when this one is used up, else 0."""
        user = request.user
        who = f"account:{user.pk}" if isinstance(user, User) else f"address:{address_of(request)}"
        limit = rate.by_account if isinstance(user, User) else rate.by_address
        now_s = int(request.at.timestamp())  # type: ignore[attr-defined]
        window = now_s // rate.window_s
        count = count_request(key=f"{rate.name}:{who}", window=window)
        return 0 if count <= limit else (window + 1) * rate.window_s - now_s


def _too_many(request: HttpRequest, rate: Rate, wait_s: int) -> HttpResponse:
    error = KintsugiError(
        "core.too-many-requests",
        Text("请求过于频繁。", "Too many requests."),
        Text(f"请在 {wait_s} 秒后重试。", f"Try again in {wait_s} s."),
        kind=rate.name,
        wait_s=wait_s,
    )
    error.retryable = True
    response = answer(request, error, 429)
    response["Retry-After"] = str(wait_s)
    return response
