"""``kintsugi read``: any file or database as clean tables, with a report of what was seen."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kintsugi.config.cli import paper
from kintsugi.config.cli.files import keep_json, refuse_onto
from kintsugi.config.cli.terminal import err, language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.pipeline.export import Kind
    from kintsugi.engine.reading import ReadHints
    from kintsugi.engine.snapshot import Snapshot, SnapshotTable

EXIT_PARTLY = 1  # some of several files could not be read


def _help() -> str:
    return t(
        "把文件、文件夹或数据库读成干净的表:识别编码、分隔符、表头与多余行,并给出报告。"
        "照片、扫描件与 PDF 由 OCR 读取,关键单元格待人核对。"
        "退出码:0 全部读取,1 部分文件被拒绝,2 全部被拒绝,3 有行因未核对而放在一边。",
        "Read files, folders or databases as clean tables: encoding, dialect, header and rows "
        "that are no data are found, and reported. Photos, scans and PDFs are read by OCR, and "
        "what matters waits for a person. Exit codes: 0 all read, 1 some files refused, 2 "
        "nothing read, 3 rows put aside since nobody confirmed them.",
    )


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t(
            "把任意文件、文件夹或数据库读成干净的表", "Any file, folder or database as clean tables"
        ),
        help=_help(),
    )
    def read(
        paths: Annotated[
            list[str],
            typer.Argument(help=t("文件、文件夹或地址", "Files, folders or addresses")),
        ],
        target: Annotated[
            Path | None,
            typer.Option(
                "--out",
                "-o",
                help=t(
                    "结果:.csv 或 .parquet 文件(仅一张表时),否则为文件夹;不给则只看报告",
                    "Where to: a .csv or .parquet file for one table, else a folder; without it "
                    "there is only the report",
                ),
            ),
        ] = None,
        table: Annotated[
            list[str] | None,
            typer.Option(
                help=t("只要这张表:名称或序号", "Only this table: name or number; may repeat")
            ),
        ] = None,
        kind: Annotated[
            str | None,
            typer.Option("--format", help=t("csv 或 parquet", "csv or parquet (default: csv)")),
        ] = None,
        pattern: Annotated[
            str,
            typer.Option(help=t("文件夹中读取哪些文件", "Which files of a folder, e.g. *.xlsx")),
        ] = "*",
        encoding: Annotated[
            str | None, typer.Option(help=t("文件编码(默认自动)", "Encoding (default: detected)"))
        ] = None,
        delimiter: Annotated[
            str | None, typer.Option(help=t("分隔符(默认自动)", "Delimiter (default: detected)"))
        ] = None,
        query: Annotated[
            list[str] | None,
            typer.Option(help=t("数据库查询:名称=SELECT …", "For a database: NAME=SELECT …")),
        ] = None,
        header: Annotated[
            list[str] | None,
            typer.Option(
                help=t("网络地址的请求头:名称: 值", "For a web address: NAME: VALUE; may repeat")
            ),
        ] = None,
        as_is: Annotated[
            bool,
            typer.Option(
                "--as-is",
                help=t(
                    "合并单元格与“同上”保持原样", "Leave merged cells and ditto marks as written"
                ),
            ),
        ] = False,
        confirm: Annotated[Path | None, paper.option("confirm")] = None,
        confirmed: Annotated[Path | None, paper.option("confirmed")] = None,
        only_confirmed: Annotated[bool, paper.option("only_confirmed", "--only-confirmed")] = False,
        sure: Annotated[float, paper.option("sure")] = 0.9,
        report: Annotated[
            Path | None, typer.Option(help=t("把报告写入 JSON 文件", "Write the report as JSON"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.reading import ReadHints

        hints = ReadHints(
            encoding=encoding,
            delimiter=delimiter,
            queries=_queries(query or []),
            headers=_headers(header or []),
        )
        eyes = paper.Eyes(confirm, confirmed, only_confirmed, sure)
        asked = _Asked(
            tuple(table or ()), target, _kind(kind, target), pattern, not as_is, hints, eyes
        )
        _told(run_read(paths, asked, quiet=as_json), report, as_json=as_json)


def _told(answer: dict[str, Any], report: Path | None, *, as_json: bool) -> None:
    if report is not None:
        keep_json(report, answer)
    if as_json:
        print_json(answer)
    else:
        _show(answer)
    if not answer["ok"]:
        raise typer.Exit(EXIT_PARTLY)
    if any((source.get("paper") or {}).get("rows_put_aside") for source in answer["sources"]):
        raise typer.Exit(paper.EXIT_UNCONFIRMED)


@dataclass(frozen=True)
class _Asked:
    """What is wanted of each source."""

    tables: tuple[str, ...]
    target: Path | None
    kind: "Kind"
    pattern: str
    fill: bool
    hints: "ReadHints"
    eyes: paper.Eyes = field(default_factory=paper.Eyes)

    @property
    def is_file(self) -> bool:
        """Whether the target is one file."""
        return self.target is not None and self.target.suffix.lower() in (".csv", ".parquet")


def run_read(paths: list[str], asked: _Asked, *, quiet: bool) -> dict[str, Any]:
    """Reads every source, writes what was asked for, and returns the report.

    One source that is refused ends it (KintsugiError); of several the others are read all the same
    and the refusals stand in ``refused``. When all are refused, the first refusal is raised.
    """
    from kintsugi.engine.pipeline.export import chosen_tables
    from kintsugi.engine.reading import read_source

    files = _files(paths, asked.pattern)
    paper.check(asked.eyes, files)
    place = asked.target.parent if asked.is_file and asked.target else asked.target
    sources: list[tuple[str, Snapshot, list[SnapshotTable], float]] = []
    papers: list[dict[str, Any] | None] = []
    refused: list[tuple[str, KintsugiError]] = []
    with _workplace(place) as work, _progress(quiet) as bar:
        task = bar.add_task("", total=len(files))
        for number, file in enumerate(files):
            bar.update(task, description=escape(Path(file).name[-40:]), completed=number)
            began = time.perf_counter()
            try:
                snapshot = read_source(file, into=work, hints=asked.hints)
                snapshot, eyes = paper.seen(snapshot, asked.eyes, work)
                tables = chosen_tables(snapshot, asked.tables)
            except KintsugiError as error:
                if len(files) == 1:
                    raise
                refused.append((file, error))
                continue
            papers.append(eyes)
            sources.append((file, snapshot, tables, time.perf_counter() - began))
        if not sources:
            raise refused[0][1]
        written = _written(sources, asked)
        for source, eyes in zip(written, papers, strict=True):
            if eyes is not None:
                source["paper"] = eyes
        bar.update(task, completed=len(files))
    rows = sum(one["rows"] for source in written for one in source["tables"])
    seconds = sum(source["seconds"] for source in written)
    return {
        "ok": not refused,
        "rows": rows,
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds) if seconds else None,
        "sources": written,
        "refused": [{"source": file, **error.as_dict(language())} for file, error in refused],
    }


def _files(paths: list[str], pattern: str) -> list[str]:
    """The sources: a folder stands for the files in it, and below, that fit the pattern."""
    found: list[str] = []
    for one in paths:
        if "://" in one or not Path(one).is_dir():
            found.append(one)
            continue
        inside = sorted(p for p in Path(one).rglob(pattern) if p.is_file())
        found += [str(p) for p in inside if not p.name.startswith((".", "~$"))]
    if not found:
        raise KintsugiError(
            "read.nothing",
            Text("没有符合条件的文件。", "There is no file to read."),
            Text("请检查路径与 --pattern。", "Check the path and --pattern."),
            paths=paths,
            pattern=pattern,
        )
    return found


def _written(
    sources: "list[tuple[str, Snapshot, list[SnapshotTable], float]]", asked: _Asked
) -> list[dict[str, Any]]:
    from kintsugi.engine.pipeline.export import file_names, write_table

    _refuse_several(sources, asked)
    names = file_names([file for file, *_ in sources], [tables for *_, tables, _ in sources])
    found = []
    for (file, snapshot, tables, seconds), mine in zip(sources, names, strict=True):
        began = time.perf_counter()
        shown: list[dict[str, Any]] = []
        for table, name in zip(tables, mine, strict=True):
            if asked.target is None:
                shown.append(_seen(table))
                continue
            path = asked.target if asked.is_file else asked.target / f"{name}.{asked.kind}"
            refuse_onto(path, file)
            shown.append(
                write_table(snapshot, table, path, kind=asked.kind, fill=asked.fill).as_dict()
            )
        found.append(_source(file, snapshot, shown, seconds + time.perf_counter() - began))
    return found


def _source(
    file: str, snapshot: "Snapshot", tables: list[dict[str, Any]], seconds: float
) -> dict[str, Any]:
    return {
        "source": file,
        "kind": snapshot.kind,
        "bytes": snapshot.bytes,
        "sha256": snapshot.sha256,
        "encoding": snapshot.encoding,
        "encoding_confidence": snapshot.encoding_confidence,
        "dialect": snapshot.dialect.model_dump() if snapshot.dialect else None,
        "tables": tables,
        "notes": [
            {"code": note.code, "message": note.message.get(language()), "facts": note.facts}
            for note in snapshot.notes
        ],
        "seconds": round(seconds, 3),
    }


def _seen(table: "SnapshotTable") -> dict[str, Any]:
    return {
        "table": table.name,
        "index": table.index + 1,
        "read": table.read,
        "rows": table.rows,
        "excluded": table.excluded,
        "quarantined": table.quarantined,
        "columns": [column.name for column in table.columns],
        "header_rows": list(table.header_rows) if table.header_rows else None,
        "preamble": [cell.text for cell in table.preamble],
    }


# -- refusals --------------------------------------------------------------------------------------


def _kind(asked: str | None, target: Path | None) -> "Kind":
    suffix = target.suffix.lower().lstrip(".") if target is not None else ""
    kind = (asked or (suffix if suffix == "parquet" else "csv")).lower()
    if kind not in ("csv", "parquet"):
        raise KintsugiError(
            "read.format",
            Text(f"不支持的格式“{kind}”。", f"The format “{kind}” is not known."),
            Text("请用 csv 或 parquet。", "Use csv or parquet."),
            field="--format",
            value=kind,
        )
    return "parquet" if kind == "parquet" else "csv"


def _headers(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, sign, value = one.partition(":")
        if not (name.strip() and sign) or any(c in one for c in "\r\n"):
            raise KintsugiError(
                "read.header",
                Text("请求头须写成 名称: 值。", "A header is written NAME: VALUE."),
                Text(
                    "例如 --header 'Authorization: Bearer …'。",
                    "Say --header 'Authorization: Bearer …'.",
                ),
                field="--header",
                value=name[:100],
            )
        found[name.strip()] = value.strip()
    return found


def _queries(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, sign, statement = one.partition("=")
        if not (name.strip() and sign and statement.strip()):
            raise KintsugiError(
                "read.query",
                Text("查询须写成 名称=SELECT …。", "A query is written NAME=SELECT …."),
                Text("例如 --query 设备='select * from dev'。", "Say --query dev='select * …'."),
                field="--query",
                value=one[:200],
            )
        found[name.strip()] = statement
    return found


def _refuse_several(
    sources: "list[tuple[str, Snapshot, list[SnapshotTable], float]]", asked: _Asked
) -> None:
    tables = [f"{Path(file).name}: {one.name}" for file, _, of, _ in sources for one in of]
    if asked.is_file and len(tables) > 1:
        raise KintsugiError(
            "read.several-tables",
            Text(f"共 {len(tables)} 张表,放不进一个文件。",
                 f"There are {len(tables)} tables, more than fit into one file."),
            Text("请用 --table 选一张,或把 -o 改为文件夹。",
                 "Choose one with --table, or name a folder with -o."),
            tables=tables[:50],
        )  # fmt: skip


# -- showing ---------------------------------------------------------------------------------------


@contextmanager
def _workplace(place: Path | None) -> Iterator[Path]:
    """Where tables lie while they are read: beside the result, which has room for them."""
    from kintsugi.engine.pipeline.export import unwritable

    try:
        if place is not None:
            place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kintsugi-read-", dir=place) as name:
            yield Path(name)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise unwritable(place, error) from error


def _progress(quiet: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed:,.0f} / {task.total:,.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=err(),
        transient=True,
        disable=quiet,
    )


def _show(answer: dict[str, Any]) -> None:
    console = out()
    table = Table(box=None, header_style="dim")
    for name in (t("来源", "source"), t("表", "table"), t("编码", "encoding")):
        table.add_column(name)
    for name in (
        t("读取", "read"),
        t("行", "rows"),
        t("放在一边", "put aside"),
        t("列", "columns"),
    ):
        table.add_column(name, justify="right")
    table.add_column(t("结果", "result"))
    for source in answer["sources"]:
        for one in source["tables"]:
            aside = one["excluded"] + one["quarantined"]
            table.add_row(
                escape(Path(source["source"]).name), escape(one["table"]),
                escape(source["encoding"] or source["kind"]), f"{one['read']:,}",
                f"{one['rows']:,}", f"{aside:,}", f"{len(one['columns']):,}",
                escape(one.get("file", "")),
            )  # fmt: skip
    console.print(table)
    for source in answer["sources"]:
        for note in source["notes"]:
            console.print(
                f"[dim]· {escape(Path(source['source']).name)}: {escape(note['message'])}[/]"
            )
        if waiting := (source.get("paper") or {}).get("to_confirm"):
            console.print(
                t(f"· {waiting} 个单元格待人核对", f"· {waiting} cells wait for a person")
            )
    for one in answer["refused"]:
        console.print(
            f"[red]{escape(one['code'])}[/] {escape(one['source'])}: {escape(one['message'])}"
        )
        console.print(f"  → {escape(one['remedy'])}")
    rate = answer["rows_per_second"]
    if rate:
        console.print(
            f"[dim]{answer['rows']:,} {t('行', 'rows')} · {answer['seconds']:.1f} s · {rate:,}/s[/]"
        )
