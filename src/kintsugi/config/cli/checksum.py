"""``kintsugi checksum``: rows and checksum of every onboarded table."""

from typing import Annotated

import typer
from rich.table import Table

from kintsugi.config.cli.terminal import out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "业务表的行数与校验和;内容相同,校验和就相同。",
            "Rows and checksums of business tables; equal content gives equal checksums.",
        )
    )
    def checksum(
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.onboarding.selectors import checksums

            found = checksums()
        if as_json:
            print_json({"ok": True, "tables": found})
            return
        table = Table(t("表", "table"), t("行", "rows"), t("校验和", "checksum"), box=None)
        for name, facts in found.items():
            table.add_row(name, f"{facts['rows']:,}", facts["checksum"])
        out().print(table)
