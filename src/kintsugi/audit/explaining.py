"""A row's history, and where each of its values came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any
from uuid import UUID

from kintsugi.audit.models import Change, Provenance
from kintsugi.audit.places import columns_read


@dataclass(frozen=True)
class Cell:
    """One source cell: which file, table, row and column, and what was understood from it.

    ``columns`` are the source columns the field was read from (none: the mapping gave a
    constant); ``value`` is the canonical value of that source record.
    """

    source: str
    source_name: Mapping[str, str]
    file_name: str
    table_name: str
    table_no: int
    snapshot: str
    row: int
    columns: Sequence[Mapping[str, Any]]
    value: Any
    run_id: UUID
    mapping_version: str
    authority: int

    @property
    def place(self) -> str:
        """Where the cell is, as people write it: ``file › sheet › C12``."""
        letters = "+".join(str(c["letter"]) for c in self.columns)
        at = f"{letters}{self.row}" if letters else str(self.row)
        return f"{self.file_name} › {self.table_name} › {at}"


@dataclass
class FieldOrigin:
    """What stands behind one field of a row: the winning cell, the losing ones, and its changes."""

    field: str
    winner: Cell | None = None
    losers: list[Cell] = default(default_factory=list)
    changes: list[dict[str, Any]] = default(default_factory=list)


def history(*, row_id: UUID, limit: int = 200) -> list[Change]:
    """Changes of one row, newest first, with their transactions; at most ``limit``."""
    return list(
        Change.objects.filter(row_id=row_id).select_related("transaction").order_by("-id")[:limit]
    )


def sources_of(*, gid: UUID) -> list[Provenance]:
    """The source records behind a row, highest authority first; bounded to 200."""
    return list(
        Provenance.objects.filter(gid=gid)
        .select_related("origin", "won")
        .order_by("-origin__authority", "-origin__observed_at", "source", "source_key")[:200]
    )


def explain(*, gid: UUID, columns: Mapping[str, str] | None = None) -> dict[str, FieldOrigin]:
    """For each field of a row: the cell it came from, what other sources say, and its changes.

    ``columns`` maps field names to table columns where they differ (``product`` →
    ``product_id``), to find a field's changes in the log.
    """
    found: dict[str, FieldOrigin] = {}
    for record in sources_of(gid=gid):
        won = set(record.won.fields)
        for name, value in record.values.items():
            if value is None:
                continue
            origin = found.setdefault(name, FieldOrigin(name))
            cell = _cell(record, name, value)
            if name in won and origin.winner is None:
                origin.winner = cell
            else:
                origin.losers.append(cell)
    _add_changes(found, history(row_id=gid), columns or {})
    return found


def _cell(record: Provenance, name: str, value: Any) -> Cell:
    origin, row = record.origin, record.row
    elsewhere = (record.field_rows or {}).get(name)
    if isinstance(elsewhere, dict):  # kept from an earlier snapshot: a blank erases nothing
        origin, row = type(origin).objects.get(pk=elsewhere["origin"]), elsewhere["row"]
    elif elsewhere is not None:
        row = elsewhere
    return Cell(
        source=origin.source,
        source_name=origin.source_name,
        file_name=origin.file_name,
        table_name=origin.table_name,
        table_no=origin.table_no,
        snapshot=origin.snapshot,
        row=row,
        columns=columns_read(origin, name, row),
        value=value,
        run_id=origin.run_id,
        mapping_version=origin.mapping_version,
        authority=origin.authority,
    )


def _add_changes(
    found: dict[str, FieldOrigin], changes: Sequence[Change], columns: Mapping[str, str]
) -> None:
    fields = {column: name for name, column in columns.items()}
    for change in changes:
        for column, after in (change.after or {}).items():
            origin = found.setdefault(
                fields.get(column, column), FieldOrigin(fields.get(column, column))
            )
            origin.changes.append(
                {
                    "at": change.transaction.at,
                    "actor": change.transaction.actor,
                    "command": change.transaction.command,
                    "reason": change.transaction.reason,
                    "run_id": change.transaction.run_id,
                    "before": (change.before or {}).get(column),
                    "after": after,
                }
            )
