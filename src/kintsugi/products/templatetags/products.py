"""Small words for the product's page."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.simple_tag
def word(names: Mapping[str, str], code: str) -> str:
    """The name of a code; the code itself where the contract does not know it."""
    return names.get(code, code)
