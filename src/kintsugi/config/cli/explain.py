"""``kintsugi explain``: where every value of a record came from, and who changed it."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.terminal import language, out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "逐字段说明一条记录:来自哪个文件、工作表、行与列,以及每次更改。",
            "Explain a record field by field: file, sheet, row and column, and every change.",
        )
    )
    def explain(
        kind: Annotated[
            str, typer.Argument(help=t("device、product 或 party", "device, product or party"))
        ],
        key: Annotated[
            str,
            typer.Argument(help=t("序列号、产品编码或单位名称", "Serial, product code or name")),
        ],
        product: Annotated[
            str | None,
            typer.Option(help=t("序列号不唯一时的产品编码", "Product code, if a serial is shared")),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.onboarding.selectors import explain_records

            found = explain_records(kind=kind, key=key, product=product)
            if as_json:
                print_json({"ok": True, "kind": kind, "key": key, "found": found})
            else:
                for record in found:
                    _show(record)


def _show(record: dict[str, Any]) -> None:
    zh = language() == "zh"
    console = out()
    title = f"{record['kind']} {record['key']}"
    console.print(f"[bold]{escape(title)}[/]  [dim]{record['id']}[/]")
    table = Table(
        t("字段", "field"),
        t("值", "value"),
        t("来源单元格", "source cell"),
        t("其他来源", "other sources"),
        t("更改", "changes"),
        box=None,
        header_style="dim",
    )
    for field in record["fields"]:
        cell = field["cell"]
        losers = "; ".join(
            f"{c['value']} ({c['source']})" for c in field["others"] if c["value"] != field["value"]
        )
        last = field["changes"][0] if field["changes"] else None
        table.add_row(
            field["zh"] if zh else field["en"],
            escape(str(field["value"]) if field["value"] is not None else ""),
            f"[yellow]{escape(cell['place'])}[/]" if cell else "[dim]—[/]",
            escape(losers),
            escape(f"{len(field['changes'])} · {last['at']:%Y-%m-%d %H:%M} {last['actor']}")
            if last
            else "",
        )
    console.print(table)
