"""From chapters to one file: data, workbook, document, manifest, archive.

The same scope, facts and rows give the same bytes: names are sorted, times are fixed, and nothing
here reads a clock.
"""

import csv
import datetime as dt
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from kintsugi.audit.packs.readme import README
from kintsugi.audit.packs.registry import (
    ROWS_MAX,
    Chapter,
    PackColumn,
    PackFile,
    PackTable,
    Scope,
    Section,
    sections,
    too_large,
)
from kintsugi.audit.printing.typeset import chinese_font, typeset
from kintsugi.audit.printing.workbook import Sheet, plain_cell, write_workbook
from kintsugi.audit.records import moment
from kintsugi.core.errors import Text
from kintsugi.core.screens.export import guarded

FORMAT = "kintsugi-evidence-pack/1"
MANIFEST, OWN_HASH = "manifest.json", "manifest.sha256"
#: Rows of one table on paper; the workbook and the data files have all of them.
PAPER_ROWS_MAX = 1_000
#: Members of an archive cannot be older; a fixed time makes equal content equal bytes.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
BLOCK_BYTES = 1024 * 1024
LANGUAGES = {"zh": Text("中文", "Chinese"), "en": Text("英文", "English")}
PHASES = (
    Text("收集记录", "collecting records"),
    Text("排版 PDF", "typesetting the PDF"),
    Text("写工作簿与数据", "writing workbook and data"),
    Text("封装并计算哈希", "archiving and hashing"),
)

Progress = Callable[[int, Text], None]


@dataclass(frozen=True)
class PackFacts:
    """What is said about a pack on its first page and in its manifest."""

    number: str
    person: str
    reason: str
    as_of: dt.datetime
    language: str
    generator: str
    is_masked: bool = False


@dataclass(frozen=True)
class Built:
    """A finished archive."""

    manifest_sha256: str
    file_sha256: str
    bytes: int
    files: int
    tables: Mapping[str, int]


@dataclass(frozen=True)
class Collected:
    """What all sections found in one view of the database, and where that view was taken."""

    chapters: Sequence[tuple[Section, Chapter]]
    snapshot: str

    @property
    def tables(self) -> list[tuple[str, PackTable]]:
        """All tables with the names of their files."""
        return [
            (f"{section.name}-{table.name}" if section.name != table.name else table.name, table)
            for section, chapter in self.chapters
            for table in chapter.tables
        ]


def collect(scope: Scope, *, limit: int = ROWS_MAX) -> Collected:
    """All chapters of a scope, read in one view of the database, so that they fit each other.

    Raises KintsugiError ``pack.too-large`` with counts.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        with connection.cursor() as cursor:
            cursor.execute("select pg_current_snapshot()::text")
            (snapshot,) = cursor.fetchone()
        chapters = []
        left = limit
        for section in sections():
            chapter = section.collect(scope, left)
            if chapter is None:
                continue
            if chapter.rows > left:
                raise too_large(section.name, rows=limit - left + chapter.rows, limit=limit)
            left -= chapter.rows
            chapters.append((section, chapter))
    return Collected(chapters, snapshot)


def build(
    scope: Scope,
    facts: PackFacts,
    target: Path,
    *,
    collected: Collected | None = None,
    progress: Progress | None = None,
) -> Built:
    """Write the pack to ``target``, whole or not at all.

    Raises KintsugiError ``pack.too-large`` and ``pack.no-chinese-font`` before anything is
    written.
    """
    say = progress or (lambda _done, _phase: None)
    chinese_font()  # refuse before the work, not after it
    say(0, PHASES[0])
    found = collected or collect(scope)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as folder:
        work = Path(folder)
        say(1, PHASES[1])
        members = [_document(scope, facts, found)]
        say(2, PHASES[2])
        members += [_workbook(scope, facts, found, work), *_data(facts, found)]
        members += [_verifier(), *_readmes(scope, facts)]
        members += [file for _, chapter in found.chapters for file in chapter.files]
        say(3, PHASES[3])
        made = work / "pack.zip"
        manifest, count = _archive(made, scope, facts, found, members)
        sha256 = _sha256(made)
        size = made.stat().st_size
        made.replace(target)
    tables = {name: len(table.rows) for name, table in found.tables}
    return Built(manifest, sha256, size, count, tables)


# -- the parts -----------------------------------------------------------------------------------


def _verifier() -> PackFile:
    content = resources("kintsugi.audit.packs").joinpath("content", "verify_pack.py").read_bytes()
    return PackFile("verify_pack.py", Text("独立校验程序", "Stand-alone verifier"), content)


def _readmes(scope: Scope, facts: PackFacts) -> list[PackFile]:
    made = []
    for language, name in (("zh", "README.zh.txt"), ("en", "README.en.txt")):
        text = README.get(language).format(
            number=facts.number,
            title=scope.title.get(language),
            as_of=moment(facts.as_of),
            person=facts.person,
            reason=facts.reason,
            generator=facts.generator,
            language=LANGUAGES[facts.language].get(language),
        )
        made.append(PackFile(name, Text("说明", "Read me"), text.encode()))
    return made


def written(value: Any, column: PackColumn, language: str) -> str | None:
    """A value as text; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, Text):
        return value.get(language)
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return str(value)


