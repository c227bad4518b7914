"""Lists: what a list screen shows, with the same filters, search and order, as JSON."""

import datetime as dt
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import translation
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field, create_model

from kintsugi.core.access import requires
from kintsugi.core.api.errors import invalid
from kintsugi.core.api.schemas import READ, Word
from kintsugi.core.screens import Column, Filter, ListScreen
from kintsugi.core.screens.filters import filterset_class, matching
from kintsugi.core.screens.lists import COUNT_MAX, PAGES_MAX, BoundedPaginator

Also = Callable[[QuerySet[Any], Any], QuerySet[Any]]
LIMIT = 50
LIMIT_MAX = 200


class ListQuery(Schema):
    """Which part of a list. Deeper than page 200 nobody reads: narrow it with filters."""

    q: Word = Field(default="", description="what to look for, as on the page")
    page: int = Field(default=1, ge=1, le=PAGES_MAX, description="which page")
    limit: int = Field(default=LIMIT, ge=1, le=LIMIT_MAX, description="records on a page")


class Page(Schema):
    """One page of a list."""

    page: int
    limit: int
    count: int = Field(description=f"records in all; counted up to {COUNT_MAX}")
    is_more: bool = Field(description="whether there are more than were counted")
    next: str | None = Field(description="address of the next page")
    previous: str | None = Field(description="address of the page before")


def sortable(columns: Sequence[Column]) -> dict[str, tuple[str, ...]]:
    """Names one can sort by, with the columns of the table they stand for; as on the screen."""
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        by = (column.name,) if column.sort is None else tuple(column.sort)
        if by and not (column.value and column.sort is None):
            found[column.name] = by
    return found


def _filter_fields(one: Filter, entity: str) -> dict[str, Any]:
    with translation.override("en"):  # the document is the same whoever loads it first
        name = one.heading(entity)
    if one.kind == "days":
        return {
            f"{one.name}_from": (dt.date | None, Field(None, description=f"{name}, from this day")),
            f"{one.name}_to": (dt.date | None, Field(None, description=f"{name}, to this day")),
        }
    if one.kind == "flag":
        return {one.name: (bool | None, Field(None, description=name))}
    if one.kind == "choice" and one.choices_of is None:
        codes = tuple(code for code, _label in one.pairs(entity, None))
        about = f"{name}: {', '.join(f'`{code}`' for code in codes)}"
        return {one.name: (Literal[codes] | None, Field(None, description=about))}
    return {one.name: (Word | None, Field(None, description=name))}


def query_schema(screen: ListScreen, extra: Mapping[str, Any]) -> type[ListQuery]:
    """The parameters of a list: its filters, its search, its order, and which page."""
    fields: dict[str, Any] = dict(extra)
    for one in screen.filters:
        fields.update(_filter_fields(one, screen.entity))
    names = tuple(sign + name for name in sortable(screen.columns) for sign in ("", "-"))
    if names:
        about = f"order; a minus sign reverses it: {', '.join(f'`{n}`' for n in names[::2])}"
        fields["sort"] = (Literal[names] | None, Field(None, description=about))
    title = "".join(part.capitalize() for part in screen.name.replace("-", " ").split())
    return create_model(f"{title}Query", __base__=ListQuery, __module__=__name__, **fields)


