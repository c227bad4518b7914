"""``kintsugi check``: a table held against rules: a contract's, or a file's."""

import tempfile
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
    from kintsugi.engine.checks.examine import RuleResult
    from kintsugi.engine.checks.rulebook import RuleBook
    from kintsugi.engine.pipeline.plain import PlainTable

EXIT_BROKEN = 1  # rows break a rule
SHOWN = 3


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("按规则检查一张表", "Hold a table against rules"),
        help=t(
            "按规则检查一张表:规则文件或数据契约;计数精确,样例有上限。"
            "退出码:0 全部符合,1 有规则被违反,2 无法检查。",
            "Hold a table against rules: a file of rules, or a data contract. Counts are exact, "
            "samples capped. Exit codes: 0 all kept, 1 a rule is broken, 2 refused.",
        ),
    )
    def check(
        source: Annotated[
            str, typer.Argument(help=t("文件或数据库地址", "A file or database address"))
        ],
        rules: Annotated[
            Path | None, typer.Option(help=t("规则文件(YAML)", "File of rules (YAML)"))
        ] = None,
        contract: Annotated[
            str | None, typer.Option(help=t("数据契约,如 device", "A data contract, e.g. device"))
        ] = None,
        table: Annotated[str | None, typer.Option(help=t("哪张表", "Which table"))] = None,
        samples: Annotated[
            int,
            typer.Option(min=0, max=10_000, help=t("每条规则的样例数", "Samples for each rule")),
        ] = 20,
        target: Annotated[
            Path | None,
            typer.Option("--out", "-o", help=t("把样例写入文件", "Write the samples to a file")),
        ] = None,
        report: Annotated[
            Path | None, typer.Option(help=t("把结果写入 JSON 文件", "Write the answer as JSON"))
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        refuse_onto(target, source)
        refuse_onto(report, source)
        with read_tables((source, table)) as (read,):
            found = _examined(read, _book(read, rules, contract), samples)
        answer = _answer(read, found)
        if target is not None:
            _write(found, target)
        if report is not None:
            keep_json(report, answer)
        if as_json:
            print_json(answer)
        else:
            _show(read, found)
        if answer["broken"]:
            raise typer.Exit(EXIT_BROKEN)


def _book(read: "PlainTable", rules: Path | None, contract: str | None) -> "RuleBook":
    from kintsugi.engine.checks.rulebook import contract_rules, read_rules
    from kintsugi.engine.contract import load_contract

    if (rules is None) == (contract is None):
        raise KintsugiError(
            "check.which-rules",
            Text("须给出 --rules 或 --contract 之一。", "Give either --rules or --contract."),
            Text("例如 --contract device。", "Say for example --contract device."),
        )
    if rules is not None:
        return read_rules(rules)
    assert contract is not None
    return contract_rules(load_contract(contract), read.frame.columns)


def _examined(read: "PlainTable", book: "RuleBook", samples: int) -> "list[RuleResult]":
    from kintsugi.engine.checks.examine import examine

    asked = [(one.file, one.table) for one in book.tables.values()]
    with read_tables(*asked) as others, tempfile.TemporaryDirectory(prefix="kintsugi-") as work:
        frames = {name: one.frame for name, one in zip(book.tables, others, strict=True)}
        return examine(read.frame, read.rows, book, into=Path(work), others=frames, samples=samples)


def _answer(read: "PlainTable", found: "list[RuleResult]") -> dict[str, Any]:
    return {
        "ok": True,
        "source": read.file,
        "table": read.name,
        "rows": read.frame.height,
        "put_aside": read.aside,
        "rules": len(found),
        "broken": sum(1 for one in found if one.broken),
        "results": [
            {
                "name": one.name,
                "rule": one.rule,
                "message": RULES_IN_WORDS[one.rule].get(language()),
                "columns": list(one.columns),
                "broken": one.broken,
                "samples": [{"row": s.row, "value": s.value} for s in one.samples],
                "facts": dict(one.facts),
            }
            for one in found
        ],
    }


def _write(found: "list[RuleResult]", target: Path) -> None:
    import polars as pl

    from kintsugi.engine.pipeline.plain import write_plain

    rows = [
        (one.name, one.rule, ", ".join(one.columns), s.row, s.value)
        for one in found
        for s in one.samples
    ]
    schema = {
        "name": pl.String, "rule": pl.String, "columns": pl.String, "row": pl.Int64,
        "value": pl.String,
    }  # fmt: skip
    write_plain(pl.DataFrame(rows, schema=schema, orient="row"), target)


def _show(read: "PlainTable", found: "list[RuleResult]") -> None:
    console = out()
    table = Table(box=None, header_style="dim")
    for heading in (t("规则", "rule"), t("含义", "what it says"), t("违反的行", "rows against it")):
        table.add_column(heading, justify="right" if heading == t("违反的行", "rows against it")
                         else "left")  # fmt: skip
    table.add_column(t("例如", "for example"))
    for one in found:
        colour = "yellow" if one.broken else "green"
        said = "; ".join(
            f"{s.row if s.row is not None else '–'}: {s.value or '–'}" for s in one.samples[:SHOWN]
        ) or " | ".join(value for _name, value in one.facts)
        table.add_row(
            escape(one.name),
            RULES_IN_WORDS[one.rule].get(language()),
            f"[{colour}]{one.broken:,}[/]",
            f"[dim]{escape(said[:100])}[/]",
        )
    console.print(table)
    console.print(
        f"[dim]{read.frame.height:,} {t('行', 'rows')} · {len(found):,} {t('条规则', 'rules')}[/]"
    )


RULES_IN_WORDS = {
    "required": Text("必填", "must be filled in"),
    "type": Text("类型可识别", "can be read as its type"),
    "unique": Text("不重复", "no value twice"),
    "minimum": Text("不小于下限", "not below the least"),
    "maximum": Text("不大于上限", "not above the most"),
    "max-length": Text("不超过长度", "not longer than allowed"),
    "pattern": Text("符合格式", "fits the pattern"),
    "allowed": Text("在取值表中", "one of the allowed values"),
    "in": Text("在另一张表中存在", "is in the other table"),
    "where": Text("条件", "own condition"),
    "select": Text("查询", "own query"),
    "equal": Text("两数相等", "two numbers agree"),
}
