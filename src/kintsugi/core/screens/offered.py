"""A text field that offers values while one types."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class Offered(forms.TextInput):
    """A text with suggestions, which the browser offers while one types."""

    def __init__(self, values: Sequence[str], list_id: str) -> None:
        super().__init__(attrs={"list": list_id, "autocomplete": "off"})
        self.values, self.list_id = values, list_id

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field and its suggestions."""
        offered = format_html_join("", '<option value="{}"></option>', ((v,) for v in self.values))
        field = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, self.list_id, offered)
