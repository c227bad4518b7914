"""Form fields that every app's documents ask for: a reason, a day, codes, a paper, a key."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext

from kintsugi.core.ids import uuid7

REASON_CHARS = 400


def key_field() -> forms.Field:
    """Made with the page: the same form sent twice acts once."""
    return forms.CharField(widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex)


def reason_field(label: str = "", *, required: bool = True, hint: str = "") -> forms.Field:
    """Why something is done."""
    return forms.CharField(
        label=label or gettext("Reason"), max_length=REASON_CHARS, required=required,
        help_text=hint, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


def day_field(label: str, **options: Any) -> forms.Field:
    """A day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


class CodesField(forms.CharField):
    """Several codes in one line, apart by blanks or commas of either language; a list."""

    def clean(self, value: Any) -> Any:
        """The codes, each once."""
        text = super().clean(value)
        return list(dict.fromkeys(one for one in re.split(r"[\s,,、;;]+", text) if one))

    def prepare_value(self, value: Any) -> Any:
        """A list as one types it."""
        return " ".join(value) if isinstance(value, (list, tuple)) else value


def choices_field(
    label: str, choices: Sequence[tuple[str, str]], **options: Any
) -> forms.MultipleChoiceField:
    """Some of a few."""
    return forms.MultipleChoiceField(
        label=label, choices=choices, widget=forms.SelectMultiple(attrs={"size": len(choices)}),
        **options,
    )  # fmt: skip


def paper_field() -> forms.Field:
    """A scanned paper."""
    return forms.FileField(
        label=gettext("Scanned paper"), required=False,
        help_text=gettext("PDF, PNG or JPEG, at most 4 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )  # fmt: skip
