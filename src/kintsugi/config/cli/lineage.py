"""``kintsugi lineage``: where the columns of an import came from, as OpenLineage events."""

from pathlib import Path
from typing import Annotated

import typer

from kintsugi.config.cli.terminal import out, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "把一次导入的数据血缘写成 OpenLineage 事件(每行一个 JSON)。",
            "Write the lineage of an import as OpenLineage events, one JSON a line.",
        )
    )
    def lineage(
        run: Annotated[str, typer.Argument(help=t("运行编号", "Number of the run"))],
        output: Annotated[
            Path | None,
            typer.Option("--out", help=t("写入的文件;不填则输出到屏幕", "File; else the screen")),
        ] = None,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.core.errors import NotFound
            from kintsugi.engine.text import Text
            from kintsugi.onboarding.selectors import lineage_lines, run_by_number

            found = run_by_number(run)
            if found is None:
                raise NotFound(Text("导入运行", "run"), run)
            lines = list(lineage_lines(found))
        if output is None:
            typer.echo("".join(lines), nl=False)
            return
        output.write_text("".join(lines), "utf-8")
        out().print(t(f"已写入 {len(lines)} 个事件。", f"{len(lines)} events written."))
