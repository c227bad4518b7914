"""What the base template needs on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

import kintsugi
from kintsugi.core import access, navigation

# Written by the preferences view; read here for people who are not logged in.
THEME_COOKIE = "kintsugi_theme"
THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, theme and version. Lazy, so that partial responses pay nothing for it."""
    user = getattr(request, "user", None)
    theme = getattr(user, "theme", None) or request.COOKIES.get(THEME_COOKIE, "auto")
    return {
        "nav_groups": SimpleLazyObject(lambda: navigation.groups(request)),
        "theme": theme if theme in THEMES else "auto",
        "may_search": access.may("search.read"),
        "may_tokens": access.may("token.read"),
        "kintsugi_version": kintsugi.__version__,
    }
