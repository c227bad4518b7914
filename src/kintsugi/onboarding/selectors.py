"""Reads of runs shared with the command line, the API and the screens."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from kintsugi.core.lookups import by_number
from kintsugi.core.masks import mask_unplaced
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding.explain import explain_record, explain_records
from kintsugi.onboarding.exporting import export_to
from kintsugi.onboarding.lineage import lineage_lines
from kintsugi.onboarding.models import Connector, Issue, Run, RunIssueCount
from kintsugi.onboarding.states import FETCH
from kintsugi.onboarding.sums import checksums

__all__ = [
    "ARITHMETIC",
    "arrival_state",
    "checksums",
    "connectors_of",
    "explain_record",
    "explain_records",
    "export_to",
    "issues_of_runs",
    "lineage_lines",
    "rule_title",
    "run_by_number",
    "run_report",
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


def arrival_state(status: str) -> Text:
    """What became of something a connector brought, in words."""
    return FETCH.states[status]


def connectors_of(source: str, name: str = "") -> list[Connector]:
    """The connectors of a source that are in use, by name; only the one of a name where given."""
    found = Connector.objects.filter(source__code=source, is_void=False).select_related("source")
    if name:
        found = found.filter(name=name)
    return list(found.order_by("name")[:100])


def issues_of_runs(run_ids: Sequence[UUID]) -> Iterator[Issue]:
    """The stored issues of runs, one by one, with their runs."""
    return (
        Issue.objects.filter(run_id__in=list(run_ids))
        .select_related("run")
        .order_by("run_id", "table_no", "row")
        .iterator(chunk_size=2000)
    )
