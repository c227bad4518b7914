"""``kintsugi export``: everything that stands, in files that import again with nothing to do."""

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from kintsugi.config.cli.terminal import out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("导出全部记录", "Export all records"),
        help=t(
            "把全部记录按数据合同写成 CSV(连同映射与清单);用 kintsugi import 可原样导回。",
            "Write all records as CSV in their contracts, with mappings and a manifest; "
            "kintsugi import takes them back with nothing to do. Holds personal data unmasked.",
        ),
    )
    def export(
        folder: Annotated[
            Path, typer.Argument(help=t("新的或空的文件夹", "A new or empty folder"))
        ],
        entity: Annotated[
            list[str] | None,
            typer.Option(help=t("只导出这种记录;可重复", "Only these records; may repeat")),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.onboarding.selectors import export_to

            done = export_to(folder, at=dt.datetime.now(dt.UTC), entities=tuple(entity or ()))
        if as_json:
            print_json({"ok": True, "folder": str(folder), "files": [asdict(one) for one in done]})
            return
        table = Table(box=None, header_style="dim")
        table.add_column(t("文件", "file"))
        table.add_column(t("行", "rows"), justify="right")
        table.add_column("SHA-256")
        for one in done:
            table.add_row(one.file, f"{one.rows:,}", one.sha256[:16] + "…")
        out().print(table)
