"""``kintsugi up``: database, web and jobs in one process tree."""

import hashlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer
from rich.markup import escape

from kintsugi.config.cli.terminal import err, out, print_json, t
from kintsugi.runtime import faults
from kintsugi.runtime.processes import (
    ProcessTree,
    choose_web_port,
    jobs_command,
    web_command,
)

_COLOURS = ("yellow", "cyan", "green", "magenta")


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "启动数据库、网页和后台任务；Ctrl-C 全部结束。",
            "Start database, web and jobs; Ctrl-C ends all of it.",
        )
    )
    def up(
        port: Annotated[
            int | None,
            typer.Option(
                min=1,
                max=65535,
                help=t(
                    "网页端口 (默认 8000 起第一个空闲端口)",
                    "Web port (default: first free one from 8000)",
                ),
            ),
        ] = None,
        jobs: Annotated[
            bool, typer.Option("--jobs/--no-jobs", help=t("运行后台任务", "Run background jobs"))
        ] = True,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 报告地址", "Report the address as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        chosen = choose_web_port(port)  # before the database starts: a taken port is said at once
        with database():
            serve(port=chosen, jobs=jobs, on_ready=announce_json if as_json else announce)


def announce(address: str) -> None:
    """Tells a person that everything runs."""
    out().print(
        t(
            f"[bold]Kintsugi[/bold] 已就绪: [bold yellow]{address}[/]  (Ctrl-C 结束)",
            f"[bold]Kintsugi[/bold] is ready at [bold yellow]{address}[/]  (Ctrl-C ends it)",
        )
    )


def announce_json(address: str) -> None:
    """Tells a machine that everything runs."""
    print_json({"ok": True, "address": address, "pid": os.getpid()})


def serve(*, port: int, jobs: bool = True, on_ready: Callable[[str], None] = announce) -> None:
    """Serves until Ctrl-C or SIGTERM, then ends all children in order and returns.

    Inside ``database()``. ``on_ready`` gets the address once it answers. Raises RuntimeFault when
    a child or the embedded database ends by itself.
    """
    from kintsugi.core.scope import role_of_system

    commands = [web_command(port)] + ([jobs_command(role_of_system())] if jobs else [])
    try:
        with ProcessTree(commands, write=_write_line()) as tree:
            tree.wait_until_listening(port)
            on_ready(f"http://127.0.0.1:{port}/")
            tree.wait(_database_watch())
    except KeyboardInterrupt:
        err().print(t("已结束。", "Ended."))
    except SystemExit as ended:
        if ended.code != 128 + 15:
            raise
        err().print(t("已结束。", "Ended."))


def _database_watch() -> Callable[[], None]:
    """Asks whether the embedded server still lives; a given one is its owner's business."""
    from kintsugi.runtime.cluster import Cluster

    cluster = Cluster()
    embedded = cluster.is_up()

    def watch() -> None:
        if embedded and not cluster.is_up():
            raise faults.database_gone(cluster.log_file)

    return watch


def _write_line() -> Callable[[str, str], None]:
    """Prints a child's line behind its name, one line at a time from all threads."""
    lock = threading.Lock()
    console = err()

    def write(name: str, line: str) -> None:
        colour = _COLOURS[hashlib.sha256(name.encode()).digest()[0] % len(_COLOURS)]
        with lock:
            console.print(f"[{colour}]{name:>5}[/] {escape(line)}", soft_wrap=True)
            sys.stderr.flush()

    return write
