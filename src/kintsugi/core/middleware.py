"""Web-only middleware: security headers, the person's language, refusals as pages."""

from collections.abc import AsyncIterator, Callable, Iterable
from http import HTTPStatus
from typing import cast

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render, resolve_url
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import patch_vary_headers

from kintsugi.core.access import AccessDenied, NoRule
from kintsugi.core.errors import Conflict, IllegalTransition, KintsugiError, NotFound, StaleVersion

Respond = Callable[[HttpRequest], HttpResponse]

# Everything from this server, nothing inline, nothing evaluated. ``data:`` images are the small
# arrows and ticks inside Tabler's style sheet.
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# The worker that decodes pictures of the camera compiles WebAssembly; no page does.
SCAN_WORKER = "core/scan-worker.js"
PERMISSIONS_POLICY = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


def csp_header(**extra: str) -> str:
    """The policy as a header; ``style_src="'unsafe-inline'"`` adds to one directive."""
    parts = dict(CONTENT_SECURITY_POLICY)
    for name, value in extra.items():
        directive = name.replace("_", "-")
        known = parts.get(directive, "'self'")
        parts[directive] = f"{known} {value}"
    return "; ".join(f"{directive} {value}" for directive, value in parts.items())


class AsyncFiles:
    """Lets an ASGI server send files as they are read; WhiteNoise hands over plain iterators,
    which Django would otherwise read into memory whole, with a warning."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and isinstance(request, ASGIRequest):
            parts = response.streaming_content
            if not response.is_async:
                response.streaming_content = _parts(cast(Iterable[bytes], parts))
        return response


async def _parts(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The same parts for an async reader; each is a block of a local file."""
    for part in parts:
        yield part


class SecurityHeaders:
    """Sends the content security policy, and turns a lost session inside a partial request into
    a full-page log-in (htmx would otherwise paste the log-in page into a table).

    A view that must relax the policy, such as the API's documentation, sets the header itself.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path == static(SCAN_WORKER):
            policy = csp_header(script_src="'wasm-unsafe-eval'")
            response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Content-Security-Policy", csp_header())
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.headers.get("HX-Request") == "true":
            patch_vary_headers(response, ["HX-Request", "HX-Target"])
            login = resolve_url(settings.LOGIN_URL)
            location = response.headers.get("Location", "")
            if response.status_code == HTTPStatus.FOUND and location.startswith(login):
                return HttpResponse(status=204, headers={"HX-Redirect": login})
        return response


class Preferences:
    """Shows pages in the language of the account; without one LocaleMiddleware has decided."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            language = getattr(request.user, "language", settings.LANGUAGE_CODE)
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A KintsugiError that no view caught becomes a page: what, where, and what next."""
        return refusal(request, error) if isinstance(error, KintsugiError) else None


def status_of(error: KintsugiError) -> int:
    """The HTTP status of a refusal: 403 not permitted, 404 unknown, 409 in conflict with the state,
    else 422."""
    if isinstance(error, AccessDenied | NoRule):
        return 403
    if isinstance(error, NotFound):
        return 404
    return 409 if isinstance(error, (Conflict, IllegalTransition, StaleVersion)) else 422


def refusal(request: HttpRequest, error: KintsugiError) -> HttpResponse:
    """The refusal as a page, as a panel for htmx, or as JSON for a client that asked for it."""
    status = status_of(error)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        language = translation.get_language() or settings.LANGUAGE_CODE
        response: HttpResponse = JsonResponse(error.as_dict(language), status=status)
    else:
        partial = request.headers.get("HX-Request") == "true"
        template = "core/parts/error_panel.html" if partial else "core/refusal.html"
        response = render(request, template, {"error": error}, status=status)
    response.refusal = error  # type: ignore[attr-defined]  # for the log of refused acts
    return response
