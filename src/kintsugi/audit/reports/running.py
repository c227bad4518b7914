"""A report as asked for: its rows, narrowed and ordered, as CSV, workbook or PDF/A.

Each file says who made it, when, with which filters, and how many rows it has.
"""

import csv
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from kintsugi.audit.printing.typeset import typeset
from kintsugi.audit.printing.workbook import Sheet, plain_cell, write_workbook
from kintsugi.audit.records import moment
from kintsugi.core.api.lists import sortable
from kintsugi.core.datasets import Dataset
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.screens import Column, ListScreen
from kintsugi.core.screens.export import BOM, guarded
from kintsugi.core.screens.filters import filterset_class, matching
from kintsugi.core.screens.parts import language, say

#: Rows a file may have, by format; beyond that the report is refused with its count.
ROWS_MAX = {"csv": 1_000_000, "xlsx": 200_000, "pdf": 5_000}
CHUNK_ROWS = 1_000
#: Parameters of an address that are no filters.
OTHER = frozenset({"q", "sort", "page", "per_page", "columns", "format", "saved", "limit"})


@dataclass(frozen=True)
class Report:
    """A dataset, chosen columns, and the rows that the filters leave. ``said`` are the filters in
    words: (name, value)."""

    dataset: Dataset
    title: str
    columns: Sequence[Column]
    rows: QuerySet[Any]
    said: Sequence[tuple[str, str]]

    def count(self, limit: int) -> int:
        """Rows, counted up to one more than ``limit``."""
        return int(self.rows.order_by()[: limit + 1].count())


def chosen_columns(dataset: Dataset, names: Sequence[str]) -> tuple[Column, ...]:
    """The named columns in the order given; all for none. Raises KintsugiError
    ``report.no-column``."""
    known = {column.name: column for column in dataset.screen.columns}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise KintsugiError(
            "report.no-column",
            Text(f"没有列“{unknown[0]}”。", f"There is no column “{unknown[0]}”."),
            Text(f"可用:{'、'.join(known)}。", f"Use some of: {', '.join(known)}."),
            field="columns",
            columns=unknown,
        )
    return tuple(known[name] for name in dict.fromkeys(names)) or tuple(dataset.screen.columns)


def screen_of(dataset: Dataset, names: Sequence[str], sort: str = "") -> ListScreen:
    """The dataset's list with the chosen columns only; in the order of ``sort``, which may be a
    column that is not among them."""
    columns = chosen_columns(dataset, names)
    order = dataset.screen.order
    if sort.lstrip("-") in sortable(dataset.screen.columns):
        order = _order(dataset.screen, sort)
    return dataclasses.replace(
        dataset.screen, columns=columns, order=order, export=False, actions=(), page=None
    )


def report_of(
    dataset: Dataset,
    *,
    user: Any,
    params: QueryDict,
    title: str = "",
) -> Report:
    """The report that these parameters ask for: ``columns``, filters, ``q``, ``sort``.

    Raises KintsugiError ``report.no-column``, ``report.filter`` (facts: field, value) or
    ``report.no-order``. A filter that is unknown is refused: overlooked it would show too much.
    """
    screen = screen_of(dataset, params.getlist("columns"))
    rows = screen.rows(user)
    filters = filterset_class(screen.filters, screen.entity, user)(params, queryset=rows)
    unknown = [n for n in params if n not in OTHER and n not in filters.form.fields]
    wrong = unknown or ([] if filters.form.is_valid() else list(filters.form.errors))
    if wrong:
        names = list(filters.form.fields)
        raise KintsugiError(
            "report.filter",
            Text(f"筛选条件“{wrong[0]}”不可用。", f"The filter “{wrong[0]}” cannot be used."),
            Text(
                f"可用的筛选:{'、'.join(names)};日期写作 2026-11-22。",
                f"Filters are: {', '.join(names)}; write days as 2026-11-22.",
            ),
            field=wrong[0],
            value=params.get(wrong[0], "")[:200],
            filters=wrong,
        )
    rows = filters.qs
    said = [
        (str(field.label), dict(getattr(field.field, "choices", [])).get(value, value))
        for field in filters.form
        if (value := field.value()) not in (None, "")
    ]
    query = " ".join(params.get("q", "").split())
    if query:
        rows = screen.find(rows, query) if screen.find else matching(rows, query, screen.search)
        said.insert(0, (say(Text("搜索", "Search")), query))
    rows = rows.order_by(*_order(dataset.screen, params.get("sort", "")), "pk")
    return Report(dataset, title or say(dataset.title), screen.columns, rows, said)


