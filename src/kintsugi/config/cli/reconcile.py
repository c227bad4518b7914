"""``kintsugi reconcile``: two lists of the same facts, row against row."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.files import keep_json, read_tables, refuse_onto
from kintsugi.config.cli.terminal import err, language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.pipeline.plain import PlainTable
    from kintsugi.engine.reconcile import Plan, Reconciliation

EXIT_BREAKS = 1  # the lists were compared and do not agree
SHOWN = 20


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("两份清单逐行对账", "Match two lists row against row"),
        help=t(
            "把两份清单逐行对账:一对一、一对多,金额、日期、文字可有容差;差异按形态分类。"
            "退出码:0 全部相符,1 有差异,2 无法对账。",
            "Match two lists row against row, one to one and one to many, with tolerances on "
            "amounts, dates and texts; what differs is sorted by its shape. Exit codes: 0 all "
            "agree, 1 there are breaks, 2 refused.",
        ),
    )
    def reconcile(
        left: Annotated[str, typer.Argument(help=t("左边的清单", "The left list"))],
        right: Annotated[str, typer.Argument(help=t("右边的清单", "The right list"))],
        key: Annotated[
            str | None,
            typer.Option(help=t("编号列:左=右,或同名", "Key column: LEFT=RIGHT, or one name")),
        ] = None,
        amount: Annotated[
            str | None, typer.Option(help=t("金额列", "Amount column, likewise"))
        ] = None,
        date: Annotated[str | None, typer.Option(help=t("日期列", "Date column"))] = None,
        text: Annotated[str | None, typer.Option(help=t("文字列", "Text column"))] = None,
        tolerance: Annotated[
            str, typer.Option(help=t("金额容差", "How far amounts may differ"))
        ] = "0",
        days: Annotated[
            int, typer.Option(min=0, help=t("日期容差(天)", "How many days dates may differ"))
        ] = 0,
        likeness: Annotated[
            float,
            typer.Option(min=0, max=1, help=t("文字最低相似度", "How alike texts are at least")),
        ] = 0.6,
        parts: Annotated[
            int,
            typer.Option(
                min=1,
                max=8,
                help=t("最多几行合为一行;1 为只一对一", "Rows that make up one at most; 1: pairs"),
            ),
        ] = 8,
        left_table: Annotated[
            str | None, typer.Option(help=t("左边的表", "Table of the left file"))
        ] = None,
        right_table: Annotated[
            str | None, typer.Option(help=t("右边的表", "Table of the right file"))
        ] = None,
        target: Annotated[
            Path | None,
            typer.Option(
                "--out", "-o", help=t("逐行结果(.csv 或 .parquet)", "Each row's result as a file")
            ),
        ] = None,
        report: Annotated[
            Path | None, typer.Option(help=t("把结果写入 JSON 文件", "Write the answer as JSON"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.reconcile import Plan, reconcile

        plan = Plan(
            key=_pair(key),
            amount=_pair(amount),
            date=_pair(date),
            text=_pair(text),
            amount_tolerance=_tolerance(tolerance),
            days=days,
            likeness=likeness,
            parts=parts,
        )
        refuse_onto(target, left, right)
        refuse_onto(report, left, right)
        with read_tables((left, left_table), (right, right_table)) as tables:
            found = reconcile(tables[0].frame, tables[1].frame, plan)
        answer = _answer(found, plan, tables)
        if target is not None:
            _write(found, tables, target)
        if report is not None:
            keep_json(report, answer)
        if as_json:
            print_json(answer)
        else:
            _show(found, answer)
        if not answer["agree"]:
            raise typer.Exit(EXIT_BREAKS)


def _pair(asked: str | None) -> tuple[str, str] | None:
    if asked is None:
        return None
    left, sign, right = asked.partition("=")
    return (left.strip(), right.strip() if sign else left.strip())


def _tolerance(asked: str) -> Decimal:
    try:
        found = Decimal(asked)
    except InvalidOperation:
        found = Decimal(-1)
    if not (found.is_finite() and found >= 0):
        raise KintsugiError(
            "reconcile.tolerance",
            Text(f"容差“{asked}”不是非负数。", f"The tolerance “{asked}” is no number from 0 on."),
            Text("例如 --tolerance 0.05。", "Say for example --tolerance 0.05."),
            field="--tolerance",
            value=asked,
        )
    return found


def _answer(found: "Reconciliation", plan: "Plan", tables: "list[PlainTable]") -> dict[str, Any]:
    """The result with rows as they are numbered in the files, and words for the kinds."""
    from kintsugi.engine.reconcile import BREAKS

    lines = [[int(row) for row in table.rows] for table in tables]
    answer = found.as_dict()
    for one in (*answer["matches"], *answer["breaks"]):
        for side, of in zip(("left", "right"), lines, strict=True):
            rows = one[side]
            if isinstance(rows, list):
                one[side] = [of[row - 1] for row in rows]
            elif rows is not None:
                one[side] = of[rows - 1]
    for one in answer["breaks"]:
        one["message"] = BREAKS[one["kind"]].get(language())
    for one in answer["unread"]:
        one["row"] = lines[one["side"] == "right"][one["row"] - 1]
    files = {
        side: {"source": table.file, "table": table.name, "put_aside": table.aside}
        for side, table in zip(("left", "right"), tables, strict=True)
    }
    return {"ok": True, "agree": not found.breaks, **files, **answer}


def _write(found: "Reconciliation", tables: "list[PlainTable]", target: Path) -> None:
    """One line for each row of both lists: what it was matched with, or what is wrong."""
    import polars as pl

    from kintsugi.engine.pipeline.plain import write_plain
    from kintsugi.engine.reconcile import Break, Match

    lines = [[int(row) for row in table.rows] for table in tables]
    rows: list[tuple[int, str, int, str, str | None, int | None]] = []
    every: list[Match | Break] = [*found.matches, *found.breaks]
    for number, one in enumerate(every, start=1):
        off = None if one.difference is None else str(one.difference)
        for side, of in zip(("left", "right"), lines, strict=True):
            mine = getattr(one, side)
            if not isinstance(one, Match):
                mine = () if mine is None else (mine,)
            rows += [(number, side, of[row], one.kind, off, one.days) for row in mine]
    schema = {
        "group": pl.Int64, "side": pl.String, "row": pl.Int64, "kind": pl.String,
        "difference": pl.String, "days": pl.Int64,
    }  # fmt: skip
    write_plain(pl.DataFrame(rows, schema=schema, orient="row"), target)


def _show(found: "Reconciliation", answer: dict[str, Any]) -> None:
    from kintsugi.engine.reconcile import BREAKS

    console = out()
    table = Table(box=None, header_style="dim")
    table.add_column(t("结果", "result"))
    table.add_column(t("数量", "count"), justify="right")
    for kind, count in found.counts().items():
        words = BREAKS.get(kind)
        colour = "green" if words is None else "yellow"
        said = MATCHED[kind].get(language()) if words is None else words.get(language())
        table.add_row(f"[{colour}]{said}[/]", f"{count:,}")
    console.print(table)
    if found.left_total is not None and found.right_total is not None:
        console.print(
            f"{t('合计', 'totals')} {found.left_total} | {found.right_total} · "
            f"{t('差', 'difference')} {found.left_total - found.right_total}"
        )
    for one in answer["breaks"][:SHOWN]:
        where = f"{one['left'] or '–'} | {one['right'] or '–'}"
        off = "" if one["difference"] is None else f"  {one['difference']}"
        facts = "".join(f"  {name} {value}" for name, value in one["facts"].items())
        console.print(f"  {where}  {escape(one['message'])}{off}[dim]{escape(facts)}[/]")
    if len(answer["breaks"]) > SHOWN:
        rest = len(answer["breaks"]) - SHOWN
        console.print(f"[dim]… {rest:,} {t('项见 --json 或 -o', 'more: --json or -o')}[/]")
    if not found.searched:
        err().print(
            t(
                "[yellow]空闲行太多,没有全部尝试合并求和;请给出编号或日期列。[/]",
                "[yellow]Too many rows are left to try all as sums; name a key or a date.[/]",
            )
        )


MATCHED = {
    "exact": Text("完全相同", "the same"),
    "within-tolerance": Text("容差之内", "within tolerance"),
    "one-to-many": Text("一对多", "one to many"),
    "many-to-one": Text("多对一", "many to one"),
}