def _data(facts: PackFacts, found: Collected) -> list[PackFile]:
    made = []
    for name, table in found.tables:
        buffer = io.StringIO()
        lines = csv.writer(buffer, lineterminator="\r\n")
        lines.writerow([column.name for column in table.columns])
        for row in table.rows:
            lines.writerow(
                [
                    guarded(written(value, column, facts.language) or "")
                    for value, column in zip(row, table.columns, strict=True)
                ]
            )
        made.append(PackFile(f"data/{name}.csv", table.title, buffer.getvalue().encode()))
    return made


def _workbook(scope: Scope, facts: PackFacts, found: Collected, work: Path) -> PackFile:
    def cell(value: Any, column: PackColumn) -> str | int | float | None:
        if column.kind == "number" and not isinstance(value, Text):
            return plain_cell(value)
        return written(value, column, facts.language)

    sheets = [
        Sheet(
            table.title.get(facts.language),
            [(c.title.get(facts.language), _width(c)) for c in table.columns],
            [
                [cell(value, column) for value, column in zip(row, table.columns, strict=True)]
                for row in table.rows
            ],
        )
        for _, table in found.tables
    ]
    path = work / "evidence.xlsx"
    write_workbook(path, sheets, title=scope.title.get(facts.language), at=facts.as_of)
    return PackFile("evidence.xlsx", Text("全部表格", "All tables"), path.read_bytes())


def _width(column: PackColumn) -> int:
    return {"moment": 25, "number": 10, "gold": 44, "code": 26}.get(column.kind, 28)


def _document(scope: Scope, facts: PackFacts, found: Collected) -> PackFile:
    data = document_data(scope, facts, found)
    content = typeset("pack", data, at=facts.as_of, language=facts.language)
    title = Text("供阅读和签字的文件 (PDF/A)", "The document to read and sign (PDF/A)")
    return PackFile("evidence.pdf", title, content)


def document_data(scope: Scope, facts: PackFacts, found: Collected) -> dict[str, Any]:
    """What the template prints, in one language."""
    zh = facts.language == "zh"

    def say(chinese: str, english: str) -> str:
        return chinese if zh else english

    return {
        "kind": say("证据包", "Evidence pack"),
        "running": say("证据包", "Evidence pack"),
        "number": facts.number,
        "author": facts.person,
        "title": scope.title.get(facts.language),
        "footer": say(f"数据时点 {moment(facts.as_of)}", f"As of {moment(facts.as_of)}"),
        "facts": [
            *((label.get(facts.language), value) for label, value in scope.facts),
            (say("数据时点", "As of"), moment(facts.as_of)),
            (say("生成人", "Made by"), facts.person),
            (say("原因", "Reason"), facts.reason),
            (
                say("个人信息", "Personal data"),
                say("已脱敏", "masked") if facts.is_masked else say("未脱敏", "not masked"),
            ),
            (say("生成程序", "Made with"), facts.generator),
            (say("数据库快照", "Database view"), found.snapshot, "code"),
        ],
        "words": {
            "contents": say("内容", "Contents"),
            "check": say(
                "全部数据在 evidence.xlsx 与 data/ 中;用 verify_pack.py 离线校验,清单哈希见登记册。"
                "金色表示来源。",
                "All data are in evidence.xlsx and data/. Verify offline with verify_pack.py; the "
                "manifest's hash is in the register. Gold marks origin.",
            ),
            "signatures": say("审阅与签字", "Review and signature"),
            "signatures_about": say(
                "供纸质签字。电子签名(如有)列于上文,其时间与含义以系统记录为准。",
                "For signing on paper. Electronic signatures, where there are any, are listed "
                "above with their time and meaning.",
            ),
        },
        "signers": [
            {
                "role": role,
                "name": name,
                "under": say("签名 · 日期", "Signature · date"),
            }
            for role, name in (
                (say("生成", "Made by"), facts.person),
                (say("审阅", "Reviewed by"), None),
                (say("批准", "Approved by"), None),
            )
        ],
        "chapters": [_chapter(one, chapter, facts.language) for one, chapter in found.chapters],
    }


