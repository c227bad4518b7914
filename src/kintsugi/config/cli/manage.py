"""``kintsugi manage …``: Django's own commands on our database."""

import typer

from kintsugi.config.cli.terminal import t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "在本系统的数据库上运行 Django 命令，例如 kintsugi manage check。",
            "Run a Django command on our database, such as: kintsugi manage check.",
        ),
        context_settings={
            "allow_extra_args": True,
            "ignore_unknown_options": True,
            "help_option_names": [],
        },
    )
    def manage(context: typer.Context) -> None:
        from django.core.management import execute_from_command_line

        from kintsugi.config.cli.database import as_tables_owner, database

        with database(migrate=False), as_tables_owner():
            execute_from_command_line(["kintsugi manage", *context.args])
