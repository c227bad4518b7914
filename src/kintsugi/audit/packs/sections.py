"""The parts of a pack that the record itself gives: changes, and the files of the register."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from kintsugi.audit.evidence import COMMAND_NAMES, PLUMBING
from kintsugi.audit.models import Change
from kintsugi.audit.packs.registry import (
    Chapter,
    PackColumn,
    PackTable,
    Scope,
    ScopeKind,
    Section,
    register_scope,
    register_section,
    too_large,
)
from kintsugi.audit.records import (
    field_label,
    record_names,
    reference_of,
    shown_row,
    table_title,
    value_text,
)
from kintsugi.core.errors import KintsugiError, Text

OPERATIONS = {
    "I": Text("新建", "created"),
    "U": Text("修改", "changed"),
    "D": Text("删除", "deleted"),
    "N": Text("写入但未变", "written, not changed"),
    "S": Text("表的列", "columns of the table"),
}
#: Entries about a table and no row of it: they stand under ids that no row has.
OF_TABLES = frozenset({"N", "S"})
WHOLE_TABLE = Text("(整个表)", "(the whole table)")
CHANGES = Text("全部更改", "Every change")
COLUMNS = (
    PackColumn("change_id", Text("更改号", "Change"), "number", 0),
    PackColumn("at", Text("时间", "Time"), "moment", 1.1),
    PackColumn("person", Text("人员", "Person"), width=1),
    PackColumn("person_id", Text("人员 ID", "Person id"), "code", 0),
    PackColumn("command", Text("操作", "Command"), width=1.2),
    PackColumn("command_id", Text("操作代码", "Command code"), "code", 0),
    PackColumn("reason", Text("原因", "Reason"), width=1),
    PackColumn("table", Text("表", "Table"), "code", 0),
    PackColumn("record", Text("记录", "Record"), width=1.3),
    PackColumn("record_id", Text("记录 ID", "Record id"), "code", 0),
    PackColumn("operation", Text("动作", "Operation"), width=0),
    PackColumn("what", Text("更改内容", "What changed"), width=2.4),
    PackColumn("before", Text("之前", "Before"), width=0),
    PackColumn("after", Text("之后", "After"), width=0),
    PackColumn("transaction", Text("数据库事务", "Database transaction"), "code", 0),
    PackColumn("request", Text("请求号", "Request"), "code", 0),
    PackColumn("run_id", Text("导入运行 ID", "Run id"), "code", 0),
)


def changes_in(scope: Scope) -> QuerySet[Change] | None:
    """The changes of a scope, oldest first; None where the scope names none."""
    changes = Change.objects.select_related("transaction").order_by("id")
    if scope.ids:
        return changes.filter(row_id__in=scope.ids)
    if scope.run_id:
        return changes.filter(transaction__run_id=scope.run_id)
    if scope.since and scope.until:
        return changes.filter(transaction__at__gte=scope.since, transaction__at__lt=scope.until)
    return None


def collect_changes(scope: Scope, limit: int) -> Chapter | None:
    """Who changed what, when, by which command and why, with the values before and after."""
    changes = changes_in(scope)
    if changes is None:
        return None
    count = changes.order_by()[: limit + 1].count()
    if count > limit:
        raise too_large("changes", rows=count, limit=limit)
    found = list(changes)
    names = record_names((one.table, one.row_id) for one in found if one.op not in OF_TABLES)
    names |= record_names(references_in(found))
    rows = [change_row(change, names) for change in found]
    chapter = Chapter([PackTable("changes", CHANGES, COLUMNS, rows)])
    if any(change.op in OF_TABLES for change in found):
        chapter.notes.append(
            Text(
                f"标明“{OPERATIONS['N'].zh}”和“{OPERATIONS['S'].zh}”的条目属于整个表,不属于某条记录:"
                "前者是更新碰到却未改变的行,后者是升级后表的列。",
                f"Entries “{OPERATIONS['N'].en}” and “{OPERATIONS['S'].en}” belong to a table, not "
                "to a record: rows that an update touched and left as they were, and the columns "
                "that an upgrade left.",
            )
        )
    return chapter


def references_in(changes: Iterable[Change]) -> Iterable[tuple[str, UUID]]:
    """The rows that the changes' values point to, with their tables."""
    for change in changes:
        if change.op in OF_TABLES:
            continue
        for side in (change.before, change.after):
            for column, value in (side or {}).items():
                target = reference_of(change.table, column)
                if target and value:
                    yield target, UUID(value)


def change_row(change: Change, names: Mapping[UUID, str]) -> tuple[Any, ...]:
    """One change as a row of the table; ``names`` are what rows are called."""
    made = change.transaction
    record = record_title(change, names)
    return (
        change.pk,
        made.at,
        made.actor,
        str(made.actor_id) if made.actor_id else None,
        COMMAND_NAMES.get(made.command, made.command),
        made.command,
        made.reason or None,
        change.table,
        record,
        None if change.op in OF_TABLES else str(change.row_id),
        OPERATIONS[change.op],
        what_changed(change, names),
        sides_shown(change)[0],
        sides_shown(change)[1],
        str(made.xid),
        made.request_id or None,
        str(made.run_id) if made.run_id else None,
    )


