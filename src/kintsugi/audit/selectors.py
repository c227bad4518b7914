"""Reads of the record: a row's history, and where each of its values came from."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Max

from kintsugi.audit.crosswalk import known_records, records_of
from kintsugi.audit.evidence import (
    Evidence,
    SourceRecord,
    cell_url,
    evidence_of,
    gid_of_key,
    golden_cells,
    is_row_of,
    name_commands,
    operations,
    origins_of,
    record_at,
    records_by_key,
    records_by_row,
    source_count,
)
from kintsugi.audit.explaining import Cell, FieldOrigin, explain, history, sources_of
from kintsugi.audit.models import Change, Provenance
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
from kintsugi.audit.packs.selectors import pack_file, packs
from kintsugi.audit.packs.values import RecordValues, value_table
from kintsugi.audit.places import columns_read
from kintsugi.audit.records import record_kind
from kintsugi.audit.retention.rules import Clause, RetentionRule, YearsAfter, register_retention
from kintsugi.audit.sealing.export import export_log, proof_of
from kintsugi.audit.sealing.status import recent_checkpoints, seal_status, witness_here
from kintsugi.audit.verification import VERIFIERS, exit_code

__all__ = [
    "FILE_BYTES_MAX",
    "SUBJECTS_MAX",
    "VERIFIERS",
    "Cell",
    "Chapter",
    "Clause",
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
    "exit_code",
    "explain",
    "export_log",
    "gid_of_key",
    "golden_cells",
    "history",
    "is_row_of",
    "known_records",
    "last_entry",
    "name_commands",
    "operations",
    "origins_of",
    "origins_of_rows",
    "pack_file",
    "packs",
    "proof_of",
    "provenance_of_sources",
    "recent_checkpoints",
    "record_at",
    "record_kind",
    "records_by_key",
    "records_by_row",
    "records_of",
    "register_retention",
    "register_scope",
    "register_section",
    "seal_status",
    "source_count",
    "sources_of",
    "too_large",
    "value_table",
    "witness_here",
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


def last_entry() -> int:
    """Id of the newest entry of the change log; 0 where it is empty."""
    return int(Change.objects.aggregate(last=Max("id", default=0))["last"])
