"""Filters of a list: django-filter underneath, labels from the data contract."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import django_filters  # type: ignore[import-untyped]
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from kintsugi.core.screens.parts import (
    Choices,
    Words,
    choice_pairs,
    contract_choices,
    contract_field,
    contract_label,
    say,
)

SEARCH_MAX_LENGTH = 120
SEARCH_MAX_WORDS = 8
CHOICES_MAX = 500

FilterKind = Literal["choice", "flag", "days", "exact", "key"]


@dataclass(frozen=True)
class Filter:
    """One filter. ``name`` is the parameter in the address, ``lookup`` the ORM path if other.

    choice  one of ``choices``, of the contract's allowed values, or of the pairs that
            ``choices_of(user)`` reads (at most 500)
    flag    yes or no
    days    from … to, both included (``name_from``, ``name_to``)
    exact   the typed text, as it is; for links from numbers, not drawn as a field unless set
    key     the typed name is a key of the JSON object at ``lookup``
    """

    name: str
    kind: FilterKind = "choice"
    label: Words = ""
    lookup: str = ""
    choices: Choices = field(default_factory=dict)
    choices_of: Callable[[Any], Sequence[tuple[str, str]]] | None = None

    def heading(self, entity: str) -> str:
        """The label in the page's language."""
        known = contract_field(entity, self.name)
        return say(self.label) or (contract_label(known) if known else self.name)

    def pairs(self, entity: str, user: Any) -> list[tuple[str, str]]:
        """Values to choose from."""
        if self.choices_of:
            return list(self.choices_of(user))[:CHOICES_MAX]
        return choice_pairs(self.choices) or contract_choices(contract_field(entity, self.name))

    def made(self, entity: str, user: Any) -> dict[str, Any]:
        """The django-filter filters this one stands for, by parameter."""
        label, path = self.heading(entity), self.lookup or self.name
        if self.kind == "choice":
            widget = forms.Select(attrs={"class": "form-select"})
            return {
                self.name: django_filters.ChoiceFilter(
                    field_name=path,
                    label=label,
                    choices=self.pairs(entity, user),
                    empty_label=_("any"),
                    widget=widget,
                )
            }
        if self.kind == "flag":
            choices = [("", _("any")), ("true", _("yes")), ("false", _("no"))]
            select = forms.Select(attrs={"class": "form-select"}, choices=choices)
            return {
                self.name: django_filters.BooleanFilter(field_name=path, label=label, widget=select)
            }
        if self.kind in ("exact", "key"):
            text = forms.TextInput(attrs={"class": "form-control", "maxlength": 200})
            how = "exact" if self.kind == "exact" else "has_key"
            return {
                self.name: django_filters.CharFilter(
                    field_name=path, lookup_expr=how, label=label, widget=text
                )
            }
        return {
            f"{self.name}_{end}": django_filters.DateFilter(
                field_name=path,
                lookup_expr=lookup,
                label=f"{label} · {word}",
                widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
            )
            for end, lookup, word in (("from", "gte", _("from")), ("to", "lte", _("to")))
        }


def filterset_class(filters: Sequence[Filter], entity: str, user: Any) -> type[Any]:
    """A django-filter FilterSet of these filters in the language of this request."""
    made: dict[str, Any] = {}
    for one in filters:
        made.update(one.made(entity, user))
    return type("ScreenFilters", (django_filters.FilterSet,), made)


def search_words(text: str) -> list[str]:
    """At most eight words of at most 120 characters of what was typed."""
    return text[:SEARCH_MAX_LENGTH].split()[:SEARCH_MAX_WORDS]


def matching(rows: QuerySet[Any], text: str, lookups: Sequence[str]) -> QuerySet[Any]:
    """Rows in which every word occurs in at least one of the fields, whatever its case."""
    for word in search_words(text):
        anywhere = Q()
        for lookup in lookups:
            path = lookup if "__" in lookup and lookup.rsplit("__", 1)[1] in LOOKUPS else ""
            anywhere |= Q(**{path or f"{lookup}__icontains": word})
        rows = rows.filter(anywhere)
    return rows


LOOKUPS = frozenset({"exact", "iexact", "startswith", "istartswith", "contains", "icontains"})
