"""A second pair of eyes: what OCR read of things that matter, and what a person answered.

``to_confirm`` lists the cells, ``write_confirm`` writes them for a person, ``read_confirm`` reads
the answers back, ``confirmed`` makes of a snapshot and answers another snapshot.
"""

import csv
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.paper.keys import key_kind
from kintsugi.engine.paper.model import CONFIRMED, OCR, mark_text
from kintsugi.engine.reading.sieve import Aside, Cell, row_text
from kintsugi.engine.reading.writer import TableWriter
from kintsugi.engine.snapshot import (
    MANIFEST,
    RAW,
    Snapshot,
    SnapshotTable,
    aside_frame,
    cells_frame,
    open_snapshot,
    table_frame,
)
from kintsugi.engine.text import Text

#: Kinds of snapshots that OCR may have read.
PAPER: Final = ("picture", "pdf")
#: Less sure than this, any cell is to be confirmed.
SURE: Final = 0.9
RULE: Final = "paper.unconfirmed"
#: What a person writes for a cell that has to be blank: an empty answer means "as read".
BLANK: Final = ("(空)", "（空）", "(blank)")
COLUMNS: Final = (
    "table", "row", "column", "page", "box", "confidence", "text", "reason", "confirmed_text",
    "confirmed_by",
)  # fmt: skip