def _chapter(section: Section, chapter: Chapter, language: str) -> dict[str, Any]:
    files = len(chapter.files)
    rows = Text(f"{chapter.rows:,} 行", f"{chapter.rows:,} rows").get(language)
    if files:
        rows += Text(f" · {files} 个文件", f" · {files} files").get(language)
    return {
        "title": section.title.get(language),
        "size": rows,
        "notes": [note.get(language) for note in chapter.notes],
        "tables": [printed(table, language) for table in chapter.tables],
    }


def printed(table: PackTable, language: str, *, limit: int = PAPER_ROWS_MAX) -> dict[str, Any]:
    """A table as the template takes it: columns that fit the page, at most ``limit`` rows."""
    shown = [(place, one) for place, one in enumerate(table.columns) if one.width]
    total = len(table.rows)
    more = None
    if total > limit:
        more = Text(
            f"此处列出前 {limit:,} 行,共 {total:,} 行;其余见 evidence.xlsx 与 data/。",
            f"The first {limit:,} of {total:,} rows; all of them are in evidence.xlsx and data/.",
        ).get(language)
    return {
        "title": table.title.get(language),
        "empty": table.empty.get(language),
        "more": more,
        "columns": [
            {"title": one.title.get(language), "kind": one.kind, "width": one.width}
            for _, one in shown
        ],
        "rows": [
            [written(row[place], one, language) for place, one in shown]
            for row in table.rows[:limit]
        ],
    }


# -- the archive ---------------------------------------------------------------------------------


def _archive(
    path: Path, scope: Scope, facts: PackFacts, found: Collected, members: Sequence[PackFile]
) -> tuple[str, int]:
    """Write all members and the manifest; returns the manifest's hash and the number of files."""
    ordered = sorted(members, key=lambda one: one.path)
    paths = [one.path for one in ordered]
    assert len(set(paths)) == len(paths), f"two files of one name in a pack: {paths}"
    listed = []
    with zipfile.ZipFile(path, "w") as archive:
        for one in ordered:
            sha256, size = _write(archive, one)
            listed.append({"path": one.path, "bytes": size, "sha256": sha256, **_both(one.title)})
        manifest = {
            "format": FORMAT,
            "pack": facts.number,
            "title": _both(scope.title),
            "scope": {
                "kind": scope.kind,
                "key": scope.key,
                "records": [
                    {"entity": s.entity, "id": str(s.id), "name": s.title, "related": s.related}
                    for s in scope.subjects
                ],
                "run_id": str(scope.run_id) if scope.run_id else None,
                "since": scope.since.isoformat() if scope.since else None,
                "until": scope.until.isoformat() if scope.until else None,
            },
            "as_of": facts.as_of.astimezone(dt.UTC).isoformat(),
            "database_snapshot": found.snapshot,
            "made_by": facts.person,
            "reason": facts.reason,
            "language": facts.language,
            "personal_data": "masked" if facts.is_masked else "shown",
            "generator": facts.generator,
            "tables": {
                name: {"rows": len(table.rows), **_both(table.title)}
                for name, table in found.tables
            },
            "files": listed,
        }
        raw = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"
        own = hashlib.sha256(raw).hexdigest()
        for name, content in ((MANIFEST, raw), (OWN_HASH, f"{own}  {MANIFEST}\n".encode())):
            _write(archive, PackFile(name, Text("", ""), content))
    return own, len(listed)


def _write(archive: zipfile.ZipFile, one: PackFile) -> tuple[str, int]:
    info = zipfile.ZipInfo(one.path, ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    found, size = hashlib.sha256(), 0
    content = io.BytesIO(one.content) if isinstance(one.content, bytes) else one.content.open("rb")
    with content, archive.open(info, "w", force_zip64=one.size > 2**31) as member:
        while block := content.read(BLOCK_BYTES):
            found.update(block)
            size += len(block)
            member.write(block)
    return found.hexdigest(), size


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_pack(source: Path, target: Path) -> None:
    """A copy of a finished pack, whole or not at all."""
    partial = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, partial)
    partial.replace(target)
