"""Reports over HTTP."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Router, Schema, Status
from ninja.params.functions import Path, Query
from pydantic import Field

from kintsugi.audit.reports import running, selectors, services, views
from kintsugi.audit.reports.models import ReportDefinition
from kintsugi.core.access import requires, within
from kintsugi.core.api.lists import LIMIT_MAX
from kintsugi.core.api.schemas import READ, WRITE, Word
from kintsugi.core.datasets import datasets
from kintsugi.core.screens.parts import say

router = Router(tags=["Reports"])
Name = Path(..., max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="name of the dataset")
OFFSET_MAX = 100_000


class ReportColumnOut(Schema):
    """A column of a dataset."""

    name: str
    title: str


class DatasetOut(Schema):
    """Rows that a report can be made of."""

    name: str
    title: str
    about: str
    columns: list[ReportColumnOut]
    filters: list[str]


class Datasets(Schema):
    """All datasets this person may read."""

    items: list[DatasetOut]


class ReportOut(Schema):
    """A saved report."""

    id: UUID
    name: str
    dataset: str
    columns: list[str]
    filters: dict[str, str]
    sort: str
    owner: str
    is_shared: bool
    page: str

    @staticmethod
    def resolve_page(report: ReportDefinition) -> str:
        """Where it runs on the screen."""
        return selectors.report_url(report)


class Reports(Schema):
    """One's own reports and the shared ones."""

    items: list[ReportOut]


class ReportIn(Schema):
    """What to keep under a name."""

    name: Word = Field(min_length=1)
    dataset: Word
    columns: list[Word] = Field(default_factory=list, max_length=60, description="none: all")
    filters: dict[str, Word] = Field(default_factory=dict)
    sort: Word = ""
    is_shared: bool = False


class Rows(Schema):
    """A window of a report's rows as text, and what was said about it."""

    title: str
    filters: list[tuple[str, str]]
    columns: list[ReportColumnOut]
    rows: list[list[str]]
    is_more: bool


@router.get("/datasets", response={200: Datasets, **READ}, summary="Datasets for reports")
@requires("report.read")
def report_datasets(request: HttpRequest) -> dict[str, Any]:
    """Those this person may read, each with its columns and filters."""
    items = [
        {
            "name": one.name,
            "title": say(one.title),
            "about": say(one.about),
            "columns": [
                {"name": c.name, "title": c.heading(one.screen.entity)[0]}
                for c in one.screen.columns
            ],
            "filters": [
                name
                for f in one.screen.filters
                for name in ([f"{f.name}_from", f"{f.name}_to"] if f.kind == "days" else [f.name])
            ],
        }
        for one in datasets()
    ]
    return {"items": items}


@router.get("/reports", response={200: Reports, **READ}, summary="Saved reports")
@requires("report.read")
def saved_reports(request: HttpRequest) -> dict[str, Any]:
    """One's own and the shared ones, by name."""
    return {"items": list(selectors.reports(request.user)[:LIMIT_MAX])}


@router.post("/reports", response={201: ReportOut, **WRITE}, summary="Keep a report")
@requires("report.create")
def keep_report(request: HttpRequest, given: ReportIn) -> Status[ReportDefinition]:
    """One's own report of the same name is changed."""
    return Status(201, services.save_report(actor=request.user, **given.model_dump()))


@router.get("/datasets/{name}/rows", response={200: Rows, **READ}, summary="Rows of a report")
@requires("report.read")
def report_rows(
    request: HttpRequest,
    name: str = Name,
    limit: int = Query(50, ge=1, le=LIMIT_MAX, description="rows"),
    offset: int = Query(0, ge=0, le=OFFSET_MAX, description="rows to skip"),
) -> dict[str, Any]:
    """Further parameters are `columns` (repeated), `q`, `sort` and the dataset's filters."""
    found = selectors.dataset_by_name(name)
    params = request.GET.copy()
    params.pop("offset", None)
    with within(found.permission):
        report = running.report_of(found, user=request.user, params=params)
        rows = report.rows[offset : offset + limit + 1]
        window = running.Report(found, report.title, report.columns, rows, report.said)
        texts = list(running.texts(window))
    titles = running.headings(report)
    return {
        "title": report.title,
        "filters": report.said,
        "columns": [
            {"name": c.name, "title": t} for c, t in zip(report.columns, titles, strict=True)
        ],
        "rows": texts[:limit],
        "is_more": len(texts) > limit,
    }


@router.get(
    "/datasets/{name}/file",
    response={200: bytes, **READ},
    summary="A report as a file",
    openapi_extra={
        "responses": {
            200: {
                "description": "the file",
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in (
                        "text/csv",
                        "application/pdf",
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                    )
                },
            }
        }
    },
)
@requires("report.export")
def report_as_file(
    request: HttpRequest,
    format: Literal["csv", "xlsx", "pdf"],
    name: str = Name,
) -> HttpResponseBase:
    """With who made it, when, with which filters and how many rows."""
    return views.report_file(request, name, format)
