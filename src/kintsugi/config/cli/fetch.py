"""``kintsugi fetch``: what the connectors of a source have, now and not at their hour."""

import datetime as dt
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.terminal import language, out, print_json, t

EXIT_STOPPED = 1


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        short_help=t("立即取回某来源的数据", "Fetch the data of a source now"),
        help=t(
            "立即运行某来源的连接器并导入取回的数据。退出码:0 完成,1 有到达的数据被拦下或失败。",
            "Run the connectors of a source now and import what they bring. Exit codes: 0 done, "
            "1 something that came was stopped or failed.",
        ),
    )
    def fetch(
        source: Annotated[str, typer.Argument(help=t("来源代码", "Code of the source"))],
        connector: Annotated[
            str, typer.Option(help=t("只运行这个连接器", "Only the connector of this name"))
        ] = "",
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            lines = _fetched(source, connector)
        if as_json:
            print_json({"ok": not _stopped(lines), "arrivals": lines})
        else:
            _show(lines)
        if _stopped(lines):
            raise typer.Exit(EXIT_STOPPED)


def _stopped(lines: list[dict[str, Any]]) -> bool:
    return any(line["status"] in ("held", "failed", "waiting") for line in lines)


def _fetched(code: str, name: str) -> list[dict[str, Any]]:
    from kintsugi.config.cli.import_ import account
    from kintsugi.core.errors import NotFound
    from kintsugi.engine.text import Text
    from kintsugi.onboarding.selectors import connectors_of
    from kintsugi.onboarding.services import fetch

    found = connectors_of(code, name)
    if not found:
        raise NotFound(Text("连接器", "connector"), f"{code} {name}".strip())
    taken = [
        one
        for connector in found
        for one in fetch(
            actor=f"cli:{account()}", connector_id=connector.pk, at=dt.datetime.now(dt.UTC)
        )
    ]
    return [
        {
            "connector": one.connector.name,
            "item": one.item,
            "status": one.status,
            "run": one.run.number if one.run else None,
            "rows": one.facts.get("rows"),
            "error": one.error,
        }
        for one in taken
    ]


def _show(lines: list[dict[str, Any]]) -> None:
    from kintsugi.engine.text import Text
    from kintsugi.onboarding.selectors import arrival_state

    table = Table(box=None, header_style="dim")
    for head in (t("连接器", "connector"), t("到达", "arrival"), t("状态", "status")):
        table.add_column(head)
    table.add_column(t("行", "rows"), justify="right")
    table.add_column(t("运行", "run"))
    for line in lines:
        table.add_row(
            escape(line["connector"]),
            escape(line["item"]),
            arrival_state(line["status"]).get(language()),
            "" if line["rows"] is None else f"{line['rows']:,}",
            line["run"] or "",
        )
    out().print(table)
    for line in lines:
        if line["error"]:
            for part in ("message", "remedy"):
                out().print(escape(Text(*line["error"][part]).get(language())))
