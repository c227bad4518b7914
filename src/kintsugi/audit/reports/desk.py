"""The auditor's desk: who changed what, when, by which command and why."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.evidence import COMMAND_NAMES
from kintsugi.audit.models import Change, Transaction
from kintsugi.audit.packs.sections import (
    OF_TABLES,
    OPERATIONS,
    WHOLE_TABLE,
    differences,
    record_title,
    references_in,
)
from kintsugi.audit.records import found_ids, record_names, record_url, table_title, titles
from kintsugi.core.datasets import Dataset
from kintsugi.core.screens import Action, Column, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import language, say

#: Transactions of the runs that a search names.
TRANSACTIONS_MAX = 10_000
#: The ids of entries about a table.
NO_ROW = frozenset({0, 2**128 - 1})
#: Of one change on the desk: so many fields, each value with so many letters.
FIELDS_SHOWN = 3
VALUE_SHOWN = 40
TONES = {"I": "good", "U": "", "D": "bad", "N": "", "S": ""}


class NamedChanges(QuerySet[Change]):
    """Changes that know, once fetched, what the rows they speak of are called."""

    def _fetch_all(self) -> None:
        known = self._result_cache is not None
        super()._fetch_all()
        found = self._result_cache
        if not known and found and isinstance(found[0], Change):
            with_names(found)


def rows(_user: Any) -> QuerySet[Change]:
    """All changes with their transactions."""
    return NamedChanges(Change).select_related("transaction")


def rows_of(_user: Any, table: str, row_id: UUID) -> QuerySet[Change]:
    """All changes of one row."""
    return rows(_user).filter(table=table, row_id=row_id)


def find(changes: QuerySet[Change], text: str) -> QuerySet[Change]:
    """Changes of the rows that a typed key names (id, serial number, code, name, number of a
    run), else of the person, the command or the reason with these words."""
    ids = found_ids(text)
    if ids:
        runs = Transaction.objects.filter(run_id__in=ids).values_list("pk", flat=True)
        of_runs = list(runs[:TRANSACTIONS_MAX])
        wanted = Q(row_id__in=ids)
        return changes.filter(wanted | Q(transaction_id__in=of_runs) if of_runs else wanted)
    words = text.strip()
    return changes.filter(transaction__actor__istartswith=words) | changes.filter(
        transaction__command__istartswith=words
    )


def history_url(change: Change) -> str:
    """All changes of the row."""
    return reverse("audit:row", args=[change.table, change.row_id])


def row_name(change: Change) -> str:
    """What the row is called; looked up for the whole page at once by ``with_names``."""
    return say(record_title(change, names_of(change)))


def names_of(change: Change) -> Mapping[UUID, str]:
    """What the rows of a change are called; empty before ``with_names``."""
    names: Mapping[UUID, str] = getattr(change, "names", {})
    return names


def with_names(changes: Sequence[Change]) -> Sequence[Change]:
    """The changes with the names of all rows they speak of; one query a table."""
    names = record_names((one.table, one.row_id) for one in changes if one.op not in OF_TABLES)
    names |= record_names(references_in(changes))
    for one in changes:
        one.names = names  # type: ignore[attr-defined]
    return changes


def change_text(change: Change) -> str:
    """The difference as one line, for files."""
    names = names_of(change)
    return "; ".join(
        f"{label}: {before} → {after}"
        if change.op == "U"
        else f"{label}: {before if change.op == 'D' else after}"
        for label, before, after in differences(change, names, language())
    )


def brief_text(change: Change) -> str:
    """The difference for the eye: the first fields, short; the record's own page has all."""
    found = differences(change, names_of(change), language())
    said = [
        f"{label}: {_cut(before)} → {_cut(after)}"
        if change.op == "U"
        else f"{label}: {_cut(after or before)}"
        for label, before, after in found[:FIELDS_SHOWN]
    ]
    more = len(found) - len(said)
    if more > 0:
        said.append(ngettext("%(count)s more", "%(count)s more", more) % {"count": more})
    return "; ".join(said)


