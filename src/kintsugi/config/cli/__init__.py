"""The command line ``kintsugi``.

Each command lives in a module of its own with ``register(app)``; COMMANDS lists them in the order
of the help page. They import Django and the engine only when they run: ``--help`` stays quick.
"""

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import NoReturn

import typer

from kintsugi.config.cli.terminal import (
    EXIT_INTERRUPTED,
    show_bug,
    show_error,
    t,
)
from kintsugi.engine.errors import KintsugiError

COMMANDS = (
    "up",
    "demo",
    "import_",
    "fetch",
    "export",
    "read",
    "profile",
    "map_",
    "clean",
    "convert",
    "match",
    "reconcile",
    "check",
    "explain",
    "lineage",
    "checksum",
    "scan",
    "audit",
    "check_stock",
    "witness",
    "doctor",
    "migrate",
    "secrets",
    "manage",
)


def make_app() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="kintsugi",
        help=t(
            "Kintsugi (金缮): 把零散的医疗器械数据合成一个可信、可追溯的视图。",
            "Kintsugi: joins fragmented medical-device records into one trusted, traceable view.",
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMANDS:
        import_module(f"kintsugi.config.cli.{name}").register(app)
    return app


def main() -> NoReturn:
    """Runs the command and ends the process with its exit code.

    0 done, 2 refused with a remedy (also wrong usage), 70 a fault of ours (trace kept in the home's
    log), 130 interrupted, 143 terminated, 1 where a command says so.
    """
    signal.signal(signal.SIGTERM, _terminated)
    try:
        make_app()(prog_name="kintsugi")
    except KintsugiError as error:
        code = show_error(error)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence()
        code = EXIT_INTERRUPTED
    except Exception as error:
        code = show_bug(error)
    else:
        code = 0
    sys.exit(code)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM unwinds like any exit, so that servers are let go of and children ended."""
    raise SystemExit(128 + signal.SIGTERM)


def _silence() -> None:
    """After the reader is gone: what is still buffered must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
