"""``kintsugi import``: fragments in, closed arithmetic out."""

import datetime as dt
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kintsugi.config.cli.terminal import err, language, out, print_json, t
from kintsugi.core.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.mapping import Mapping
    from kintsugi.onboarding.services.progress import Listener

ARITHMETIC = ("read", "created", "updated", "merged", "unchanged", "excluded", "quarantined")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        "import",
        short_help=t(
            "把文件、文件夹或数据库表导入系统", "Files, folders or database tables into the system"
        ),
        help=t(
            "导入文件、文件夹或数据库表。再次导入相同内容不会改变任何东西;中断后再次执行会接着做。",
            "Import files, folders or database tables. Importing the same again changes nothing; "
            "after an interruption the same command goes on where it stopped.",
        ),
    )
    def import_(
        locations: Annotated[
            list[str],
            typer.Argument(
                help=t("文件、文件夹或数据库地址", "Files, folders or a database address")
            ),
        ],
        source: Annotated[
            str | None,
            typer.Option(help=t("来源代码(默认按列布局识别)", "Source code (default: by layout)")),
        ] = None,
        mapping: Annotated[
            Path | None, typer.Option(help=t("映射文件 (YAML)", "Mapping file (YAML)"))
        ] = None,
        table: Annotated[
            list[str] | None,
            typer.Option(help=t("数据库中的表", "Table of a database; may repeat")),
        ] = None,
        authority: Annotated[
            int | None,
            typer.Option(help=t("权威度 0-1000,高者胜", "Authority 0-1000, the higher wins")),
        ] = None,
        encoding: Annotated[
            str | None, typer.Option(help=t("文件编码(默认自动)", "Encoding (default: detected)"))
        ] = None,
        as_of: Annotated[
            dt.datetime | None,
            typer.Option(
                formats=["%Y-%m-%d"],
                help=t("来源的导出日期(默认今天)", "Export date (default: now)"),
            ),
        ] = None,
        confirmed: Annotated[
            Path | None,
            typer.Option(
                help=t(
                    "照片或扫描件:核对完的 CSV(由 read --confirm 写出)",
                    "Of a photo or scan: the answered CSV of read --confirm",
                )
            ),
        ] = None,
        rehearse: Annotated[
            bool,
            typer.Option(
                "--rehearse",
                help=t("只预演:写入须另一人批准", "Rehearse only: another person lets it load"),
            ),
        ] = False,
        shrunk: Annotated[
            str,
            typer.Option(
                "--shrunk",
                help=t("行数减少仍属正确的理由", "Why fewer rows than before are right"),
            ),
        ] = "",
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            answer = run_import(
                as_of=as_of.replace(tzinfo=dt.UTC) if as_of else None,
                locations=locations, source_code=source, mapping_path=mapping,
                tables=tuple(table or ()), authority=authority, encoding=encoding,
                answers_path=confirmed, rehearse=rehearse, shrunk=shrunk.strip(), quiet=as_json,
            )  # fmt: skip
            if as_json:
                print_json(answer)
            else:
                _show(answer)


def run_import(
    *,
    locations: list[str],
    source_code: str | None = None,
    mapping_path: Path | None = None,
    tables: tuple[str, ...] = (),
    authority: int | None = None,
    encoding: str | None = None,
    answers_path: Path | None = None,
    as_of: dt.datetime | None = None,
    rehearse: bool = False,
    shrunk: str = "",
    quiet: bool = False,
) -> dict[str, Any]:
    """Import and return the answer; inside ``database()``. Raises KintsugiError."""
    from kintsugi.config.cli.paper import Eyes, check
    from kintsugi.engine.paper.confirm import read_confirm
    from kintsugi.engine.reading import ReadHints
    from kintsugi.onboarding.selectors import checksums, run_report
    from kintsugi.onboarding.services import Fragment, expand, import_fragments, register_source

    files, skipped = expand(locations)
    check(Eyes(answers=answers_path), files)
    answers = read_confirm(answers_path) if answers_path is not None else []
    actor = f"cli:{account()}"
    if source_code is None and authority is not None:
        raise KintsugiError(
            "import.authority-of-what",
            Text("给出权威度时须指明来源。", "An authority needs to be told of which source."),
            Text("请加上 --source。", "Add --source."),
        )
    chosen = None
    if source_code is not None:
        kind = "database" if "://" in files[0] else Path(files[0]).suffix.lstrip(".") or "file"
        chosen = register_source(
            actor=actor, code=source_code, kind=kind, name_zh="", authority=authority
        )
    given = {file: _mapping(mapping_path or _beside(file)) for file in files}
    hints = ReadHints(tables=tables, encoding=encoding) if tables or encoding else None
    with _progress(quiet) as listener:
        runs = import_fragments(
            actor=actor,
            fragments=[
                Fragment(
                    f, chosen, given[f], hints, as_of, answers, is_governed=rehearse, shrunk=shrunk
                )
                for f in files
            ],
            at=dt.datetime.now(dt.UTC),
            listener=listener,
        )
    reports = [run_report(run) for run in runs]
    total = {
        name: sum(report[name] or 0 for report in reports)
        for name in (*ARITHMETIC, "cells_changed")
    }
    return {
        "ok": True,
        **total,
        "sources": reports,
        "skipped": skipped,
        "checksums": checksums(),
    }


def _beside(file: str) -> Path | None:
    """The mapping that lies beside a file, as an export writes it."""
    path = Path(file).with_suffix(".mapping.yaml")
    return path if "://" not in file and path.is_file() else None


def _mapping(path: Path | None) -> "Mapping | None":
    from kintsugi.engine.mapping import Mapping

    if path is None:
        return None
    try:
        return Mapping.read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise KintsugiError(
            "mapping.unreadable",
            Text("无法读取映射文件。", "The mapping file cannot be read."),
            Text("请检查路径与编码(UTF-8)。", "Check its path and that it is UTF-8."),
            file=str(path),
            reason=str(error)[:200],
        ) from error


def account() -> str:
    """Who runs this command, for the change log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return str(os.getuid())


class _progress:
    """A bar on the terminal's error stream, or nothing when a machine reads the answer."""

    def __init__(self, quiet: bool) -> None:
        self._bar = None
        if not quiet:
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:,.0f} / {task.total:,.0f}"),
                TimeElapsedColumn(),
                console=err(),
                transient=True,
            )

    def __enter__(self) -> "Listener | None":
        if self._bar is None:
            return None
        bar = self._bar
        bar.start()
        task = bar.add_task("", total=1)

        def listen(phase: Text, done: int, total: int) -> None:
            bar.update(task, description=phase.get(language()), completed=done, total=max(total, 1))

        return listen

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def show_arithmetic(reports: list[dict[str, Any]]) -> Table:
    """One line a source: read = created + updated + merged + unchanged + excluded + quarantined."""
    zh = ("读取", "新建", "更新", "合并", "未变", "排除", "隔离")
    table = Table(t("来源", "source"), t("文件", "file"), box=None, header_style="dim")
    for name, chinese in zip(ARITHMETIC, zh, strict=True):
        table.add_column(t(chinese, name), justify="right")
    for report in reports:
        numbers = [f"{report[name] or 0:,}" for name in ARITHMETIC]
        table.add_row(report["source"], report["file"], *numbers)
    return table


