"""``kintsugi check-stock``: whether balances, positions and values are what the ledger says."""

import typer

from kintsugi.config.cli.terminal import t


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "check-stock",
        help=t(
            "核对库存余额、序列号位置、金额、预留与流水是否一致;有不符的行时以 1 结束。",
            "Check balances, positions, values and reservations against the ledger; ends 1 where "
            "a row breaks a check.",
        ),
    )
    def check_stock() -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.stock.selectors import CHECKS, broken

            failed = False
            for name, title in CHECKS.items():
                rows = broken(name)
                failed = failed or bool(rows)
                typer.echo(f"{'✗' if rows else '✓'} {t(title.zh, title.en)}")
                for row in rows:
                    typer.echo("  " + ", ".join(f"{key}={value}" for key, value in row.items()))
        if failed:
            raise typer.Exit(1)
