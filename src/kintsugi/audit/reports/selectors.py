"""Reads of report definitions."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from kintsugi.audit.reports.models import ReportDefinition
from kintsugi.core.access import require
from kintsugi.core.datasets import DATASETS, Dataset, datasets
from kintsugi.core.errors import NotFound, Text


def dataset_by_name(name: str) -> Dataset:
    """A dataset by name. Raises NotFound for an unknown one, and AccessDenied for whoever may not
    read its rows."""
    found = DATASETS.get(name)
    if found is None:
        raise NotFound(Text("数据集", "dataset"), name, field="dataset")
    require(found.permission)
    return found


def reports(user: Any) -> QuerySet[ReportDefinition]:
    """One's own reports and the shared ones, by name: those whose rows whoever is at work may
    read."""
    seen = Q(owner_id=user.pk) | Q(is_shared=True)
    readable = [one.name for one in datasets()]
    found = ReportDefinition.objects.filter(seen, dataset__in=readable, is_void=False)
    return found.order_by("name", "pk")


def report_by_id(report_id: UUID, user: Any) -> ReportDefinition:
    """A report this person may run. Raises NotFound."""
    found = reports(user).filter(pk=report_id).first()
    if found is None:
        raise NotFound(Text("报表", "report"), str(report_id))
    return found


def report_url(report: ReportDefinition) -> str:
    """The address that runs it."""
    query = [("saved", str(report.pk)), *report.filters.items()]
    query += [("columns", name) for name in report.columns]
    if report.sort:
        query.append(("sort", report.sort))
    return f"{reverse('audit:report', args=[report.dataset])}?{urlencode(query)}"
