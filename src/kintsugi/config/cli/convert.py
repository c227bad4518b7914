"""``kintsugi convert``: a column of amounts or measures in one currency or unit."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from kintsugi.config.cli.files import read_tables, refuse_onto
from kintsugi.config.cli.terminal import out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    import polars as pl

EXIT_LEFT = 1  # cells that could not be converted


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t(
            "金额、计量换算为同一币种或单位", "Amounts in one currency, measures in one unit"
        ),
        help=t(
            "把一列金额或带单位的数换算为同一币种(按当日汇率)或同一单位;原列保留。"
            "退出码:0 全部换算,1 有单元格未能换算,2 被拒绝。",
            "Bring a column of amounts into one currency (at the rate of each day), or of measures "
            "into one unit; the original stays. Exit codes: 0 all converted, 1 some cells were "
            "not, 2 refused.",
        ),
    )
    def convert(
        source: Annotated[
            str, typer.Argument(metavar="IN", help=t("任意表格文件", "Any file with a table"))
        ],
        target: Annotated[
            Path,
            typer.Option("--out", "-o", help=t("结果(.csv 或 .parquet)", "Result: .csv, .parquet")),
        ],
        column: Annotated[str, typer.Option(help=t("要换算的列", "The column to convert"))],
        into: Annotated[
            str, typer.Option(help=t("币种或单位,如 CNY、kg", "Currency or unit: CNY, kg, mmHg"))
        ],
        rates: Annotated[
            Path | None,
            typer.Option(
                help=t(
                    "汇率表 CSV:currency,into,since,rate[,per,source]",
                    "CSV of rates: currency,into,since,rate[,per,source]",
                )
            ),
        ] = None,
        dated: Annotated[
            str | None, typer.Option(help=t("日期列", "Column with the day of each amount"))
        ] = None,
        on: Annotated[
            str | None, typer.Option(help=t("全部按此日(2024-03-15)", "One day for all amounts"))
        ] = None,
        paid_in: Annotated[
            str | None, typer.Option(help=t("币种列", "Column that names the currencies"))
        ] = None,
        max_age_days: Annotated[
            int,
            typer.Option(min=0, max=3660, help=t("汇率最多早多少天", "Oldest rate, in days")),
        ] = 31,
        issues: Annotated[
            Path | None,
            typer.Option(help=t("未能换算的单元格(.csv)", "Cells that were not converted (.csv)")),
        ] = None,
        table: Annotated[str | None, typer.Option(help=t("哪张表", "Which table"))] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.pipeline.convert import Conversion
        from kintsugi.engine.pipeline.convert import convert as converted
        from kintsugi.engine.pipeline.plain import write_plain
        from kintsugi.engine.values.rates import read_rates

        given = [source] if rates is None else [source, str(rates)]
        for path in (target, issues):
            refuse_onto(path, *given)
        book = [] if rates is None else read_rates(rates)
        wanted = Conversion(column, into, book, dated, _day(on), paid_in, max_age_days)
        with read_tables((source, table)) as (read,):
            found = converted(read.frame, wanted)
        write_plain(found.frame, target)
        if issues is not None:
            write_plain(_left(found.left, read.rows, column), issues)
        counts = dict(found.left.group_by("issue").len().sort("issue").iter_rows())
        answer = {
            "ok": True,
            "source": read.file,
            "table": read.name,
            "rows": read.frame.height,
            "converted": found.done,
            "left": found.left.height,
            "issues": counts,
            "out": str(target),
        }
        if as_json:
            print_json(answer)
        else:
            _show(found.done, counts, target)
        if found.left.height:
            raise typer.Exit(EXIT_LEFT)


def _day(said: str | None) -> dt.date | None:
    if said is None:
        return None
    try:
        return dt.date.fromisoformat(said)
    except ValueError:
        raise KintsugiError(
            "convert.bad-day",
            Text(f"“{said}”不是日期。", f"“{said}” is no day."),
            Text("写成 2024-03-15。", "Write it as 2024-03-15."),
            on=said,
        ) from None


def _left(left: "pl.DataFrame", rows: "pl.Series", column: str) -> "pl.DataFrame":
    import polars as pl

    return left.select(
        pl.lit(rows).gather(pl.col("at")).cast(pl.String).alias("row"),
        pl.lit(column).alias("column"),
        "value",
        "issue",
    )


def _show(done: int, counts: dict[str, int], target: Path) -> None:
    console = out()
    for issue, cells in counts.items():
        console.print(f"  {escape(issue)}  {cells:,}")
    left, place = sum(counts.values()), escape(str(target))
    console.print(
        t(
            f"已换算 {done:,} 个单元格,未换算 {left:,} 个;结果在 {place}",
            f"{done:,} cells converted, {left:,} left; the table is in {place}",
        )
    )
