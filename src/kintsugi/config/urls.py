"""Where everything is. Each app brings its own ``urls``; this file only says under which prefix."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

APPS = (
    "devices",
    "products",
    "parties",
    "stock",
    "takeover",
    "purchasing",
    "sales",
    "billing",
    "onboarding",
    "projects",
    "audit",
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("kintsugi.core.urls")),
    path("", include("kintsugi.identity.urls")),
]
for _app in APPS:
    if find_spec(f"kintsugi.{_app}.urls"):
        urlpatterns.append(path(f"{_app}/", include(f"kintsugi.{_app}.urls")))
if find_spec("kintsugi.config.api"):
    urlpatterns.append(path("api/v1/", import_module("kintsugi.config.api").api.urls))

handler400 = "kintsugi.core.views.bad_request"
handler403 = "kintsugi.core.views.forbidden"
handler404 = "kintsugi.core.views.not_found"
handler500 = "kintsugi.core.views.server_error"