def _cut(value: str) -> str:
    return value if len(value) <= VALUE_SHOWN else f"{value[: VALUE_SHOWN - 1]}…"


def command_name(change: Change) -> str:
    """What people call the command."""
    return say(COMMAND_NAMES.get(change.transaction.command, change.transaction.command))


def _tables(_user: Any) -> Iterable[tuple[str, str]]:
    pairs = [(table, say(title)) for table, title in titles().items()]
    return sorted(pairs, key=lambda pair: pair[1])


def _page(_request: HttpRequest, **_arguments: Any) -> dict[str, Any]:
    return {
        "actions": [
            Action(_("Save as a report"), reverse("audit:report", args=["trail"]), "report").drawn()
        ]
    }


TRAIL = ListScreen(
    name="trail",
    title=_("Auditor's desk"),
    subtitle=_("Every change of every business row: who, when, by which command, why."),
    permission="trail.read",
    export_permission="trail.export",
    rows=rows,
    columns=(
        Column("transaction__at", label=_("Time"), kind="moment", sort=("pk",)),
        Column("transaction__actor", label=_("Person"), sort=()),
        Column("command", label=_("Command"), value=command_name, sort=()),
        Column("record", label=_("Record"), value=row_name, link=history_url, sort=()),
        Column("op", label=_("Operation"), kind="state", choices=OPERATIONS, tones=TONES, sort=()),
        Column("what", label=_("What changed"), value=change_text, sort=()),
        Column("transaction__reason", label=_("Reason"), sort=()),
        Column("row_id", label=_("Record id"), kind="code", sort=()),
        Column("transaction__request_id", label=_("Request"), kind="code", sort=()),
    ),
    find=find,
    search_hint=_("Serial number, code, name, number of a run, record id, person or command"),
    filters=(
        Filter("table", label=_("Kind of record"), choices_of=lambda user: list(_tables(user))),
        Filter("op", label=_("Operation"), choices=OPERATIONS),
        Filter("at", kind="days", lookup="transaction__at__date", label=_("Time")),
        Filter("actor", kind="exact", lookup="transaction__actor", label=_("Person")),
        Filter("command", kind="exact", lookup="transaction__command", label=_("Command code")),
        Filter("field", kind="key", lookup="after", label=_("Column")),
    ),
    order=("-pk",),
    empty=Empty(_("Nothing was changed"), _("Widen the time or clear a filter."), icon="history"),
    page=_page,
    export=False,
)
DESK = dataclasses.replace(
    TRAIL,
    columns=tuple(
        dataclasses.replace(c, value=brief_text) if c.name == "what" else c
        for c in TRAIL.columns
        if c.name not in ("row_id", "transaction__request_id")
    ),
)
DATASET = Dataset(
    "trail",
    _("Audit trail"),
    _("One row a change of a business row: who, when, by which command, why, before and after."),
    TRAIL,
    order=10,
    prepare=with_names,
)


def _record_page(_request: HttpRequest, table: str, row_id: UUID) -> dict[str, Any]:
    name = record_names([(table, row_id)]).get(row_id, "")
    if row_id.int in NO_ROW:
        name = say(WHOLE_TABLE)
    url = record_url(table, row_id)
    return {
        "page_title": f"{say(table_title(table))} {name or row_id}",
        "page_subtitle": gettext("Every change of this record, newest first."),
        "breadcrumbs": [(_("Auditor's desk"), reverse("audit:desk"))],
        "actions": [Action(_("Open the record"), url, "external-link").drawn()] if url else [],
    }


RECORD = dataclasses.replace(
    TRAIL,
    name="record-trail",
    rows=rows_of,
    columns=tuple(c for c in TRAIL.columns if c.name not in ("record", "row_id")),
    filters=(),
    find=None,
    page=_record_page,
)
