"""One record: a header and panels."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from kintsugi.core.access import may, may_open, openable, requires, within
from kintsugi.core.screens.columns import Column, table_class
from kintsugi.core.screens.parts import (
    Action,
    Choices,
    Kind,
    Words,
    contract_field,
    drawn_actions,
    language,
    say,
)

RELATED_MAX_ROWS = 200


class Panel(Protocol):
    """A part of a record's page."""

    @property
    def side(self) -> bool:
        """Whether it stands in the narrow column on a wide screen."""

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel, or nothing."""


@dataclass(frozen=True)
class Value:
    """One line of a ``Fields`` panel; the same words as a Column."""

    name: str
    label: Words = ""
    kind: Kind = "text"
    help: Words = ""
    field: str = ""
    link: Callable[[Any], str] | None = None
    value: Callable[[Any], Any] | None = None
    choices: Choices = dataclasses.field(default_factory=dict)
    tones: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def column(self) -> Column:
        """The column that draws it."""
        return Column(
            name=self.name,
            label=self.label,
            kind=self.kind,
            help=self.help,
            field=self.field,
            link=self.link,
            value=self.value,
            choices=self.choices,
            tones=self.tones,
        )


@dataclass(frozen=True)
class Fields:
    """Names and values. ``fields`` are names or ``Value``s; labels come from the contract.

    ``gold(record)`` gives, in one call for the whole panel, the address of the source cell for
    each field that has one; ``mended(record)`` the act that corrected it (``text``, ``url``).
    """

    title: Words
    fields: Sequence[str | Value]
    entity: str = ""
    gold: Callable[[Any], Mapping[str, str]] | None = None
    mended: Callable[[Any], Mapping[str, Any]] | None = None
    hide_empty: bool = False
    side: bool = False

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel."""
        sources = self.gold(record) if self.gold else {}
        opens = openable(sources.values())
        acts = self.mended(record) if self.mended else {}
        lines = []
        for one in self.fields:
            value = one if isinstance(one, Value) else self._by_contract(one)
            column = value.column()
            if self.hide_empty and column.raw(record, self.entity) in (None, ""):
                continue
            label, help_text = column.heading(self.entity)
            lines.append(
                {
                    "label": label,
                    "help": help_text,
                    "shown": column.draw(record, column.names(self.entity), self.entity),
                    "copy": column.raw(record, self.entity) if value.kind == "code" else "",
                    "gold": url
                    if (url := sources.get(value.field or value.name, "")) in opens
                    else "",
                    "mended": acts.get(value.field or value.name),
                }
            )
        if self.hide_empty and not lines:
            return SafeString()
        return _panel("core/parts/fields.html", self.title, {"lines": lines})

    def _by_contract(self, name: str) -> Value:
        known = contract_field(self.entity, name)
        kinds: dict[str, Kind] = {
            "code": "code",
            "integer": "number",
            "decimal": "number",
            "date": "date",
            "boolean": "flag",
            "enum": "state",
        }
        return Value(name, kind=kinds.get(known.type, "text") if known else "text")


@dataclass(frozen=True)
class Related:
    """Rows that belong to the record, at most 200; ``more(record)`` is where all of them are."""

    title: Words
    rows: Callable[[Any], QuerySet[Any] | Sequence[Any]]
    columns: Sequence[Column]
    entity: str = ""
    empty: Words = ""
    more: Callable[[Any], str] | None = None
    side: bool = False

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel."""
        rows = list(self.rows(record)[: RELATED_MAX_ROWS + 1])
        cut = len(rows) > RELATED_MAX_ROWS
        table = table_class(self.columns, self.entity)(rows[:RELATED_MAX_ROWS], orderable=False)
        context = {
            "table": table,
            "has_rows": bool(rows),
            "count": len(rows[:RELATED_MAX_ROWS]),
            "cut": cut,
            "empty": say(self.empty),
            "more": url if self.more and may_open(url := self.more(record)) else "",
        }
        return _panel("core/parts/related.html", self.title, context)


@dataclass(frozen=True)
class Timeline:
    """What happened, newest first; entries as the ``timeline`` tag takes them."""

    title: Words
    entries: Callable[[Any], Iterable[Mapping[str, Any]]]
    side: bool = False

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel."""
        context = {"entries": list(self.entries(record))}
        return _panel("core/parts/timeline_panel.html", self.title, context)


@dataclass(frozen=True)
class Custom:
    """A template of the app's own; ``context(record)`` None leaves the panel out, and so does the
    want of ``permission``."""

    template: str
    context: Callable[[Any], dict[str, Any] | None]
    side: bool = False
    permission: str = ""

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel."""
        if self.permission and not may(self.permission):
            return SafeString()
        with within(self.permission) if self.permission else nullcontext():
            context = self.context(record)
        if context is None:
            return SafeString()
        made = render_to_string(self.template, {"record": record, **context}, request=request)
        return SafeString(made)


@dataclass(frozen=True)
class DetailScreen:
    """A record's page; ``permission`` opens it.

    ``find(user, **url_arguments)`` gives the record or raises ``DoesNotExist`` (404) or a
    KintsugiError. ``pills(record)`` are (words, tone) pairs beside the title; ``page(request,
    record)`` adds to the context, for example ``tabs``.
    """

    find: Callable[..., Any]
    title: Callable[[Any], str]
    panels: Sequence[Panel]
    permission: str = ""
    subtitle: Callable[[Any], str] | None = None
    pills: Callable[[Any], Iterable[tuple[Words, str]]] | None = None
    breadcrumbs: Callable[[Any], Sequence[tuple[Words, str]]] | None = None
    actions: Callable[[Any], Sequence[Action]] | None = None
    page: Callable[[HttpRequest, Any], dict[str, Any]] | None = None
    template: str = "core/detail.html"

    def as_view(self) -> Callable[..., HttpResponse]:
        """The view."""

        @require_safe
        def view(request: HttpRequest, **arguments: Any) -> HttpResponse:
            return self.respond(request, **arguments)

        return requires(self.permission)(view) if self.permission else view

    def respond(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Answer one request."""
        try:
            record = self.find(request.user, **arguments)
        except ObjectDoesNotExist:
            raise Http404 from None
        drawn = [(panel.side, panel.draw(request, record)) for panel in self.panels]
        actions = self.actions(record) if self.actions else ()
        crumbs = self.breadcrumbs(record) if self.breadcrumbs else ()
        pills = self.pills(record) if self.pills else ()
        context = {
            "record": record,
            "page_title": self.title(record),
            "page_subtitle": self.subtitle(record) if self.subtitle else "",
            "pills": [(say(words), tone) for words, tone in pills],
            "breadcrumbs": [(say(words), url) for words, url in crumbs],
            "actions": drawn_actions(actions, record),
            "main_panels": [made for side, made in drawn if made and not side],
            "side_panels": [made for side, made in drawn if made and side],
            "language": language(),
        }
        context |= self.page(request, record) if self.page else {}
        return render(request, self.template, context)


def _panel(template: str, title: Words, context: dict[str, Any]) -> SafeString:
    return SafeString(render_to_string(template, {"title": say(title), **context}))
