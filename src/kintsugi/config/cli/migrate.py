"""``kintsugi migrate``: bring the database's tables up to date."""

from typing import Annotated

import typer

from kintsugi.config.cli.terminal import out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(help=t("更新数据库表结构。", "Bring the database's tables up to date."))
    def migrate(
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        from kintsugi.config.cli.database import apply_migrations, database

        with database(migrate=False) as url:
            applied = apply_migrations(url)
        if as_json:
            print_json({"ok": True, "applied": applied})
        elif applied:
            out().print(t(f"已应用 {len(applied)} 项迁移。", f"{len(applied)} migrations applied."))
        else:
            out().print(t("表结构已是最新。", "The tables are up to date."))
