"""``kintsugi profile``: what is in a table, what its columns mean, how far it may be trusted."""

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.files import keep_json, keep_text, read_tables, refuse_onto
from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.profiling import Drift, Profile

EXIT_DRIFT = 1  # against an earlier profile: something changed that a load cannot live with
SHOWN = 10


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t(
            "剖析一张表:类型、含义、异常、依赖、得分",
            "What is in a table and how far it may be trusted",
        ),
        help=t(
            "剖析一张表:类型、含义、写法、异常、唯一标识、列间依赖与规则、四项得分与风险;"
            "可与上次剖析比较。退出码:0 完成,1 与上次相比有须停止的变化,2 无法剖析。",
            "Profile a table: types, meanings, patterns, what is unlike the rest, keys, "
            "dependences and rules between columns, four scores, risk; and what changed since an "
            "earlier profile. Exit codes: 0 done, 1 a change that must stop a load, 2 refused.",
        ),
    )
    def profile(
        source: Annotated[
            str, typer.Argument(help=t("文件或数据库地址", "A file or database address"))
        ],
        table: Annotated[str | None, typer.Option(help=t("哪张表", "Which table"))] = None,
        target: Annotated[
            Path | None,
            typer.Option(
                "--out",
                "-o",
                help=t("结果:.html 或 .json 文件", "Where to: an .html or .json file"),
            ),
        ] = None,
        against: Annotated[
            Path | None,
            typer.Option(help=t("上次剖析的 JSON 文件", "JSON of an earlier profile to compare")),
        ] = None,
        date_column: Annotated[
            str | None,
            typer.Option(help=t("判断及时性的日期列", "Date column that tells how fresh rows are")),
        ] = None,
        within_days: Annotated[
            int | None, typer.Option(min=0, help=t("多少天内算及时", "Fresh within so many days"))
        ] = None,
        at: Annotated[
            str | None, typer.Option(help=t("以哪天为准(默认今天)", "As of (default: today)"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.profiling import drift, profile_table

        refuse_onto(target, source, *([str(against)] if against else []))
        earlier = _earlier(against) if against is not None else None
        day = _day(at)
        with read_tables((source, table)) as (read,):
            found = profile_table(
                read.frame, read.rows, source=Path(read.file).name, table=read.name,
                at=day, aside=read.aside, dated_by=date_column, within_days=within_days,
            )  # fmt: skip
        changes = drift(earlier, found) if earlier is not None else None
        if target is not None:
            _write(found, changes, target)
        if as_json:
            print_json({"ok": True, **_answer(found, changes)})
        else:
            _show(found, changes)
        if changes and any(one.grade == "stop" for one in changes):
            raise typer.Exit(EXIT_DRIFT)


def _day(said: str | None) -> dt.date:
    if said is None:
        return dt.datetime.now(dt.UTC).astimezone().date()
    try:
        return dt.date.fromisoformat(said)
    except ValueError as error:
        raise KintsugiError(
            "profile.day",
            Text(f"“{said}”不是日期。", f"“{said}” is no date."),
            Text("写成 2026-11-27。", "Write it as 2026-11-27."),
            field="--at",
            value=said,
        ) from error


def _earlier(path: Path) -> "Profile":
    from kintsugi.engine.profiling import from_dict

    try:
        return from_dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KintsugiError(
            "profile.no-earlier",
            Text("无法读取上次的剖析结果。", "The earlier profile cannot be read."),
            Text("给出 kintsugi profile -o 写的 JSON 文件。",
                 "Give the JSON file that kintsugi profile -o wrote."),
            file=str(path),
            reason=str(error)[:200],
        ) from error  # fmt: skip


def _answer(found: "Profile", changes: "list[Drift] | None") -> dict[str, Any]:
    answer = found.as_dict()
    if changes is not None:
        answer["drift"] = [
            {
                "kind": one.kind, "grade": one.grade, "column": one.column,
                "before": one.before, "after": one.after, "size": one.size,
            }
            for one in changes
        ]  # fmt: skip
    return answer


def _write(found: "Profile", changes: "list[Drift] | None", target: Path) -> None:
    from kintsugi.engine.profiling.page import html_page

    if target.suffix.lower() in (".html", ".htm"):
        keep_text(target, html_page(found, changes, language()))
    elif target.suffix.lower() == ".json":
        keep_json(target, _answer(found, changes))
    else:
        raise KintsugiError(
            "profile.format",
            Text("结果文件须以 .html 或 .json 结尾。", "The result ends in .html or .json."),
            Text("改一个文件名。", "Choose another name."),
            file=str(target),
        )


def _show(found: "Profile", changes: "list[Drift] | None") -> None:
    from kintsugi.engine.profiling import DRIFTS
    from kintsugi.engine.profiling.page import WORDS

    def say(word: str) -> str:
        return WORDS[word].get(language()) if word in WORDS else word

    console = out()
    table = Table(box=None, header_style="dim")
    for head in ("column", "type", "meaning"):
        table.add_column(say(head))
    for head in ("filled", "distinct"):
        table.add_column(say(head), justify="right")
    table.add_column(say("odd"))
    for one in found.columns:
        share = f"{100 * one.filled / one.rows:.1f}%" if one.rows else "–"
        odd = "; ".join(f"{say(o.why)} {o.value[:20]}" for o in one.odd[:2])
        table.add_row(
            escape(one.name),
            say(one.type),
            say(one.meaning.kind) if one.meaning else "",
            share,
            f"{one.distinct:,}",
            f"[yellow]{escape(odd)}[/]",
        )
    console.print(table)
    scores = "   ".join(
        f"{say(s.name)} {'–' if s.value is None else f'{s.value:.1f}'}" for s in found.scores
    )
    console.print(f"\n{scores}")
    for key in found.keys[:SHOWN]:
        mark = "✓" if not key.repeated else f"{key.repeated:,} {say('repeated')}"
        console.print(f"[dim]{say('keys')}[/] {escape(' + '.join(key.columns))}  {mark}")
    for rule in found.dependences[:SHOWN]:
        console.print(
            f"[dim]→[/] {escape(' + '.join(rule.left))} → {escape(rule.right)}  "
            f"{rule.strength:.3f}, {rule.exceptions:,} {say('exceptions')}"
        )
    for change in changes or ():
        colour = {"stop": "red", "ask": "yellow", "note": "dim"}[change.grade]
        console.print(
            f"[{colour}]{DRIFTS[change.kind][1].get(language())}[/] "
            f"{escape(change.column or '')}  {escape(change.before)} → {escape(change.after)}"
        )
    if changes == []:
        console.print(f"[green]{say('no-drift')}[/]")
