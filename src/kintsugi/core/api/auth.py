"""Log-in of API requests: an API token, or the session cookie with Django's CSRF check for what
changes things."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from ninja.security import HttpBearer, SessionAuth

from kintsugi.core.screens.parts import language


def language_of(request: HttpRequest) -> str:
    """The first of our languages that Accept-Language names; else the one of the account."""
    known = {code.split("-")[0]: code for code, _name in settings.LANGUAGES}
    for tag, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500]):
        code = known.get(tag.split("-")[0].lower())
        if code:
            return code
    return language()


class Session(SessionAuth):
    """The log-in of the web pages. A request without one is answered 401, never with a page."""

    def __call__(self, request: HttpRequest) -> Any | None:
        """The person, or None. Labels in the answer follow Accept-Language from here on."""
        translation.activate(language_of(request))
        # Before the CSRF check, which reads the whole body of a POST.
        if not request.user.is_authenticated:
            return None
        return super().__call__(request)


class Token(HttpBearer):
    """An API token. Identity's middleware has looked it up before; this documents it."""

    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        """The account, or None where the token was not good."""
        translation.activate(language_of(request))
        return request.user if request.user.is_authenticated else None