def _show_rehearsal(report: dict[str, Any]) -> None:
    """What a run that waits for two persons would do."""
    if report["status"] != "rehearsed":
        return
    console = out()
    console.print(
        t(
            f"{report['run']} 已预演,未写入;请在运行页面提交,由另一人批准。",
            f"{report['run']} was rehearsed, nothing was loaded; propose it on its page, another "
            "person approves it.",
        )
    )
    names = {"created": "新建", "updated": "更新", "merged": "并入", "unchanged": "未变",
             "quarantined": "不动", "cells": "改变的值"}  # fmt: skip
    for entity in report["rehearsal"]["entities"].values():
        counts = ", ".join(f"{t(zh, name)} {entity[name]:,}" for name, zh in names.items())
        console.print(f"  {entity['entity']} [dim]({entity['table']})[/]: {counts}")


def _show(answer: dict[str, Any]) -> None:
    console = out()
    console.print(show_arithmetic(answer["sources"]))
    for report in answer["sources"]:
        _show_rehearsal(report)
        for note in report["notes"]:
            console.print(
                f"[dim]· {report['file']}: {note['zh' if language() == 'zh' else 'en']}[/]"
            )
        for issue in report["issues"]:
            title = issue["title"]["zh" if language() == "zh" else "en"]
            examples = ", ".join(repr(e) for e in issue["examples"][:3] if e)
            console.print(f"  {issue['count']:>7,} × {title} [dim]{issue['rule']} {examples}[/]")
    if answer["skipped"]:
        console.print(
            t(
                f"未读取 {len(answer['skipped'])} 个其他文件。",
                f"{len(answer['skipped'])} other files were left alone.",
            )
        )
