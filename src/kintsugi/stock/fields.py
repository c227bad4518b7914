"""Fields that the forms of stock share; built for the language of the page."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from kintsugi.core.ids import uuid7

REASON_CHARS = 400
#: Places offered while one types; others are typed in full.
PLACES_OFFERED = 500


def key_field() -> forms.Field:
    """Made with the page: the same form sent twice acts once."""
    return forms.CharField(widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex)


def reason_field(label: Any = None, *, required: bool = True, hint: Any = "") -> forms.Field:
    """One line of why."""
    return forms.CharField(
        label=label or gettext("Reason"),
        max_length=REASON_CHARS,
        required=required,
        help_text=hint,
    )


def day_field(label: str, **options: Any) -> forms.Field:
    """A day, with the browser's calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


def codes_field(label: str, hint: str = "") -> forms.Field:
    """Codes, one a line."""
    return forms.CharField(
        label=label, required=False, max_length=40_000, help_text=hint,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def codes_of(text: str) -> list[str]:
    """The codes that were typed, one a line or with commas between them."""
    lines = text.replace(",", "\n").replace(",", "\n").split("\n")
    return [one.strip() for one in lines if one.strip()]