def _order(screen: ListScreen, sort: str) -> list[str]:
    if not sort:
        return list(screen.order)
    known = sortable(screen.columns)
    if sort.lstrip("-") not in known:
        raise KintsugiError(
            "report.no-order",
            Text(f"不能按“{sort}”排序。", f"The report cannot be ordered by “{sort}”."),
            Text(f"可用:{'、'.join(known)}。", f"Use one of: {', '.join(known)}."),
            field="sort",
            sort=sort,
        )
    sign = "-" if sort.startswith("-") else ""
    return [f"{sign}{name}" for name in known[sort.lstrip("-")]]


def texts(report: Report) -> Iterator[list[str]]:
    """The rows as text in the language of the page, read in chunks through a cursor of the
    server: memory does not grow with their number."""
    entity = report.dataset.screen.entity
    names = [column.names(entity) for column in report.columns]
    rows = report.rows.iterator(chunk_size=CHUNK_ROWS)
    while batch := list(itertools.islice(rows, CHUNK_ROWS)):
        prepared = report.dataset.prepare(batch)
        for row in prepared:
            yield [
                c.text(row, known, entity) for c, known in zip(report.columns, names, strict=True)
            ]


def checked_count(report: Report, form: str) -> int:
    """How many rows the file will have. Raises KintsugiError ``report.too-long``."""
    limit = ROWS_MAX[form]
    count = report.count(limit)
    if count > limit:
        raise KintsugiError(
            "report.too-long",
            Text(
                f"报表超过 {limit:,} 行,不能生成 {form.upper()}。",
                f"The report has more than {limit:,} rows, too many for {form.upper()}.",
            ),
            Text(
                "请缩小时间或增加筛选;CSV 可容纳最多行。",
                "Narrow the time or add a filter; CSV holds the most rows.",
            ),
            rows=count,
            limit=limit,
            format=form,
        )
    return count


def head_of(report: Report, *, person: str, at: dt.datetime, count: int) -> list[tuple[str, str]]:
    """Who, when, which filters, how many rows: printed on every report."""
    filters = "; ".join(f"{name} = {value}" for name, value in report.said)
    return [
        (say(Text("报表", "Report")), report.title),
        (say(Text("生成人", "Made by")), person),
        (say(Text("时间", "Time")), moment(at)),
        (say(Text("筛选", "Filters")), filters or say(Text("无", "none"))),
        (say(Text("行数", "Rows")), f"{count:,}"),
    ]


def headings(report: Report) -> list[str]:
    """Names of the columns in the language of the page."""
    return [column.heading(report.dataset.screen.entity)[0] for column in report.columns]


class _Line:
    def write(self, line: str) -> str:
        return line


def csv_blocks(report: Report, head: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Column names, rows, an empty line, and what is said about the report."""
    writer = csv.writer(_Line())
    block = [BOM, str(writer.writerow(map(guarded, headings(report))))]
    for number, row in enumerate(texts(report), start=1):
        block.append(str(writer.writerow(map(guarded, row))))
        if number % CHUNK_ROWS == 0:
            yield "".join(block).encode()
            block = []
    block.append("\r\n")
    block.extend(str(writer.writerow(map(guarded, pair))) for pair in head)
    yield "".join(block).encode()


def write_xlsx(
    path: Path, report: Report, head: Sequence[tuple[str, str]], *, at: dt.datetime
) -> None:
    """The report as a workbook."""
    columns = [(name, 24) for name in headings(report)]
    rows = ([plain_cell(text) for text in row] for row in texts(report))
    write_workbook(path, [Sheet(report.title, columns, rows, head)], title=report.title, at=at)


def pdf(report: Report, head: Sequence[tuple[str, str]], *, person: str, at: dt.datetime) -> bytes:
    """The report as PDF/A. Raises KintsugiError ``pack.no-chinese-font``."""
    kinds = {"code": "code", "date": "moment", "moment": "moment", "number": "number"}
    data: Mapping[str, Any] = {
        "title": report.title,
        "author": person,
        "running": say(Text("报表", "Report")),
        "number": moment(at),
        "footer": person,
        "facts": head[1:],
        "table": {
            "title": report.title,
            "empty": say(Text("没有符合条件的行。", "No row fits.")),
            "more": None,
            "columns": [
                {"title": name, "kind": kinds.get(column.kind, "text"), "width": _share(column)}
                for name, column in zip(headings(report), report.columns, strict=True)
            ],
            "rows": [[text or None for text in row] for row in texts(report)],
        },
    }
    return typeset("report", data, at=at, language=language())


def _share(column: Column) -> float:
    if column.name in ("what", "reason", "title"):
        return 2.2
    return {"number": 0.6, "code": 1.4, "state": 0.8}.get(column.kind, 1.0)