@dataclass(frozen=True)
class ToConfirm:
    """A cell that waits for a person. ``reason``: the kind of key content, ``confidence``, or both
    joined by ``+``; ``blank`` where nothing was read in a key column. ``box`` in fractions of the
    page, empty for a blank cell."""

    table: str
    row: int
    column: str
    page: int
    box: tuple[float, ...]
    confidence: float
    text: str
    reason: str

    @property
    def is_key(self) -> bool:
        return self.reason != "confidence"

    @property
    def place(self) -> tuple[str, int, str]:
        return self.table, self.row, self.column

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return {
            "table": self.table, "row": self.row, "column": self.column, "page": self.page,
            "box": list(self.box), "confidence": self.confidence, "text": self.text,
            "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a person said of a cell. ``line`` is that of the file of answers. ``value`` None: it
    is right as it was read."""

    line: int
    table: str
    row: int
    column: str
    text: str
    value: str | None
    by: str


@dataclass(frozen=True)
class Confirmed:
    """A snapshot with its answers in it: how many cells were confirmed, how many of them changed,
    how many still wait, and how many rows were put aside for it."""

    snapshot: Snapshot
    confirmed: int
    changed: int
    open: list[ToConfirm]
    aside: int


def to_confirm(snapshot: Snapshot, *, sure: float = SURE) -> list[ToConfirm]:
    """The cells of a snapshot that OCR read and nobody confirmed yet, which are of a key kind or
    less sure than ``sure`` (0–1). What a barcode or a text layer says is not among them."""
    found: list[ToConfirm] = []
    if snapshot.kind in PAPER:
        for table in snapshot.tables:
            found += _of_table(snapshot, table, sure)
    return found


def _of_table(snapshot: Snapshot, table: SnapshotTable, sure: float) -> list[ToConfirm]:
    marks: dict[tuple[int, int], dict[str, dict[str, Any]]] = {}
    wanted = cells_frame(snapshot, table.index).filter(pl.col("kind").is_in([OCR, CONFIRMED]))
    for mark in wanted.collect().iter_rows(named=True):
        place = (mark["row"], mark["col"])
        marks.setdefault(place, {})[mark["kind"]] = json.loads(mark["value"])
    rows = table_frame(snapshot, table.index).collect()
    numbers = rows["_row"].to_list()
    pages = {row: facts[OCR]["page"] for (row, _), facts in marks.items() if OCR in facts}
    found = []
    for column in table.columns:
        texts = [str(text or "") for text in rows[column.key].to_list()]
        kind = key_kind(column.name, texts)
        by_ocr = any(OCR in marks.get((row, column.ordinal), {}) for row in numbers)
        for row, text in zip(numbers, texts, strict=True):
            facts = marks.get((row, column.ordinal), {})
            if CONFIRMED in facts:
                continue
            if not text and kind and by_ocr and row in pages:
                reason, seen = f"{kind}+blank", {"page": pages[row], "box": (), "confidence": 0.0}
            elif OCR in facts:
                seen = facts[OCR]
                low = seen["confidence"] < sure
                reason = "+".join([*([kind] if kind else []), *(["confidence"] if low else [])])
            else:
                continue
            if reason:
                found.append(ToConfirm(
                    table.name, row, column.name, seen["page"], tuple(seen["box"]),
                    seen["confidence"], text, reason,
                ))  # fmt: skip
    return sorted(found, key=lambda one: one.row)


def write_confirm(cells: Sequence[ToConfirm], path: Path) -> None:
    """Writes the cells for a person to answer: CSV in UTF-8 with a byte-order mark. The last two
    columns are theirs. Raises KintsugiError ``read.unwritable``."""
    from kintsugi.engine.pipeline.export import unwritable

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            for one in cells:
                box = " ".join(f"{part:g}" for part in one.box)
                writer.writerow((
                    one.table, one.row, one.column, one.page, box, one.confidence, one.text,
                    one.reason, "", "",
                ))  # fmt: skip
    except OSError as error:
        raise unwritable(path, error) from error


def read_confirm(path: Path) -> list[Answer]:
    """The answers in a file that ``write_confirm`` made; cells that nobody answered are left out.

    Raises KintsugiError ``paper.answers`` (no such file, or not its columns) and
    ``paper.no-person`` (an answer without a name).
    """
    try:
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("gb18030")  # what a Chinese Excel saves
        lines = list(csv.reader(text.splitlines(keepends=True)))
    except (OSError, ValueError, csv.Error) as error:
        raise _no_answers(path, str(error)) from error
    if not lines or not set(COLUMNS) <= {name.strip() for name in lines[0]}:
        raise _no_answers(path, f"columns: {', '.join(lines[0]) if lines else ''}")
    at = {name.strip(): i for i, name in enumerate(lines[0])}
    answers = []
    for number, cells in enumerate(lines[1:], start=2):
        facts = {name: cells[i] if i < len(cells) else "" for name, i in at.items()}
        value, by = facts["confirmed_text"].strip(), facts["confirmed_by"].strip()
        if not (value or by):
            continue
        if not by:
            raise KintsugiError(
                "paper.no-person",
                Text(
                    f"第 {number} 行有答案而没有核对人。",
                    f"Line {number} has an answer, no person.",
                ),
                Text("请在 confirmed_by 填写核对人。", "Put your name into confirmed_by."),
                file=path.name,
                row=number,
            )
        if not facts["row"].strip().isdigit():
            raise _no_answers(path, f"row “{facts['row'][:40]}” in line {number}")
        answers.append(Answer(
            number, facts["table"], int(facts["row"]), facts["column"], facts["text"],
            None if not value else "" if value in BLANK else value, by,
        ))  # fmt: skip
    return answers


def _no_answers(path: Path, detail: str) -> KintsugiError:
    return KintsugiError(
        "paper.answers",
        Text("这不是可读的核对表。", "This is no readable file of answers."),
        Text(
            "请使用 --confirm 写出的文件，保留其各列。",
            "Use the file that --confirm wrote, with all its columns.",
        ),
        file=str(path),
        detail=detail[:300],
    )


def confirmed(
    snapshot: Snapshot,
    answers: Iterable[Answer] = (),
    *,
    into: Path,
    only_confirmed: bool = False,
    sure: float = SURE,
) -> Confirmed:
    """The snapshot with a person's answers in it, as another snapshot in ``into``.

    A cell answered gets a mark ``confirmed`` with the person and what was read. With
    ``only_confirmed`` rows whose key cells still wait are put aside (``paper.unconfirmed``).
    Raises KintsugiError ``paper.answer-misfit`` for an answer to a cell that is not there or reads
    otherwise; then nothing is made.
    """
    asked = list(answers)
    placed = _placed(snapshot, asked)
    name = _digest(snapshot, asked, only_confirmed, sure)
    work, folder = into / f".confirming-{uuid.uuid4().hex}", into / name
    work.mkdir(parents=True)
    try:
        known = {one.place: one for one in to_confirm(snapshot, sure=sure)}
        for answer in asked:
            known.pop((answer.table, answer.row, answer.column), None)
        waiting = list(known.values())
        tables = []
        for table in snapshot.tables:
            held = {one.row for one in waiting if one.table == table.name and one.is_key}
            mine = {(r, c): a for (i, r, c), a in placed.items() if i == table.index}
            tables.append(
                _rewritten(snapshot, table, mine, held if only_confirmed else set(), work)
            )
        if (snapshot.path / RAW).exists():
            shutil.copyfile(snapshot.path / RAW, work / RAW)
        made = snapshot.model_copy(update={"tables": tables})
        (work / MANIFEST).write_text(made.model_dump_json(indent=1), encoding="utf-8")
        # The same answers are the same snapshot: who reads in it already keeps it.
        with suppress(OSError):
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    aside = sum(t.quarantined for t in tables) - sum(t.quarantined for t in snapshot.tables)
    changed = sum(a.value is not None and a.value != a.text for a in asked)
    return Confirmed(open_snapshot(folder), len(placed), changed, waiting, aside)


def _digest(snapshot: Snapshot, answers: list[Answer], strict: bool, sure: float) -> str:
    # Answers come in several goes: what was answered before is part of what it is.
    said = sorted((a.table, a.row, a.column, a.value or a.text, a.by) for a in answers)
    facts = repr((snapshot.path.name, said, strict, sure))
    return f"{snapshot.sha256}-{hashlib.sha256(facts.encode()).hexdigest()[:8]}"


def _placed(snapshot: Snapshot, answers: Sequence[Answer]) -> dict[tuple[int, int, int], Answer]:
    """The answers by table, row and column. Raises ``paper.answer-misfit``."""
    texts: dict[str, tuple[int, dict[str, int], dict[int, dict[str, Any]]]] = {}
    for table in snapshot.tables:
        records = table_frame(snapshot, table.index).collect().iter_rows(named=True)
        columns = {c.name: c.ordinal for c in table.columns}
        texts[table.name] = (table.index, columns, {row["_row"]: row for row in records})
    placed: dict[tuple[int, int, int], Answer] = {}
    for answer in answers:
        index, columns, rows = texts.get(answer.table, (0, {}, {}))
        ordinal, row = columns.get(answer.column), rows.get(answer.row)
        if ordinal is None or row is None:
            raise _misfit(answer, None)
        found = row[f"c{ordinal}"] or ""
        if found != answer.text or (index, answer.row, ordinal) in placed:
            raise _misfit(answer, found)
        placed[index, answer.row, ordinal] = answer
    return placed


def _misfit(answer: Answer, found: str | None) -> KintsugiError:
    return KintsugiError(
        "paper.answer-misfit",
        Text(
            f"核对表第 {answer.line} 行与图片的读取结果不符。",
            f"Line {answer.line} of the answers does not fit what the picture reads.",
        ),
        Text(
            "请重新用 --confirm 写出核对表；同一单元格只答一次，text 列不得改动。",
            "Write the file anew with --confirm; answer a cell once and leave column text alone.",
        ),
        row=answer.line,
        table=answer.table,
        table_row=answer.row,
        column=answer.column,
        expected=answer.text[:200],
        found=found[:200] if found is not None else None,
    )


def _rewritten(
    snapshot: Snapshot,
    table: SnapshotTable,
    answers: Mapping[tuple[int, int], Answer],
    held: set[int],
    into: Path,
) -> SnapshotTable:
    """One table with its answers, in ``into``; rows in ``held`` are put aside."""
    rows = pl.read_parquet(snapshot.path / f"t{table.index}.parquet")
    marks = [Cell(*mark) for mark in cells_frame(snapshot, table.index).collect().iter_rows()]
    seen = {(m.row, m.col): json.loads(m.value) for m in marks if m.kind == OCR}
    numbers = {row: at for at, row in enumerate(rows["_row"].to_list())}
    values = {name: rows[name].to_list() for name in rows.columns[1:]}
    for (row, col), answer in answers.items():
        if answer.value is not None:
            values[f"c{col}"][numbers[row]] = answer.value
        facts = seen.get((row, col), {"page": 0, "box": [], "confidence": 0.0})
        text = mark_text(**facts, by=answer.by, read=answer.text)
        marks.append(Cell(row, col, CONFIRMED, text))
    rows = rows.with_columns(pl.Series(name, texts, pl.String) for name, texts in values.items())
    aside = [Aside(*record) for record in aside_frame(snapshot, table.index).collect().iter_rows()]
    for record in rows.filter(pl.col("_row").is_in(list(held))).iter_rows():
        cells = [str(text or "") for text in record[1:]]
        aside.append(Aside(record[0], "quarantined", RULE, row_text(cells), cells))
    kept = rows.filter(~pl.col("_row").is_in(list(held)))
    with TableWriter(into, table.index, rows.width - 1) as writer:
        writer.batch(kept.to_arrow(compat_level=pl.CompatLevel.oldest()), marks, aside)
    return table.model_copy(update={
        "rows": writer.rows, "excluded": writer.excluded, "quarantined": writer.quarantined
    })  # fmt: skip
