"""Reads of the record: a row's history, and where each of its values came from."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from kintsugi.audit.crosswalk import known_records, records_of
from kintsugi.audit.evidence import (
    Evidence,
    SourceRecord,
    cell_url,
    evidence_of,
    gid_of_key,
    golden_cells,
    name_commands,
    operations,
    origins_of,
    record_at,
    records_by_key,
    records_by_row,
    source_count,
)
from kintsugi.audit.explaining import Cell, FieldOrigin, explain, history, sources_of
from kintsugi.audit.models import Provenance
from kintsugi.audit.packs.registry import (
    FILE_BYTES_MAX,
    SUBJECTS_MAX,
    Chapter,
    PackColumn,
    PackFile,
    PackTable,
    Scope,
    ScopeKind,
    Section,
    Subject,
    register_scope,
    register_section,
    too_large,
)
from kintsugi.audit.packs.values import RecordValues, value_table
from kintsugi.audit.places import columns_read
from kintsugi.audit.records import record_kind
from kintsugi.audit.reports.registry import Dataset, register_dataset
from kintsugi.audit.retention.rules import Clause, RetentionRule, YearsAfter, register_retention

__all__ = [
    "FILE_BYTES_MAX",
    "SUBJECTS_MAX",
    "Cell",
    "Chapter",
    "Clause",
    "Dataset",
    "Evidence",
    "FieldOrigin",
    "PackColumn",
    "PackFile",
    "PackTable",
    "RecordValues",
    "RetentionRule",
    "Scope",
    "ScopeKind",
    "Section",
    "SourceRecord",
    "Subject",
    "YearsAfter",
    "cell_url",
    "columns_read",
    "evidence_of",
    "explain",
    "gid_of_key",
    "golden_cells",
    "history",
    "known_records",
    "name_commands",
    "operations",
    "origins_of",
    "origins_of_rows",
    "provenance_of_sources",
    "record_at",
    "record_kind",
    "records_by_key",
    "records_by_row",
    "records_of",
    "register_dataset",
    "register_retention",
    "register_scope",
    "register_section",
    "source_count",
    "sources_of",
    "too_large",
    "value_table",
]


def provenance_of_sources(codes: Sequence[str]) -> Iterator[Provenance]:
    """All records of these sources, one by one (not for a list on a screen)."""
    return (
        Provenance.objects.filter(origin__source__in=list(codes))
        .select_related("origin", "won")
        .order_by("id")
        .iterator(chunk_size=2000)
    )


def origins_of_rows(gids: Sequence[UUID]) -> list[UUID]:
    """Ids of the runs whose source records stand behind these rows."""
    found = Provenance.objects.filter(gid__in=list(gids)).order_by()
    return list(found.values_list("origin__run_id", flat=True).distinct())