def add_list(
    router: Router,
    path: str,
    screen: ListScreen,
    item: type[Schema],
    *,
    name: str,
    summary: str,
    related: Sequence[str] = (),
    rows: Callable[..., QuerySet[Any]] | None = None,
    arguments: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    also: Also | None = None,
) -> None:
    """A route that lists what ``screen`` lists, under the screen's permission.

    ``related`` names what an item reads beyond the screen's columns; ``rows(user, **path)`` takes
    the place of the screen's rows; ``arguments`` are the parts of the path with their types.
    ``extra`` are further parameters (type and field, by name) that ``also(rows, params)`` heeds.
    """
    query = query_schema(screen, extra or {})
    answer = create_model(
        f"{item.__name__}Page",
        __base__=Page,
        __module__=__name__,
        items=(list[item], ...),  # type: ignore[valid-type]
    )
    read = rows or screen.rows

    def view(request: HttpRequest, params: Any, **parts: Any) -> dict[str, Any]:
        found = read(request.user, **parts)
        if related:
            found = found.select_related(*related)
        found = narrowed(request, screen, found, query)
        return page_of(request, screen, also(found, params) if also else found, params)

    view.__name__ = name
    signed = _signed(view, query, arguments or {})
    permitted = requires(screen.permission)(signed)
    router.get(path, response={200: answer, **READ}, summary=summary, url_name=name)(permitted)


def _signed(
    view: Callable[..., Any], query: type[Schema], arguments: Mapping[str, Any]
) -> Callable[..., Any]:
    """The view with the signature that ninja reads: the type of its query is made at run time."""
    kind = inspect.Parameter.KEYWORD_ONLY
    params = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    params += [inspect.Parameter(n, kind, annotation=t) for n, t in arguments.items()]
    params.append(inspect.Parameter("params", kind, annotation=query, default=Query(...)))
    view.__signature__ = inspect.Signature(params)  # type: ignore[attr-defined]
    return view


def narrowed(
    request: HttpRequest, screen: ListScreen, rows: QuerySet[Any], query: type[Schema]
) -> QuerySet[Any]:
    """Rows that the filters and the search leave. Raises KintsugiError ``api.invalid`` for a
    parameter that is unknown or given twice: a filter we overlook would show too much."""
    wrong = [
        n for n in request.GET if n not in query.model_fields or len(request.GET.getlist(n)) > 1
    ]
    if wrong:
        known = ", ".join(sorted(query.model_fields))
        raise invalid([_wrong(n[:60], "unknown", f"once, and one of: {known}") for n in wrong[:20]])
    given = QueryDict(mutable=True)
    given.update({n: request.GET[n] for n in request.GET if n not in ListQuery.model_fields})
    filters = filterset_class(screen.filters, screen.entity, request.user)(given, queryset=rows)
    if not filters.form.is_valid():
        errors = filters.form.errors
        raise invalid([_wrong(n, "choice", " ".join(errors[n])) for n in errors])
    rows = filters.qs
    text = " ".join(request.GET.get("q", "").split())
    if text:
        rows = screen.find(rows, text) if screen.find else matching(rows, text, screen.search)
    return rows


def page_of(
    request: HttpRequest, screen: ListScreen, rows: QuerySet[Any], params: Any
) -> dict[str, Any]:
    """One page of the rows, in the order that was asked for; ties by id, so pages never overlap."""
    sort = getattr(params, "sort", None) or ""
    fields = sortable(screen.columns).get(sort.lstrip("-"), ())
    sign = "-" if sort.startswith("-") else ""
    order = [f"{sign}{field}" for field in fields] or list(screen.order)
    return window(request, rows.order_by(*order, "pk"), page=params.page, limit=params.limit)


def window(request: HttpRequest, rows: QuerySet[Any], *, page: int, limit: int) -> dict[str, Any]:
    """A page of ordered rows with its counts and neighbours."""
    paginator = BoundedPaginator(rows, limit)
    last = paginator.num_pages
    return {
        "items": list(rows[(page - 1) * limit : page * limit]),
        "page": page,
        "limit": limit,
        "count": paginator.count,
        "is_more": paginator.is_more,
        "next": _address(request, page + 1) if page < last else None,
        "previous": _address(request, min(page - 1, last)) if page > 1 else None,
    }


def _address(request: HttpRequest, page: int) -> str:
    given = request.GET.copy()
    given["page"] = str(page)
    return f"{request.path}?{given.urlencode()}"


def _wrong(name: str, rule: str, message: str) -> dict[str, str]:
    return {"place": "query", "field": name, "rule": rule, "message": message}
