"""The only writer of report definitions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.http import QueryDict

from kintsugi.audit.context import recorded
from kintsugi.audit.reports.models import ReportDefinition
from kintsugi.audit.reports.running import OTHER, report_of
from kintsugi.audit.reports.selectors import dataset_by_name
from kintsugi.core.access import within
from kintsugi.core.errors import KintsugiError, NotFound, Text

NAME_CHARS = 120


def save_report(
    *,
    actor: Any,
    name: str,
    dataset: str,
    columns: Sequence[str],
    filters: Mapping[str, str],
    sort: str = "",
    is_shared: bool = False,
) -> ReportDefinition:
    """Keep a report under a name; the owner's report of the same name is changed.

    Raises KintsugiError ``report.no-name``, what ``dataset_by_name`` refuses, and what
    ``report_of`` refuses.
    """
    name = " ".join(name.split())[:NAME_CHARS]
    if not name:
        raise KintsugiError(
            "report.no-name",
            Text("没有写明报表名称。", "The report has no name."),
            Text("请给报表一个名称。", "Give the report a name."),
            field="name",
        )
    known = dataset_by_name(dataset)
    given = QueryDict(mutable=True)
    given.update({k: v for k, v in filters.items() if v not in (None, "")})
    given.setlist("columns", list(columns))
    given["sort"] = sort
    with within(known.permission):
        report_of(known, user=actor, params=given)  # refuses what could not be run
    kept = {k: given[k] for k in given if k == "q" or k not in OTHER}
    values = {"dataset": dataset, "columns": list(columns), "filters": kept, "sort": sort,
              "is_shared": is_shared}  # fmt: skip
    with recorded(actor=actor, command="audit.save-report", reason=name):
        mine = ReportDefinition.objects.filter(owner_id=actor.pk, name=name, is_void=False)
        if mine.update(**values, version=F("version") + 1, updated_at=Now()):
            return mine.get()
        return ReportDefinition.objects.create(
            name=name, owner_id=actor.pk, owner=str(actor), **values
        )


def void_report(*, actor: Any, report_id: UUID) -> None:
    """Take a report of one's own away. Raises NotFound, also for another person's."""
    with recorded(actor=actor, command="audit.void-report"):
        taken = ReportDefinition.objects.filter(
            pk=report_id, owner_id=actor.pk, is_void=False
        ).update(
            is_void=True, void_reason="taken away by its owner", version=F("version") + 1,
            updated_at=Now(),
        )  # fmt: skip
    if not taken:
        raise NotFound(Text("报表", "report"), str(report_id))
