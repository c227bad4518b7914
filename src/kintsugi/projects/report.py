"""The status report of a project: on paper, and as a workbook."""

import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from kintsugi.core.printing import Column, Paper, Parties, document
from kintsugi.engine.text import Text
from kintsugi.projects import selectors
from kintsugi.projects.kinds import MILESTONE, ORIGINS, PROJECT, RISK
from kintsugi.projects.models import Project

UNKNOWN = Text("未知", "unknown")
LATE = Text("逾期", "late")
HEADS: dict[str, tuple[Text, tuple[Text, ...]]] = {
    "milestones": (
        Text("里程碑", "Milestones"),
        (Text("里程碑", "Milestone"), Text("计划", "Planned"), Text("到期", "Due"),
         Text("达成", "Reached"), Text("逾期天数", "Days late"), Text("状态", "State"),
         Text("标准", "Criteria")),
    ),
    "figures": (
        Text("指标", "Key figures"),
        (Text("指标", "Figure"), Text("单位", "Unit"), Text("基线", "Baseline"),
         Text("目标", "Target"), Text("当前", "Now"), Text("截至", "As of"),
         Text("来源", "Origin")),
    ),
    "risks": (
        Text("风险", "Risks"),
        (Text("编号", "Number"), Text("风险", "Risk"), Text("可能性", "Probability"),
         Text("影响", "Impact"), Text("敞口", "Exposure"), Text("状态", "State"),
         Text("负责人", "Owner")),
    ),
    "sources": (
        Text("来源与导入", "Sources and imports"),
        (Text("来源", "Source"), Text("导入", "Import"), Text("状态", "State"),
         Text("应写入", "To load"), Text("已写入", "Loaded"), Text("隔离", "Set aside"),
         Text("写入率 %", "Loaded %")),
    ),
    "money": (
        Text("费用与收益", "Cost and benefit"),
        (Text("项目", "Line"), Text("方向", "Side"), Text("首月", "First month"),
         Text("月数", "Months"), Text("计划合计", "Planned"), Text("已知实际", "Actual, known"),
         Text("未知月数", "Months unknown")),
    ),
}  # fmt: skip
Cell = str | int | Decimal | dt.date | Text | None


def tables(found: Project, *, on: dt.date) -> dict[str, list[list[Cell]]]:
    """The report's five tables; each line has seven cells. What is unknown says so."""
    sides = {"cost": Text("成本", "cost"), "benefit": Text("收益", "benefit")}
    return {
        "milestones": [
            [
                one.row.title, one.row.planned_on, one.row.due_on,
                one.row.reached_at.date() if one.row.reached_at else None, one.late_days,
                LATE if one.state == "late" else MILESTONE.states[one.row.status],
                f"{one.passed}/{one.criteria}",
            ]
            for one in selectors.stones(found.pk, on=on)
        ],
        "figures": [
            [
                one.row.title, one.row.unit,
                UNKNOWN if one.row.baseline is None else one.row.baseline, one.row.target,
                UNKNOWN if one.value is None else one.value,
                one.last.at.date() if one.last else None,
                ORIGINS["measured" if one.row.metric else "hand"],
            ]
            for one in selectors.figures(selectors.kpis(found.pk))
        ],
        "risks": [
            [str(one), one.title, one.probability, one.impact, one.exposure,
             RISK.states[one.status], one.owner_name]
            for one in selectors.risks(found.pk).order_by("-exposure", "number")
        ],
        "sources": [
            [one.source.code, one.run.number if one.run else None,
             one.run.status if one.run else None, one.read, one.loaded, one.quarantined,
             one.loaded_pct if one.loaded_pct is not None else UNKNOWN]
            for one in selectors.source_rows(found.pk)
        ],
        "money": [
            [one.row.title, sides[one.row.side], one.row.first_month, one.row.months,
             one.planned_sum, UNKNOWN if one.actual_sum is None else one.actual_sum, one.unknown]
            for one in selectors.money(found, on=on).rows
        ],
    }  # fmt: skip


def status_pdf(
    found: Project, *, at: dt.datetime, on: dt.date, printed_by: str, language: str
) -> bytes:
    """The report as PDF: the same project, time and person give the same bytes. Raises
    KintsugiError ``print.too-many-lines``."""
    rows: list[list[Cell]] = []
    for name, lines in tables(found, on=on).items():
        title, heads = HEADS[name]
        rows.append([Text(f"【{title.zh}】", f"[{title.en}]"), *heads[1:]])
        rows.extend(lines or [[Text("无", "none"), *[None] * 6]])
    base = selectors.money(found, on=on).cases["base"]
    paper = Paper(
        title=Text("项目状态报告", "Project status report"),
        number=found.code,
        parties=(
            Parties(found.title, [found.goal.get(language)]),
            Parties(Text("负责", "In charge"), [found.owner_name, found.sponsor_name]),
        ),
        facts=(
            (Text("状态", "State"), PROJECT.states[found.status]),
            (Text("计划开始", "Planned start"), found.planned_start),
            (Text("计划结束", "Planned end"), found.planned_end),
        ),
        columns=tuple(
            Column(Text("", ""), width=2.6 if n == 0 else 1) for n in range(7)
        ),
        rows=rows,
        totals=(
            (Text("净现值(计划)", "Net present value (plan)"), base.npv if base else UNKNOWN),
        ),
        is_wide=True,
    )  # fmt: skip
    return document(paper, at=at, printed_by=printed_by, language=language)


def status_workbook(found: Project, *, at: dt.datetime, on: dt.date, language: str) -> bytes:
    """The report as a workbook, a sheet a table; text stays text, whatever it looks like."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": found.code, "created": at.replace(tzinfo=None)})
        bold = book.add_format({"bold": True, "bottom": 1})
        for name, lines in tables(found, on=on).items():
            title, heads = HEADS[name]
            sheet = book.add_worksheet(title.get(language))
            sheet.write_row(0, 0, [one.get(language) for one in heads], bold)
            sheet.set_column(0, 0, 40)
            sheet.set_column(1, 6, 16)
            sheet.freeze_panes(1, 0)
            for number, line in enumerate(lines, 1):
                _write(sheet, number, line, language)
    return out.getvalue()


def _write(sheet: Any, number: int, line: Sequence[Cell], language: str) -> None:
    for column, cell in enumerate(line):
        if isinstance(cell, Text):
            sheet.write_string(number, column, cell.get(language))
        elif isinstance(cell, int | Decimal):
            sheet.write_number(number, column, cell)
        elif isinstance(cell, dt.date):
            sheet.write_string(number, column, cell.isoformat())
        elif cell:
            sheet.write_string(number, column, cell)
