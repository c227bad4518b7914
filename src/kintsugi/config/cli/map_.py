"""``kintsugi map``: which column of a source belongs to which field of a target."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.files import keep_json, read_tables, refuse_onto
from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.mapping import Matching, ShiftAlarm
    from kintsugi.engine.pipeline.plain import PlainTable

EXIT_SHIFTED = 1  # values of a column fit another column's field
SHOWN = 200


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        "map",
        short_help=t("各列对应目标的哪个字段", "Which field each column of a source belongs to"),
        help=t(
            "找出来源各列对应目标的哪个字段:按名称、值、类型与此前核准的对应排出候选,"
            "并给出一对一的对应;发现错位的列。退出码:0 完成,1 有列疑似错位,2 无法对应。",
            "Find which field of a target each column of a source belongs to: candidates ranked "
            "by names, values, types and what was approved before, a mapping of one to one, and "
            "columns that slipped. Exit codes: 0 done, 1 a column seems to have slipped, 2 "
            "refused.",
        ),
    )
    def map_(
        source: Annotated[str, typer.Argument(help=t("来源文件", "The source"))],
        to: Annotated[
            str,
            typer.Option(
                help=t("目标:数据字典实体名或一张表", "The target: an entity of ours or a table")
            ),
        ],
        approved: Annotated[
            Path | None,
            typer.Option(
                help=t("已核准的对应(source、target 两列)", "Approved pairs: source and target")
            ),
        ] = None,
        top: Annotated[
            int, typer.Option(min=1, max=5_000, help=t("每列候选数", "Candidates per column"))
        ] = 20,
        table: Annotated[
            str | None, typer.Option(help=t("来源的表", "Table of the source"))
        ] = None,
        to_table: Annotated[
            str | None, typer.Option(help=t("目标的表", "Table of the target"))
        ] = None,
        target: Annotated[
            Path | None,
            typer.Option(
                "--out", "-o", help=t("对应表(.csv 或 .parquet)", "The mapping as a file")
            ),
        ] = None,
        report: Annotated[
            Path | None, typer.Option(help=t("把结果写入 JSON 文件", "Write the answer as JSON"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.contract import load_contracts

        contracts = load_contracts()
        given = [source, *([] if to in contracts else [to])]
        given += [] if approved is None else [str(approved)]
        for path in (target, report):
            refuse_onto(path, *given)
        asked = [(source, table)]
        if to not in contracts:
            asked.append((to, to_table))
        known = [] if approved is None else _approved(approved)
        with read_tables(*asked) as tables:
            found, shifts = _matched(tables, to, known, top)
            answer = _answer(found, shifts, tables[0], to)
        if target is not None:
            _write(found, target)
        if report is not None:
            keep_json(report, answer)
        if as_json:
            print_json(answer)
        else:
            _show(found, answer)
        if shifts:
            raise typer.Exit(EXIT_SHIFTED)


def _matched(
    tables: "list[PlainTable]", to: str, known: list[tuple[str, str]], top: int
) -> "tuple[Matching, list[ShiftAlarm]]":
    from kintsugi.engine.contract import load_contracts
    from kintsugi.engine.mapping import (
        column_fits,
        contract_columns,
        contract_fits,
        find_shifts,
        frame_columns,
        match_columns,
    )

    contract = load_contracts().get(to)
    if contract is not None:
        targets = contract_columns(contract)
        fits = contract_fits(contract)
    else:
        targets = frame_columns(tables[1].frame)
        fits = {column.name: column_fits(column) for column in targets}
    frame = tables[0].frame
    found = match_columns(frame_columns(frame), targets, approved=known, top=top)
    return found, find_shifts(frame, found.named, fits)


def _approved(file: Path) -> list[tuple[str, str]]:
    """The pairs of a mapping as ``-o`` writes it; a row without a target says nothing.

    Read as it stands, not as a foreign file is: in so small a table a header would be guessed.
    """
    import polars as pl
    from polars.exceptions import PolarsError

    try:
        if file.suffix.lower() == ".parquet":
            read = pl.read_parquet(file)
        else:
            read = pl.read_csv(file, infer_schema=False)
        pairs = read.select(pl.col("source", "target").cast(pl.String)).drop_nulls().rows()
    except (OSError, PolarsError) as error:
        raise KintsugiError(
            "map.approved",
            Text("无法读取核准的对应。", "The approved pairs cannot be read."),
            Text(
                "须有 source 与 target 两列,如本命令 -o 所写(UTF-8)。",
                "Columns source and target are needed, as -o of this command writes them (UTF-8).",
            ),
            file=str(file),
        ) from error
    return [(str(source), str(target)) for source, target in pairs]


def _answer(
    found: "Matching", shifts: "list[ShiftAlarm]", read: "PlainTable", to: str
) -> dict[str, Any]:
    """The result with rows as they are numbered in the source."""
    alarms = [one.as_dict(language()) for one in shifts]
    for alarm in alarms:
        alarm["rows"] = [int(read.rows[row - 1]) for row in alarm["rows"]]
    return {
        "ok": True,
        "source": read.file,
        "table": read.name,
        "target": to,
        "mapped": len(found.pairs),
        "columns": [one.as_dict(language()) for one in found.columns],
        "shifts": alarms,
    }


def _write(found: "Matching", target: Path) -> None:
    import polars as pl

    from kintsugi.engine.pipeline.plain import write_plain

    rows = []
    for one in found.columns:
        own = next((c for c in one.candidates if c.target == one.target), None)
        score = None if own is None else f"{own.score:.4f}"
        why = "" if own is None else "; ".join(reason.get(language()) for reason in own.reasons)
        rows.append((one.source, one.target, score, why or None))
    schema = dict.fromkeys(("source", "target", "score", "reasons"), pl.String)
    write_plain(pl.DataFrame(rows, schema=schema, orient="row"), target)


def _show(found: "Matching", answer: dict[str, Any]) -> None:
    console = out()
    shown = Table(box=None, header_style="dim")
    for name in (t("来源列", "column"), t("目标", "target"), t("分数", "score")):
        shown.add_column(name)
    shown.add_column(t("理由;其他候选", "reasons; other candidates"))
    for one in found.columns[:SHOWN]:
        own = next((c for c in one.candidates if c.target == one.target), None)
        others = ", ".join(f"{c.target} {c.score:.2f}" for c in one.candidates[:3] if c is not own)
        why = "" if own is None else ", ".join(r.get(language()) for r in own.reasons)
        score = "" if own is None else f"{own.score:.2f}"
        told = "; ".join(part for part in (why, others) if part)
        shown.add_row(
            escape(one.source), escape(one.target or "–"), score, f"[dim]{escape(told)}[/]"
        )
    console.print(shown)
    if len(found.columns) > SHOWN:
        rest = len(found.columns) - SHOWN
        console.print(f"[dim]… {rest:,} {t('列见 --json 或 -o', 'more: --json or -o')}[/]")
    console.print(
        t(
            f"{answer['mapped']}/{len(found.columns)} 列有对应",
            f"{answer['mapped']} of {len(found.columns)} columns mapped",
        )
    )
    for alarm in answer["shifts"]:
        where = ", ".join(map(str, alarm["rows"]))
        console.print(f"[yellow]{escape(alarm['message'])}[/] [dim]{t('行', 'rows')} {where} …[/]")
