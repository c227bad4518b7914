"""``kintsugi demo``: onboard the fragments in the package, then serve them."""

import datetime as dt
import json
import time
from typing import Annotated, Any

import typer
from rich.table import Table

from kintsugi.config.cli.import_ import _progress, show_arithmetic
from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.config.cli.up import serve
from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime.home import Home
from kintsugi.runtime.processes import choose_web_port


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "导入随附的示例文件,与真值比较,然后启动网页。",
            "Onboard the files that come with the package, compare with the truth, then serve.",
        )
    )
    def demo(
        once: Annotated[
            bool,
            typer.Option(help=t("只做一次并写出报告", "Do it once, write the report and end")),
        ] = False,
        port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        chosen = choose_web_port(port)
        with database():
            report = run_demo(address=f"http://127.0.0.1:{chosen}", quiet=as_json)
            if as_json:
                print_json(report)
            else:
                show_demo(report)
            if not once:
                serve(port=chosen)


def run_demo(*, address: str, quiet: bool) -> dict[str, Any]:
    """Onboard, compare with the truth, write ``demo-report.json``; inside ``database()``."""
    from django.urls import reverse

    from kintsugi.demo.onboard import compare_with_truth, ensure_people, limit_people, onboard
    from kintsugi.devices.selectors import best_documented
    from kintsugi.onboarding.selectors import checksums, run_report

    begun = time.monotonic()
    home = Home().root
    logins = ensure_people(home, at=dt.datetime.now(dt.UTC))
    with _progress(quiet) as listener:
        runs = onboard(at=dt.datetime.now(dt.UTC), listener=listener)
    limit_people(at=dt.datetime.now(dt.UTC))
    sealed = _seal()
    device = best_documented()
    report = {
        "ok": True,
        "sources": [run_report(run) for run in runs],
        "dirt": compare_with_truth(runs).as_dict(),
        "passport": address + reverse("devices:detail", args=[device.pk]) if device else None,
        "passport_serial": device.serial_no if device else None,
        "address": address + "/",
        "logins": logins,
        "checksums": checksums(),
        "sealed": sealed,
        "seconds": round(time.monotonic() - begun, 1),
    }
    path = home / "demo-report.json"
    without_secrets = {**report, "logins": [{"username": p["username"]} for p in logins]}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(
        json.dumps(without_secrets, ensure_ascii=False, indent=1, default=str), "utf-8"
    )
    temporary.rename(path)
    report["report"] = str(path)
    return report


def _seal() -> dict[str, Any]:
    """Seal what was loaded, so that the record verifies at once; a refusal (another sealer at work,
    a home folder that knows another database) ends no demo and stands on the record's page."""
    from kintsugi.audit.services import seal_round

    try:
        last = seal_round(at=dt.datetime.now(dt.UTC)).checkpoint
    except KintsugiError as error:
        return {"refused": error.code}
    return {"checkpoint": last.number, "changes": last.size} if last else {}


def show_demo(report: dict[str, Any]) -> None:
    """The demo's answer on a terminal."""
    console = out()
    console.print(show_arithmetic(report["sources"]))
    console.print(_dirt(report["dirt"]))
    lines = {
        t("报告", "report"): report["report"],
        t("序列号护照", "serial passport"): report["passport"],
        t("地址", "address"): report["address"],
    }
    for login in report["logins"]:
        lines[t("登录", "log in") + f" {login['username']}"] = login["password"]
    for name, value in lines.items():
        console.print(f"[dim]{name}[/] {value}", soft_wrap=True)


def _dirt(found: dict[str, Any]) -> Table:
    """Planted, found and missed dirt, by kind."""
    names = ("planted", "fixed", "asked", "quarantined", "excluded", "shadowed", "missed", "wrong")
    short = ("planted", "fixed", "asked", "quar.", "excl.", "shad.", "missed", "wrong")
    zh = ("埋入", "已修复", "待确认", "隔离", "排除", "被覆盖", "遗漏", "误载")
    table = Table("#", box=None, header_style="dim")
    table.add_column(t("脏数据", "dirt"), no_wrap=True, overflow="ellipsis", min_width=16)
    for chinese, english in zip(zh, short, strict=True):
        table.add_column(t(chinese, english), justify="right", no_wrap=True, min_width=5)
    zh_page = language() == "zh"
    for kind in found["kinds"]:
        numbers = [kind["planted"], *(kind["outcomes"][name] for name in names[1:])]
        title = kind["zh" if zh_page else "en"]
        table.add_row(str(kind["dirt"]), title, *(str(n or "·") for n in numbers))
    numbers = [found["planted"], *(found["outcomes"][name] for name in names[1:])]
    table.add_row("", t("合计", "total"), *(str(n) for n in numbers), style="bold")
    return table
