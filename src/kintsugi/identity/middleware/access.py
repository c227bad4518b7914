"""Every request happens under the access of its person, and only where the view's rule allows."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from kintsugi.core import access, scope
from kintsugi.core.access import NOBODY, OPEN, Access, NoRule
from kintsugi.core.api.errors import refusal as as_json
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import refusal as as_page
from kintsugi.identity import tokens
from kintsugi.identity.access import access_of

log = structlog.get_logger(__name__)

API = "/api/"


class PersonScope:
    """Finds out who asks (session or API token), binds what the person may do and see, and refuses
    what the view's rule does not allow: before a body is read or a transaction opened.

    Somebody who is not logged in is left to the log-in page, or to the API's own answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        now = request.at  # type: ignore[attr-defined]  # set by SignInGuard
        only = None
        if request.path.startswith(API) and tokens.given(request):
            token = tokens.used(request, at=now)
            request.user = token.account if token else AnonymousUser()
            only = token.scopes if token else ()
            # No cookie speaks for a token, so no foreign page can make a browser send one.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        known = access_of(request.user, at=now, only=only) if _asks(request) else NOBODY
        rule, view = _rule(request)
        with ExitStack() as stack:
            stack.enter_context(access.bound(known))
            scope.bind(known.rows(rule or ""))
            error = _refused(rule, view, known)
            if error is not None:
                return _answer(request, error)
            return self.get_response(request)


def _asks(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated)


def _rule(request: HttpRequest) -> tuple[str | None, Any]:
    """The rule of the view that will answer, and the view; of an unknown address ``OPEN``, because
    there is nothing to be seen."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return OPEN, None
    return access.rule_of(view, request.method or "GET"), view


def _refused(rule: str | None, view: Any, known: Access) -> KintsugiError | None:
    if rule is None:
        name = f"{getattr(view, '__module__', '')}.{getattr(view, '__name__', view)}"
        log.error("access.no-rule", view=name)
        return NoRule(name)
    if known.follows(rule):
        return None
    if not known.is_signed_in and (getattr(view, "login_required", True) or _is_api(view)):
        return None  # the log-in page, or the API's 401
    return access.denial(rule)


def _is_api(view: Any) -> bool:
    return bool(getattr(view, "answers_as_api", False))


def _answer(request: HttpRequest, error: KintsugiError) -> HttpResponse:
    if request.path.startswith(API):
        return as_json(request, error)
    return as_page(request, error)
