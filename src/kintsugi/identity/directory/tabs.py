"""The tabs of the directory."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core.access import may_open


def tabs(active: str) -> list[dict[str, Any]]:
    """The lists of the directory that the person may open."""
    names = (
        ("list", _("People")),
        ("review", _("Access review")),
        ("matrix", _("Permission matrix")),
        ("all-tokens", _("API tokens")),
    )
    return [
        {"label": str(label), "url": url, "active": name == active}
        for name, label in names
        if may_open(url := reverse(f"people:{name}"))
    ]
