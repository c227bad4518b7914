"""Evidence packs of runs, and the imports behind a device: files, arithmetic, mapping, issues."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from kintsugi.audit.selectors import (
    FILE_BYTES_MAX,
    Chapter,
    PackColumn,
    PackFile,
    PackTable,
    Scope,
    ScopeKind,
    Section,
    origins_of_rows,
    record_kind,
    register_scope,
    register_section,
    too_large,
)
from kintsugi.core.access import PERSONAL, may
from kintsugi.core.errors import NotFound, Text
from kintsugi.core.masks import mask, mask_unplaced
from kintsugi.engine.contract import load_contract
from kintsugi.engine.snapshot import RAW
from kintsugi.onboarding.models import Chunk, Issue, Run, RunIssueCount
from kintsugi.onboarding.selectors import ARITHMETIC, rule_title, run_by_number
from kintsugi.onboarding.states import ISSUE, RUN
from kintsugi.onboarding.uploads import safe_name

RUN_TITLE = Text("导入运行", "Run")
ALL = Text("合计", "all")
OUTCOMES = {
    "read": Text("读取", "Read"),
    "created": Text("新建", "Created"),
    "updated": Text("更新", "Updated"),
    "merged": Text("合并", "Merged"),
    "unchanged": Text("未变", "Unchanged"),
    "excluded": Text("排除", "Excluded"),
    "quarantined": Text("隔离", "Quarantined"),
}
SEVERITIES = {
    "error": Text("错误", "error"),
    "ask": Text("需人工确认", "ask a person"),
    "warn": Text("提示", "warning"),
    "info": Text("说明", "information"),
}
RUN_COLUMNS = (
    PackColumn("run", Text("运行", "Run"), "code", 1.7),
    PackColumn("run_id", Text("运行 ID", "Run id"), "code", 0),
    PackColumn("source", Text("来源", "Source"), width=0),
    PackColumn("file", Text("文件", "File"), "gold", 2),
    PackColumn("sha256", Text("文件 SHA-256", "SHA-256 of the file"), "code", 2.2),
    PackColumn("mapping", Text("映射", "Mapping"), "code", 0.7),
    PackColumn("mapping_sha256", Text("映射 SHA-256", "SHA-256 of the mapping"), "code", 0),
    PackColumn("status", Text("状态", "State"), width=0.9),
    PackColumn("started_at", Text("开始", "Started"), "moment", 1.2),
    PackColumn("ended_at", Text("结束", "Ended"), "moment", 0),
    PackColumn("person", Text("人员", "Person"), width=0.9),
    PackColumn("observed_at", Text("数据时间", "As of"), "moment", 0),
    PackColumn("parser", Text("读取程序版本", "Version of the reader"), "code", 0),
)
ARITHMETIC_COLUMNS = (
    PackColumn("run", Text("运行", "Run"), "code", 1.8),
    PackColumn("entity", Text("记录类型", "Kind of record")),
    *(PackColumn(name, title, "number", 0.8) for name, title in OUTCOMES.items()),
)
ISSUE_COLUMNS = (
    PackColumn("run", Text("运行", "Run"), "code", 0),
    PackColumn("rule", Text("规则代码", "Rule code"), "code", 0),
    PackColumn("title", Text("规则", "Rule"), width=1.6),
    PackColumn("severity", Text("严重度", "Severity"), width=0.8),
    PackColumn("table", Text("工作表", "Table"), width=0),
    PackColumn("row", Text("行", "Row"), "number", 0.5),
    PackColumn("header", Text("列", "Column"), width=1),
    PackColumn("field", Text("字段名", "Field name"), "code", 0),
    PackColumn("value", Text("原值", "Value"), "gold", 1.2),
    PackColumn("proposal", Text("建议", "Proposal"), width=1),
    PackColumn("status", Text("状态", "State"), width=0.8),
)
COUNT_COLUMNS = (
    PackColumn("entity", Text("记录类型", "Kind of record")),
    PackColumn("rule", Text("规则代码", "Rule code"), "code", 0),
    PackColumn("title", Text("规则", "Rule"), width=2.5),
    PackColumn("severity", Text("严重度", "Severity"), width=1),
    PackColumn("count", Text("次数", "Count"), "number", 0.6),
    PackColumn("examples", Text("例子", "Examples"), width=2),
)
CHUNK_COLUMNS = (
    PackColumn("entity", Text("记录类型", "Kind of record")),
    PackColumn("stream", Text("数据流", "Stream"), width=1.6),
    PackColumn("number", Text("块", "Chunk"), "number", 0.5),
    PackColumn("records", Text("记录", "Records"), "number", 0.7),
    PackColumn("created", OUTCOMES["created"], "number", 0.7),
    PackColumn("updated", OUTCOMES["updated"], "number", 0.7),
    PackColumn("merged", OUTCOMES["merged"], "number", 0.7),
    PackColumn("unchanged", OUTCOMES["unchanged"], "number", 0.7),
    PackColumn("quarantined", OUTCOMES["quarantined"], "number", 0.7),
    PackColumn("cells", Text("单元格", "Cells"), "number", 0.7),
    PackColumn("at", Text("时间", "Time"), "moment", 1.2),
)


def resolve_run(key: str) -> Scope:
    """A run by its number or id. Raises NotFound."""
    run = run_by_number(key)
    if run is None:
        raise NotFound(RUN_TITLE, key)
    facts = [
        (Text("来源", "Source"), f"{run.source.name_zh} / {run.source.name_en}"),
        (Text("文件", "File"), run.file_name),
    ]
    title = Text(f"导入运行 {run.number}", f"Run {run.number}")
    return Scope("run", run.number, title, run_id=run.pk, facts=facts)


def _runs(scope: Scope) -> list[Run]:
    runs = Run.objects.select_related("source", "snapshot", "mapping").order_by("number")
    ids = [one.id for one in scope.subjects]
    if scope.run_id:
        found = list(runs.filter(pk=scope.run_id))
    else:
        found = list(runs.filter(pk__in=origins_of_rows(ids))) if ids else []
    # What was rolled back, and by which run of its own.
    return found + list(runs.filter(reverts__in=found).exclude(status="withdrawn"))


def collect_runs(scope: Scope, limit: int) -> Chapter | None:
    """The imports behind the records: who loaded which bytes by which mapping, and how the rows
    add up. With the original files where they were kept and fit, else with their hashes."""
    runs = _runs(scope)
    if not runs:
        return None
    chapter = Chapter(
        [
            PackTable("runs", Text("导入", "Imports"), RUN_COLUMNS, [_run(run) for run in runs]),
            PackTable(
                "arithmetic",
                Text("行数收支", "Arithmetic of rows"),
                ARITHMETIC_COLUMNS,
                list(_arithmetic(runs)),
            ),
        ]
    )
    if scope.run_id:
        chapter.tables += _of_one_run(runs[0], limit)
    _add_files(chapter, runs)
    return chapter


def _of_one_run(run: Run, limit: int) -> list[PackTable]:
    """What only a pack about the run itself has: rules that were broken, and its ledger."""
    counts = RunIssueCount.objects.filter(run=run).order_by("entity", "table_no", "rule")
    chunks = Chunk.objects.filter(run=run).order_by("entity", "stream", "number")[: limit + 1]
    return [
        PackTable(
            "rules",
            Text("违反的规则", "Rules that were broken"),
            COUNT_COLUMNS,
            [
                (_kind(c.entity), c.rule, rule_title(c.rule),
                 SEVERITIES.get(c.severity, c.severity), c.count,
                 "; ".join(str(mask_unplaced(c.entity, one)) for one in c.examples[:5]) or None)
                for c in counts
            ],
        ),
        PackTable(
            "ledger",
            Text("写入账", "Ledger of the load"),
            CHUNK_COLUMNS,
            [
                (_kind(c.entity), c.stream, c.number, c.records, c.created, c.updated, c.merged,
                 c.unchanged, c.quarantined, c.cells, c.at)
                for c in chunks
            ],
        ),
    ]  # fmt: skip


def _run(run: Run) -> tuple[Any, ...]:
    return (
        run.number,
        str(run.pk),
        Text(run.source.name_zh, run.source.name_en),
        run.file_name,
        run.snapshot.sha256 if run.snapshot else None,
        f"v{run.mapping.number}" if run.mapping else None,
        run.mapping.sha256 if run.mapping else None,
        RUN.states[run.status],
        run.started_at,
        run.ended_at,
        run.started_by or None,
        run.observed_at,
        run.snapshot.parser_version if run.snapshot else None,
    )


def _arithmetic(runs: Sequence[Run]) -> Iterable[tuple[Any, ...]]:
    names = ("read", *ARITHMETIC)
    for run in runs:
        counts = run.counts or {}
        yield (run.number, ALL, *(counts.get(name) for name in names))
        for entity, part in sorted((counts.get("entities") or {}).items()):
            yield (run.number, _kind(entity), *(part.get(name) for name in names))


def _kind(entity: str) -> Text:
    """What records of an entity are called; ``device/T_SBTZ`` is the part from one table."""
    name, _, table = entity.partition("/")
    contract = load_contract(name)
    part = f" · {table}" if table else ""
    return Text(f"{contract.zh}{part}", f"{contract.en}{part}")


def _add_files(chapter: Chapter, runs: Sequence[Run]) -> None:
    left = FILE_BYTES_MAX
    seen: set[str] = set()
    for run in runs:
        if run.mapping:
            path = f"files/{run.number}-mapping-v{run.mapping.number}.json"
            content = json.dumps(run.mapping.content, ensure_ascii=False, indent=2, sort_keys=True)
            title = Text(f"{run.number} 的映射", f"Mapping of {run.number}")
            chapter.files.append(PackFile(path, title, content.encode()))
        snapshot = run.snapshot
        if snapshot is None or snapshot.folder in seen:
            continue
        seen.add(snapshot.folder)
        raw = Path(settings.SNAPSHOT_ROOT) / snapshot.folder / RAW
        size = raw.stat().st_size if raw.is_file() else None
        if size is not None and size <= left and may(PERSONAL):
            left -= size
            name = f"files/{snapshot.sha256[:12]}-{safe_name(snapshot.file_name)}"
            title = Text(f"原始文件 {snapshot.file_name}", f"Original file {snapshot.file_name}")
            chapter.files.append(PackFile(name, title, raw))
            continue
        why = _why_not(size)
        chapter.notes.append(
            Text(
                f"未附原始文件 {snapshot.file_name}:{why.zh}。SHA-256 {snapshot.sha256}",
                f"The original file {snapshot.file_name} is not enclosed: {why.en}. "
                f"SHA-256 {snapshot.sha256}",
            )
        )


def _why_not(size: int | None) -> Text:
    """Why a file is named and not enclosed."""
    if size is None:
        return Text("字节未在本机保存", "its bytes are not kept here")
    if not may(PERSONAL):
        return Text("此证据包对个人信息脱敏", "personal data is masked in this pack")
    return Text(f"{size:,} 字节,超出证据包容量", f"{size:,} bytes do not fit into the pack")


def collect_issues(scope: Scope, limit: int) -> Chapter | None:
    """What was wrong with source values, and what became of it."""
    issues = Issue.objects.select_related("run").order_by("run__number", "table_no", "row", "pk")
    if scope.run_id:
        issues = issues.filter(run_id=scope.run_id)
    elif scope.ids:
        issues = issues.filter(gid__in=scope.ids)
    else:
        return None
    found = list(issues[: limit + 1])
    if len(found) > limit:
        raise too_large("issues", rows=len(found), limit=limit)
    rows = [
        (
            one.run.number,
            one.rule,
            rule_title(one.rule),
            SEVERITIES.get(one.severity, one.severity),
            one.table_name or None,
            one.row,
            one.header or None,
            one.field or None,
            mask(one.entity, one.field, one.value) or None,
            mask(one.entity, one.field, one.proposal),
            ISSUE.states[one.status],
        )
        for one in found
    ]
    empty = Text("没有问题。", "No issues.")
    return Chapter([PackTable("issues", Text("问题", "Issues"), ISSUE_COLUMNS, rows, empty)])


def _by_number(text: str) -> list[UUID]:
    return list(Run.objects.filter(number=text.strip()).values_list("pk", flat=True)[:1])


def register() -> None:
    """Add runs to evidence packs and to the auditor's desk."""
    register_scope(
        ScopeKind("run", RUN_TITLE, Text("运行编号", "Number of the run"), resolve_run, 30)
    )
    register_section(
        Section("imports", Text("导入与原始文件", "Imports and original files"), collect_runs, 20)
    )
    register_section(Section("issues", Text("问题", "Issues"), collect_issues, 30))
    record_kind("onboarding_run", quoting=("error",), find=_by_number)
    record_kind("onboarding_issue", quoting=("value", "proposal"))
