"""``kintsugi clean``: wrong cells of a table found and, where sure, repaired; the rest proposed."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kintsugi.config.cli.files import refuse_onto
from kintsugi.config.cli.terminal import err, language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    import polars as pl

    from kintsugi.engine.pipeline.export import Kind
    from kintsugi.engine.repair import Learned, Studied

ISSUE_COLUMNS = (
    "row", "column", "value", "proposed", "applied", "rule", "confidence", "reason", "record",
)  # fmt: skip
ROW = "_row"


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("找出并改正错误的单元格", "Find and repair the wrong cells of a table"),
        help=t(
            "找出表中的错误单元格,有把握的直接改正,其余列为建议;无需标注,也可从少量已回答的行学习。"
            "退出码:0 完成,2 被拒绝。",
            "Find the wrong cells of a table, repair those that are sure and propose the rest; "
            "needs no labels, and learns from a few answered rows. Exit codes: 0 done, 2 refused.",
        ),
    )
    def clean(
        source: Annotated[
            str, typer.Argument(metavar="IN", help=t("任意表格文件", "Any file with a table"))
        ],
        target: Annotated[
            Path | None,
            typer.Option(
                "--out",
                "-o",
                help=t(
                    "改正后的表(.csv 或 .parquet);与 --ask 同用时为待回答的行",
                    "The repaired table (.csv or .parquet); with --ask the rows to answer",
                ),
            ),
        ] = None,
        issues: Annotated[
            Path | None,
            typer.Option(help=t("发现的问题(.csv)", "What was found, one cell a line (.csv)")),
        ] = None,
        threshold: Annotated[
            float,
            typer.Option(
                min=0.5,
                max=1.0,
                help=t("达到此把握才改正", "How sure a change must be to be applied"),
            ),
        ] = 0.9,
        ask: Annotated[
            int | None,
            typer.Option(
                help=t("写出最值得由人回答的若干行", "Write the rows that are most worth an answer")
            ),
        ] = None,
        answers: Annotated[
            Path | None,
            typer.Option(help=t("已回答的行(--ask 写出的文件)", "The answered file of --ask")),
        ] = None,
        contract: Annotated[
            str | None,
            typer.Option(
                help=t("按此实体的契约规范写法", "Write values as this entity's contract asks")
            ),
        ] = None,
        table: Annotated[
            str | None, typer.Option(help=t("表名或序号", "The table: name or number"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        wanted = Wanted(source, target, issues, threshold, ask, answers, contract, table)
        answer = run_clean(wanted, quiet=as_json)
        if as_json:
            print_json(answer)
        else:
            _show(answer)


@dataclass(frozen=True)
class Wanted:
    """What one run is asked for."""

    source: str
    target: Path | None = None
    issues: Path | None = None
    threshold: float = 0.9
    ask: int | None = None
    answers: Path | None = None
    contract: str | None = None
    table: str | None = None


@dataclass(frozen=True)
class _Loaded:
    """The table by header name, the source's row number of each row, and what heads the file.
    ``fills``: cells that stand for another (merged, ditto, garbled) with the text they came with,
    ``row`` (from 0 on), ``column``, ``raw``, ``text``."""

    rows: "pl.DataFrame"
    fills: "pl.DataFrame"
    numbers: "pl.Series"
    headers: list[str]
    excluded: int


def run_clean(wanted: Wanted, *, quiet: bool) -> dict[str, Any]:
    """Reads, finds, repairs and writes; returns the report.

    Raises KintsugiError: of reading, ``clean.several-tables``, ``clean.ask-and-answers``,
    ``read.onto-source``, ``read.unwritable`` and those of :mod:`kintsugi.engine.repair`.
    """
    from kintsugi.engine.contract import load_contract
    from kintsugi.engine.repair import fields_of, learn, study

    _refuse_mixed(wanted)
    began = time.perf_counter()
    loaded = _load(wanted.source, wanted.table, _kind(wanted.target))
    given = None if wanted.answers is None else _answers(wanted.answers, loaded)
    fields = {}
    if wanted.contract is not None:
        fields = dict(fields_of(loaded.rows.columns, load_contract(wanted.contract)))
    with _progress(quiet) as bar:
        task = bar.add_task("")
        studied = study(
            loaded.rows,
            fields=fields,
            listen=lambda done, of: bar.update(task, completed=done, total=of),
        )
    answer: dict[str, Any] = {
        "ok": True,
        "source": wanted.source,
        "rows": loaded.rows.height,
        "columns": loaded.rows.width,
        "put_aside": loaded.excluded,
        "fields": {header: field.name for header, field in fields.items()},
    }
    if wanted.ask is not None:
        answer |= _ask(studied, loaded, wanted)
    else:
        found = studied if given is None else learn(studied, given)
        answer |= _repair(found, loaded, wanted)
    return answer | {"seconds": round(time.perf_counter() - began, 2)}


def _refuse_mixed(wanted: Wanted) -> None:
    if wanted.ask is not None and wanted.answers is not None:
        raise KintsugiError(
            "clean.ask-and-answers",
            Text("不能同时提问并读取回答。", "Rows cannot be asked for and answered at once."),
            Text("先用 --ask,填写后再用 --answers。", "Use --ask first, then --answers."),
            ask=wanted.ask,
            answers=str(wanted.answers),
        )
    if wanted.ask is not None and wanted.target is None:
        raise KintsugiError(
            "clean.ask-where",
            Text("没有说明待回答的行写到哪里。", "It is not said where the rows to answer go."),
            Text("请用 -o 给出一个 .csv 文件。", "Give a .csv file with -o."),
            ask=wanted.ask,
        )
    same = wanted.target is not None and wanted.target == wanted.issues
    for path in (wanted.target, wanted.issues):
        if path is not None:
            refuse_onto(path, wanted.source)
            if wanted.answers is not None:
                refuse_onto(path, str(wanted.answers))
    if same:
        raise KintsugiError(
            "clean.same-file",
            Text("结果与问题清单是同一个文件。", "The result and the issues are one file."),
            Text("请给出两个不同的文件。", "Give two different files."),
            file=str(wanted.target),
        )


def _load(source: str, which: str | None, kind: "Kind") -> _Loaded:
    import polars as pl

    from kintsugi.engine.pipeline.export import chosen_tables, header_names
    from kintsugi.engine.pipeline.fills import filled, fills
    from kintsugi.engine.reading import read_source
    from kintsugi.engine.snapshot import table_frame

    with tempfile.TemporaryDirectory(prefix="kintsugi-clean-") as folder:
        snapshot = read_source(source, into=Path(folder))
        tables = chosen_tables(snapshot, () if which is None else (which,))
        if len(tables) != 1:
            raise KintsugiError(
                "clean.several-tables",
                Text("来源中不止一张表。", "The source has not one table but several or none."),
                Text("请用 --table 选择一张。", "Choose one with --table."),
                file=snapshot.file_name,
                tables=[f"{one.index + 1} {one.name}" for one in tables][:50],
            )
        (table,) = tables
        frame = table_frame(snapshot, table.index)
        standing = fills(snapshot, table.index)
        names = _once([c.name for c in table.columns])
        named = [
            pl.col(c.key).fill_null("").alias(n) for c, n in zip(table.columns, names, strict=True)
        ]
        raw = frame.collect()
        rows = raw if standing.is_empty() else filled(frame, standing).collect()
        return _Loaded(
            rows.select(named),
            _changed(raw.select(named), rows.select(named)),
            rows["_row"],
            header_names(table, table.columns, kind),
            table.excluded + table.quarantined,
        )


def _changed(raw: "pl.DataFrame", rows: "pl.DataFrame") -> "pl.DataFrame":
    """The cells in which two tables of one shape differ."""
    import polars as pl

    schema = {"row": pl.Int64, "column": pl.String, "raw": pl.String, "text": pl.String}
    parts = [pl.DataFrame(schema=schema)]
    for name in rows.columns:
        at = (raw[name] != rows[name]).arg_true()
        if len(at):
            parts.append(
                pl.DataFrame(
                    {"row": at, "column": [name] * len(at), "raw": raw[name].gather(at),
                     "text": rows[name].gather(at)},
                    schema_overrides=schema,
                )
            )  # fmt: skip
    return pl.concat(parts)


def _once(names: list[str]) -> list[str]:
    """Each name once: a second one gets its place."""
    seen: set[str] = set()
    found = []
    for place, name in enumerate(names, 1):
        own = name if name and name not in seen and name != ROW else f"{name or 'column'}#{place}"
        seen.add(own)
        found.append(own)
    return found


def _answers(path: Path, loaded: _Loaded) -> "pl.DataFrame":
    """The answered rows, their row numbers turned into places in the table."""
    import polars as pl

    from kintsugi.engine.reading import ReadHints, read_source
    from kintsugi.engine.snapshot import table_frame

    with tempfile.TemporaryDirectory(prefix="kintsugi-clean-") as folder:
        snapshot = read_source(str(path), into=Path(folder), hints=ReadHints())
        table = snapshot.tables[0]
        rows = table_frame(snapshot, 0).collect()
        found = rows.select(pl.col(c.key).fill_null("").alias(c.name) for c in table.columns)
    if ROW not in found.columns:
        return found
    places = {str(number): place for place, number in enumerate(loaded.numbers.to_list())}
    return found.with_columns(
        pl.col(ROW).replace_strict(places, default=None, return_dtype=pl.Int64)
    )


def _ask(studied: "Studied", loaded: _Loaded, wanted: Wanted) -> dict[str, Any]:
    from kintsugi.engine.pipeline.export import write_frame
    from kintsugi.engine.repair import choose

    assert wanted.ask is not None
    assert wanted.target is not None
    rows = sorted(choose(studied, wanted.ask))
    asked = loaded.rows[rows].insert_column(0, loaded.numbers.gather(rows).alias(ROW))
    write_frame(asked.lazy(), asked.columns, wanted.target, _kind(wanted.target))
    return {"asked": len(rows), "out": str(wanted.target)}


def _repair(found: "Studied | Learned", loaded: _Loaded, wanted: Wanted) -> dict[str, Any]:
    from kintsugi.engine.pipeline.export import write_frame
    from kintsugi.engine.repair import repaired

    issues = _issues(found.findings, loaded, wanted.threshold)
    if wanted.target is not None:
        after = repaired(loaded.rows, found.findings, wanted.threshold)
        write_frame(after.lazy(), loaded.headers, wanted.target, _kind(wanted.target))
    if wanted.issues is not None:
        write_frame(issues.lazy(), issues.columns, wanted.issues, _kind(wanted.issues))
    rules = issues.group_by("rule").len().sort(["len", "rule"], descending=[True, False])
    return {
        "found": issues.height,
        "applied": int((issues["applied"] == "yes").sum()),
        "rules": dict(rules.iter_rows()),
        "out": None if wanted.target is None else str(wanted.target),
        "issues": None if wanted.issues is None else str(wanted.issues),
    }


def _issues(findings: "pl.DataFrame", loaded: _Loaded, threshold: float) -> "pl.DataFrame":
    """What is worth telling: applied changes, and cells that are rather wrong than right."""
    import polars as pl

    from kintsugi.engine.repair import DETECT_AT, reason

    applied = pl.col("proposed").is_not_null() & (pl.col("confidence") >= threshold)
    told = findings.filter(applied | (pl.col("detected") >= DETECT_AT))
    told = _with_fills(told, loaded, threshold)
    tag = language()
    # A sentence once for each distinct set of facts: a rule may speak of every row.
    facts = told.select("rule", "proposed", "support", "total", "because").unique(
        maintain_order=True
    )
    sentences = facts.with_columns(
        pl.Series("reason", [reason(f).get(tag) for f in facts.iter_rows(named=True)], pl.String)
    )
    return (
        told.join(sentences, on=facts.columns, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            loaded.numbers.gather(told["row"]).cast(pl.String).alias("row"),
            (pl.col("row") + 1).cast(pl.String).alias("record"),
            pl.when(applied).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("applied"),
            pl.when(pl.col("proposed").is_null())
            .then("detected")
            .otherwise("confidence")
            .round(3)
            .cast(pl.String)
            .alias("confidence"),
        )
        .select(ISSUE_COLUMNS)
    )


def _with_fills(told: "pl.DataFrame", loaded: _Loaded, threshold: float) -> "pl.DataFrame":
    """Findings name the text a cell came with; a cell that was only filled is told of too."""
    import polars as pl

    if loaded.fills.is_empty():
        return told
    cell = ["row", "column"]
    sure = pl.col("proposed").is_not_null() & (pl.col("confidence") >= threshold)
    mended = told.filter(sure).join(loaded.fills, on=cell, how="left", maintain_order="left")
    mended = mended.with_columns(pl.coalesce("raw", "value").alias("value"))
    filled = loaded.fills.join(mended, on=cell, how="anti").select(
        *cell,
        pl.col("raw").alias("value"),
        pl.col("text").alias("proposed"),
        pl.lit("filled").alias("rule"),
        pl.lit(1.0).alias("confidence"),
        pl.lit(1.0).alias("detected"),
        *(pl.lit(0, pl.Int64).alias(c) for c in ("support", "total")),
        pl.lit("").alias("because"),
    )
    rest = told.filter(~sure)
    order = {name: place for place, name in enumerate(loaded.rows.columns)}
    return pl.concat([mended.select(told.columns), rest, filled.select(told.columns)]).sort(
        "row", pl.col("column").replace_strict(order, return_dtype=pl.Int64), "rule"
    )


def _kind(path: Path | None) -> "Kind":
    return "parquet" if path is not None and path.suffix.lower() == ".parquet" else "csv"


def _progress(quiet: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed:,.0f} / {task.total:,.0f}"),
        TimeElapsedColumn(),
        console=err(),
        transient=True,
        disable=quiet,
    )


def _show(answer: dict[str, Any]) -> None:
    console = out()
    size = f"{answer['rows']:,} × {answer['columns']:,}"
    if "asked" in answer:
        console.print(
            t(
                f"{answer['asked']} 行待回答,写在 {escape(answer['out'])}:请改正其中的值,"
                "再用 --answers 读回。",
                f"{answer['asked']} rows to answer are in {escape(answer['out'])}: correct their "
                "values, then give the file with --answers.",
            )
        )
        return
    table = Table(box=None, header_style="dim")
    table.add_column(t("规则", "rule"))
    table.add_column(t("单元格", "cells"), justify="right")
    for rule, cells in answer["rules"].items():
        table.add_row(escape(rule), f"{cells:,}")
    if answer["rules"]:
        console.print(table)
    console.print(
        t(
            f"{size}:发现 {answer['found']:,} 个可疑单元格,改正 {answer['applied']:,} 个,"
            f"{answer['seconds']:.1f} 秒",
            f"{size}: {answer['found']:,} cells found, {answer['applied']:,} repaired, "
            f"{answer['seconds']:.1f} s",
        )
    )
    if answer["put_aside"]:
        console.print(
            t(
                f"{answer['put_aside']:,} 行不是数据,未写出(见 kintsugi read)",
                f"{answer['put_aside']:,} rows are no data and were not written (kintsugi read "
                "shows them)",
            )
        )