def record_title(change: Change, names: Mapping[UUID, str]) -> Text:
    """What the change is about: the kind of record and its name; the table for an entry about no
    row of it."""
    kind = table_title(change.table)
    if change.op in OF_TABLES:
        return Text(f"{kind.zh}{WHOLE_TABLE.zh}", f"{kind.en} {WHOLE_TABLE.en}")
    name = names.get(change.row_id, "")
    return Text(f"{kind.zh} {name}".strip(), f"{kind.en} {name}".strip())


def sides_shown(change: Change) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Before and after as whoever is at work may see them. An entry about a table holds no value of
    a row but the ones its columns were filled with, which are masked like any."""
    after = change.after
    if change.op == "S" and after:
        filled = shown_row(change.table, after.get("fills"))
        return None, {"names": after.get("names"), "fills": filled}
    if change.op == "N":
        return None, after
    return shown_row(change.table, change.before), shown_row(change.table, after)


def _about_table(change: Change) -> list[tuple[Text, str]]:
    """What an entry about a table says: (label, value)."""
    after = change.after or {}
    if change.op == "N":
        return [(Text("行数", "rows"), str(after.get("rows", "")))]
    names = sorted(after.get("names", {}).items(), key=lambda pair: int(pair[0]))
    return [(Text("列", "columns"), _short(", ".join(str(name) for _, name in names)))]


def what_changed(change: Change, names: Mapping[UUID, str]) -> Text:
    """The change in words: a line for each field, before → after."""
    return Text(*("\n".join(_lines(change, names, language)) for language in ("zh", "en")))


def differences(
    change: Change, names: Mapping[UUID, str], language: str
) -> list[tuple[str, str, str]]:
    """(field, before, after) of a change, without columns that say nothing about the thing. An
    entry about a table has nothing before."""
    if change.op in OF_TABLES:
        return [(label.get(language), "", value) for label, value in _about_table(change)]
    before = shown_row(change.table, change.before) or {}
    after = shown_row(change.table, change.after) or {}
    found = []
    for column in dict.fromkeys([*after, *before]):
        pair = before.get(column), after.get(column)
        if column in PLUMBING or all(one in (None, "", {}, []) for one in pair):
            continue
        refers = reference_of(change.table, column) is not None
        shown = [
            _short(
                value_text(change.table, column, _named(one, names) if refers else one, language)
            )
            for one in pair
        ]
        found.append((field_label(change.table, column).get(language), shown[0], shown[1]))
    return found


def _lines(change: Change, names: Mapping[UUID, str], language: str) -> Iterable[str]:
    if change.op != "U":
        yield OPERATIONS[change.op].get(language)
    for label, before, after in differences(change, names, language):
        if change.op == "U":
            yield f"{label}: {before} → {after}"
        else:
            yield f"{label}: {before if change.op == 'D' else after}"


def _named(value: Any, names: Mapping[UUID, str]) -> Any:
    return names.get(UUID(value), value) if value else value


def _short(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def resolve_period(key: str) -> Scope:
    """``2026-11-01/2026-12-01`` or with times: from the first (included) to the second (not).

    Without a zone the times are those of the installation. Raises KintsugiError
    ``pack.period-unclear``.
    """
    parts = [part.strip() for part in key.replace("..", "/").split("/")]
    try:
        since, until = (_instant(part) for part in parts)
        if since >= until:
            raise ValueError(key)
    except ValueError:
        raise KintsugiError(
            "pack.period-unclear",
            Text(f"无法理解时段“{key}”。", f"The period “{key}” is not understood."),
            Text(
                "请写作 2026-11-01/2026-12-01,开始在前,结束不含在内;可带时间。",
                "Write 2026-11-01/2026-12-01: start first, the end is not included; times may be "
                "given.",
            ),
            field="key",
            key=key,
        ) from None
    shown = f"{since:%Y-%m-%d %H:%M %z} – {until:%Y-%m-%d %H:%M %z}"
    title = Text(f"时段 {shown}", f"Period {shown}")
    return Scope("period", f"{since.isoformat()}/{until.isoformat()}", title, since=since,
                 until=until)  # fmt: skip


def _instant(text: str) -> dt.datetime:
    found = dt.datetime.fromisoformat(text)
    zone = timezone.get_default_timezone()
    return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)


def register() -> None:
    """The record's own parts and the scope that needs no app."""
    register_section(Section("changes", CHANGES, collect_changes, 50))
    register_scope(
        ScopeKind(
            "period",
            Text("时段", "Period"),
            Text("例如 2026-11-01/2026-12-01", "For example 2026-11-01/2026-12-01"),
            resolve_period,
            90,
        )
    )
