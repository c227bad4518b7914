"""The HTTP API under /api/v1, put together from the apps, and its interactive documentation."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, re_path
from ninja import NinjaAPI, Router, Swagger
from ninja.errors import AuthenticationError
from ninja.openapi.views import openapi_json

from kintsugi.audit.api import ROUTERS as AUDIT
from kintsugi.billing.api import router as billing
from kintsugi.core.access import OPEN, requires
from kintsugi.core.api import NAMESPACE, api_url
from kintsugi.core.api.auth import Session, Token
from kintsugi.core.api.dictionary import router as dictionary
from kintsugi.core.api.errors import install, method_not_allowed, not_found, refusal
from kintsugi.core.api.search import router as search
from kintsugi.core.middleware import csp_header
from kintsugi.devices.api import router as devices
from kintsugi.identity.api import ROUTERS as IDENTITY
from kintsugi.onboarding.api import ROUTERS as ONBOARDING
from kintsugi.parties.api import licences
from kintsugi.parties.api import router as parties
from kintsugi.products.api import router as products
from kintsugi.products.api import trade
from kintsugi.projects.api import router as projects
from kintsugi.purchasing.api import router as purchasing
from kintsugi.sales.api import router as sales
from kintsugi.stock.api import ROUTERS as STOCK
from kintsugi.takeover.api import router as takeover

DESCRIPTION = """
Everything the pages of Kintsugi show, as JSON. 页面上的全部数据,以 JSON 提供。

**Log-in**: an API token (`Authorization: Bearer kgi_…`, made under *API tokens*; it may do what
both its scopes and the account's roles allow), or the session cookie of the web pages; then what
changes something also needs the value of the `csrftoken` cookie in the header `X-CSRFToken`.
Without a log-in every route answers 401.

**Permissions**: every operation names the one it needs as `x-permission`; without it the answer is
403 with the code `access.denied`. Lists, counts and records show only rows within the person's
scope; a record beyond it answers 404.

**Errors** are `{"ok": false, "error": {code, message, remedy, facts, retryable}}` in the language
of `Accept-Language` (zh or en). The code is stable.

**Lists** take the filters of their page, `q`, `sort`, `page` (to 200) and `limit` (to 200). A
parameter that is not known is refused, so that no filter is overlooked.
"""


class Docs(Swagger):
    """Swagger UI from our own files. It writes style attributes, which the policy must allow here;
    scripts stay as strict as everywhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page with its own content security policy."""
        response = super().render_page(request, api, **kwargs)
        response["Content-Security-Policy"] = csp_header(style_src="'unsafe-inline'")
        return response


class KintsugiAPI(NinjaAPI):
    """NinjaAPI that answers 401, 404 and 405 as JSON where the pages would redirect to log-in."""

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        urls: list[URLResolver | URLPattern] = []
        for pattern in super()._get_urls():
            assert isinstance(pattern, URLPattern), "ninja lists plain patterns"
            name = pattern.name
            if name == "openapi-view":
                urls.append(_documentation(pattern))  # a page: the log-in page may ask
            elif name == "openapi-json":
                urls.append(path("openapi.json", _described, name=name))
            elif name != "api-root":
                urls.append(_as_json(pattern))
        urls.append(path("", _to_docs, name="api-root"))
        urls.append(re_path(r"(?P<rest>[\s\S]+)$", _nowhere))  # a line feed, too, is no page
        return urls


def _as_json(pattern: URLPattern) -> URLPattern:
    """The same route: the API itself asks for a log-in, and refuses other methods as JSON."""
    run: Callable[..., HttpResponseBase] = pattern.callback

    @login_not_required
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        if response.status_code == 405 and "Allow" in response.headers:
            allowed = ", ".join(sorted(response.headers["Allow"].split(", ")))
            response = refusal(request, method_not_allowed(allowed), 405)
            response["Allow"] = allowed
        return response

    view.csrf_exempt = True  # type: ignore[attr-defined]  # the log-in of the API checks it
    view.answers_as_api = True  # type: ignore[attr-defined]
    view.access_rule = _rules(run)  # type: ignore[attr-defined]
    return URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)


def _documentation(pattern: URLPattern) -> URLPattern:
    """The page about the API, with its rule."""
    view = requires("api.read")(pattern.callback)
    return URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)


def _rules(run: Callable[..., Any]) -> dict[str, str]:
    """The rule of each method of a route; an operation without one is left out, and refused."""
    cells = inspect.getclosurevars(run).nonlocals
    found: dict[str, str] = {}
    for operation in cells["self"].operations:
        rule = getattr(operation.view_func, "access_rule", None)
        if rule:
            found.update(dict.fromkeys(operation.methods, rule))
    return found


@requires("api.read")
@login_not_required
def _described(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return api.on_exception(request, AuthenticationError())
    return HttpResponse(_document(), content_type="application/json")


@cache
def _document() -> bytes:
    """The OpenAPI document; making it takes a second, and it is the same for everybody."""
    return bytes(openapi_json(HttpRequest(), api).content)


@requires(OPEN)
@login_not_required
def _to_docs(request: HttpRequest) -> HttpResponse:
    return redirect(api_url("openapi-view"))


@requires(OPEN)
@login_not_required
def _nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    return refusal(request, not_found(), 404)


_described.answers_as_api = True  # type: ignore[attr-defined]  # 401, not a page
_nowhere.csrf_exempt = True  # type: ignore[attr-defined]  # there is nothing to protect


api = KintsugiAPI(
    title="Kintsugi",
    version="1.0.0",
    description=DESCRIPTION.strip(),
    urls_namespace=NAMESPACE,
    auth=[Session(), Token()],
    docs=Docs(settings={"persistAuthorization": False, "defaultModelsExpandDepth": 0}),
)
install(api)
_PLACES: tuple[tuple[str, Router], ...] = (
    ("/devices", devices),
    ("/products", products),
    ("/parties", parties),
    ("/licences", licences),
    ("/trade", trade),
    *(("/stock", router) for router in STOCK),
    ("/takeover", takeover),
    ("/projects", projects),
    ("/purchasing", purchasing),
    ("/sales", sales),
    ("/billing", billing),
    *(("", router) for router in ONBOARDING),
    *(("", router) for router in IDENTITY),
    *(("", router) for router in AUDIT),
    ("", search),
    ("", dictionary),
)
for _prefix, _router in _PLACES:
    api.add_router(_prefix, _router)
