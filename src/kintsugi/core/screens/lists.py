"""Lists: filter, search, sort, page and export on the server; the address holds all of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from kintsugi.core import scope
from kintsugi.core.access import current, may, require, requires
from kintsugi.core.screens.columns import Column, table_class
from kintsugi.core.screens.export import EXPORT_MAX_ROWS, csv_response
from kintsugi.core.screens.filters import (
    SEARCH_MAX_LENGTH,
    Filter,
    filterset_class,
    matching,
)
from kintsugi.core.screens.parts import Action, Empty, Words, drawn_actions, say

PAGES_MAX = 200
COUNT_MAX = 100_000
PER_PAGE_CHOICES = (25, 50, 100, 200)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to 100,000 and turns at most 200 pages: nobody reads further, they filter."""

    @cached_property
    def count(self) -> int:
        """Rows, at most ``COUNT_MAX``; ``is_more`` says whether there are more."""
        counted = self._counted
        return min(counted, COUNT_MAX)

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: COUNT_MAX + 1].count()
        queryset = getattr(rows, "data", None)  # django-tables2 hands over its rows
        inner = getattr(queryset, "data", queryset)
        if isinstance(inner, QuerySet):
            return inner.order_by()[: COUNT_MAX + 1].count()
        return len(rows)

    @property
    def is_more(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > COUNT_MAX

    @cached_property
    def num_pages(self) -> int:
        """Pages one can turn to."""
        return min(super().num_pages, PAGES_MAX)


@dataclass(frozen=True)
class ListScreen:
    """A list of records.

    ``permission`` opens it, ``export_permission`` the export of what it shows (none: nobody
    exports). ``rows(user, **url_arguments)`` gives the QuerySet, with ``select_related`` for what
    the columns read; the scope at work limits it. ``entity`` names the data contract for labels and
    explanations. ``search`` lists the fields a typed word is looked for in; ``find`` replaces that
    with the app's own search. ``page(request, **url_arguments)`` adds to the template's context:
    ``page_title``, ``page_subtitle``, ``breadcrumbs``, ``tabs``, ``top`` (a template above the
    list).
    """

    name: str
    title: Words
    rows: Callable[..., QuerySet[Any]]
    columns: Sequence[Column]
    permission: str = ""
    export_permission: str = ""
    entity: str = ""
    subtitle: Words = ""
    search: Sequence[str] = ()
    find: Callable[[QuerySet[Any], str], QuerySet[Any]] | None = None
    search_hint: Words = ""
    filters: Sequence[Filter] = ()
    order: Sequence[str] = ()
    per_page: int = 50
    empty: Empty | None = None
    actions: Sequence[Action] = ()
    page: Callable[..., dict[str, Any]] | None = None
    export: bool = True
    template: str = "core/list.html"

    def as_view(self) -> Callable[..., HttpResponseBase]:
        """The view: whole page, the part that changes (htmx), or the export (``?export=csv``)."""

        @require_safe
        def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            return self.respond(request, **arguments)

        return requires(self.permission)(view) if self.permission else view

    def respond(self, request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        """Answer one request."""
        is_export = request.GET.get("export") == "csv"
        if is_export:
            require(self.export_permission)
            # For good: the rows are read after this function has returned.
            scope.bind(current().rows(self.export_permission))
        context = self.context(request, self.rows(request.user, **arguments))
        if is_export:
            return self._export(request, context)
        partial = request.headers.get("HX-Target") == context["list_id"]
        if partial:
            response = render(request, "core/parts/list_rows.html", {**context, "partial": True})
        else:
            context |= self._page_context(request, arguments)
            response = render(request, self.template, context)
        patch_vary_headers(response, ["HX-Target"])
        return response

    def _page_context(self, request: HttpRequest, arguments: dict[str, Any]) -> dict[str, Any]:
        extra = self.page(request, **arguments) if self.page else {}
        return {
            "page_title": say(self.title),
            "page_subtitle": say(self.subtitle),
            "actions": drawn_actions(self.actions),
            **extra,
        }

    def context(self, request: HttpRequest, rows: QuerySet[Any]) -> dict[str, Any]:
        """What ``core/parts/list.html`` needs; other pages may embed a list with it."""
        query = " ".join(request.GET.get("q", "").split())[:SEARCH_MAX_LENGTH]
        filters = filterset_class(self.filters, self.entity, request.user)(
            request.GET or None, queryset=rows
        )
        # An address with a filter we cannot read shows nothing rather than everything.
        sound = not filters.is_bound or filters.form.is_valid()
        rows = filters.qs if sound else rows.none()
        if query:
            rows = self.find(rows, query) if self.find else matching(rows, query, self.search)
        table = self._table(request, rows)
        fields = list(filters.form)
        active = [field for field in fields if field.value() not in (None, "")]
        return {
            "screen": self,
            "list_id": f"list-{self.name}",
            "label": say(self.title),
            "query": query,
            "searchable": bool(self.search or self.find),
            "search_hint": say(self.search_hint),
            "filters": fields,
            "filters_active": len(active),
            "filter_errors": [] if sound else [(f.label, f.errors) for f in fields if f.errors],
            "is_narrowed": bool(query or active),
            "table": table,
            "pages": table.paginator,
            "page": table.page,
            "is_last_turn": table.page.number >= PAGES_MAX,
            "empty": self.empty.drawn() if self.empty else None,
            "exports": self.export and may(self.export_permission),
            "export_max": EXPORT_MAX_ROWS,
            "sort": request.GET.get("sort", ""),
        }

    def _table(self, request: HttpRequest, rows: QuerySet[Any]) -> Any:
        ordered = rows.order_by(*(self.order or rows.query.order_by), "pk")
        kind = table_class(self.columns, self.entity)
        sort = request.GET.get("sort", "")
        known = {column.name for column in self.columns}
        order = [sort] if sort.lstrip("-") in known else None
        table = kind(ordered, order_by=order, request=request)
        per_page = _whole(request.GET.get("per_page"), self.per_page)
        per_page = per_page if per_page in PER_PAGE_CHOICES else self.per_page
        # page: out of range means the nearest one
        table.paginate(paginator_class=BoundedPaginator, per_page=per_page, page=1)
        number = min(max(_whole(request.GET.get("page"), 1), 1), table.paginator.num_pages)
        table.page = table.paginator.page(number)
        return table

    def _export(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponseBase:
        if context["filter_errors"]:
            return HttpResponse(status=400)
        table = context["table"]
        name = say(self.title)
        if context["pages"].count > EXPORT_MAX_ROWS:
            name += f"-first-{EXPORT_MAX_ROWS}"
        rows = table.data.data
        return csv_response(request, rows, self.columns, entity=self.entity, file_name=name)


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default
