"""Reads of runs shared with the command line, the API and the screens."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from kintsugi.core.lookups import by_number
from kintsugi.core.masks import mask_unplaced
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding.explain import explain_record, explain_records
from kintsugi.onboarding.lineage import lineage_lines
from kintsugi.onboarding.models import Issue, Run, RunIssueCount, Source
from kintsugi.onboarding.sums import checksums

__all__ = [
    "ARITHMETIC",
    "checksums",
    "explain_record",
    "explain_records",
    "issues_of_runs",
    "lineage_lines",
    "rule_title",
    "run_by_number",
    "run_report",
    "runs_of_sources",
    "sources",
]

#: The names of a run's outcomes, the same in reports, the API and the command line.
ARITHMETIC = ("created", "updated", "merged", "unchanged", "excluded", "quarantined")


def rule_title(rule: str) -> Text:
    """What a rule says, without a value; the id where nobody registered it."""
    known = RULES.get(rule)
    if known is None:
        return Text(rule, rule)
    return Text(*(part.replace("{value}", "…") for part in known.title))


def run_report(run: Run) -> dict[str, Any]:
    """A run as ``kintsugi import --json`` and the API print it."""
    counts = run.counts or {}
    issues = RunIssueCount.objects.filter(run=run).order_by("-count", "rule")
    return {
        "run": run.number,
        "id": str(run.pk),
        "source": run.source.code,
        "file": run.file_name,
        "status": run.status,
        "mapping": f"v{run.mapping.number}" if run.mapping else None,
        **{name: counts.get(name) for name in ("read", *ARITHMETIC)},
        "cells_changed": counts.get("cells"),
        "entities": counts.get("entities", {}),
        "issues": [
            {
                "entity": found.entity,
                "rule": found.rule,
                "severity": found.severity,
                "count": found.count,
                "examples": [mask_unplaced(found.entity, text) for text in found.examples],
                "title": rule_title(found.rule)._asdict(),
            }
            for found in issues
        ],
        "rehearsal": run.rehearsal,
        "notes": run.notes,
        "error": run.error,
        "seconds": (run.ended_at - run.started_at).total_seconds()
        if run.ended_at and run.started_at
        else None,
    }


def run_by_number(number: str) -> Run | None:
    """A run by its number or id."""
    return by_number(
        Run.objects.select_related(
            "source", "snapshot", "mapping", "reverts", "rollback", "parent", "window", "wave"
        ),
        number,
    )


def sources() -> QuerySet[Source]:
    """All sources."""
    return Source.objects.filter(is_void=False)


def runs_of_sources(source_ids: Sequence[UUID]) -> QuerySet[Run]:
    """Imports of these sources, without rollbacks and waves."""
    return Run.objects.filter(
        source_id__in=list(source_ids), reverts__isnull=True, parent__isnull=True
    ).select_related("source")


def issues_of_runs(run_ids: Sequence[UUID]) -> Iterator[Issue]:
    """The stored issues of runs, one by one, with their runs."""
    return (
        Issue.objects.filter(run_id__in=list(run_ids))
        .select_related("run")
        .order_by("run_id", "table_no", "row")
        .iterator(chunk_size=2000)
    )
