"""``kintsugi scan``: what a GS1 barcode says, element by element, or why it is refused."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.terminal import out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        name="scan",
        help=t(
            "读取 GS1 条码内容：(01)…、扫描枪数据（]d2…）、数字链接或 GTIN；"
            "同一标签的多个条码一并给出。",
            "Read GS1 barcodes: (01)…, scanner data (]d2…), Digital Links or GTINs; give the "
            "barcodes of one label together.",
        ),
    )
    def scan_texts(
        texts: Annotated[
            list[str],
            typer.Argument(
                metavar="TEXT",
                help=t("条码内容，^ 代表分隔符 FNC1", "Content of a barcode; ^ stands for FNC1"),
            ),
        ],
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.engine.gs1 import combine, scan

        one = combine(scan(text, whole=False) for text in texts)
        expiry = one.expiry(today_year=datetime.now(UTC).year)
        if as_json:
            print_json(
                {
                    "ok": True,
                    "elements": [element._asdict() for element in one.elements],
                    "gtin": one.gtin14,
                    "lot": one.lot,
                    "serial": one.serial,
                    "expiry": expiry,
                    "canonical": one.bracketed(),
                }
            )
            return
        table = Table(t("应用标识符", "AI"), t("含义", "title"), t("值", "value"), box=None)
        for element in one.elements:
            table.add_row(f"({element.ai})", escape(element.title), escape(element.value))
        out().print(table)
        if expiry:
            out().print(t(f"可用至 {expiry}（含当日）", f"usable through {expiry}"))
