"""How the command line speaks: language, tables, JSON and errors."""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.runtime.home import Home

EXIT_REFUSED = 2  # a KintsugiError: the input or the machine has to change
EXIT_BUG = 70  # EX_SOFTWARE of sysexits.h
EXIT_INTERRUPTED = 130  # 128 + SIGINT


def language() -> str:
    """Language tag of the terminal: KINTSUGI_LANG, else what the shell says, else English."""
    for name in ("KINTSUGI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        chosen = os.environ.get(name)
        if chosen:
            return "zh" if chosen.lower().startswith("zh") else "en"
    return "en"


def t(zh: str, en: str) -> str:
    """The sentence in the terminal's language."""
    return Text(zh, en).get(language())


def wants_json() -> bool:
    """Whether this command's answer is read by a machine."""
    return "--json" in sys.argv[1:]


def out() -> Console:
    """Answers go to standard output."""
    return Console(highlight=False)


def err() -> Console:
    """Everything else goes to standard error."""
    return Console(stderr=True, highlight=False)


def print_json(answer: Mapping[str, Any]) -> None:
    """One JSON object on standard output, keys in the order given; dates and paths as text."""
    print(json.dumps(answer, ensure_ascii=False, indent=2, default=str), flush=True)


def show_error(error: KintsugiError) -> int:
    """Prints a refusal (message, where, remedy; JSON with ``--json``). Returns the exit code."""
    if wants_json():
        print_json({"ok": False, "error": error.as_dict(language())})
        return EXIT_REFUSED
    tag = language()
    lines = [escape(error.message.get(tag))]
    # The server's last words are in the log that is named; here they would bury the remedy.
    where = {k: v for k, v in error.facts.items() if k not in ("tail", "detail")}
    if where:
        pairs = "  ".join(f"{name}={_short(value)}" for name, value in where.items())
        lines.append(f"[dim]{escape(pairs)}[/dim]")
    lines.append(f"[bold]→[/bold] {escape(error.remedy.get(tag))}")
    title = f"[red]{escape(error.code)}[/red]"
    err().print(Panel("\n".join(lines), title=title, title_align="left", border_style="red"))
    return EXIT_REFUSED


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def show_bug(error: BaseException) -> int:
    """Prints one line about an unexpected failure and keeps its trace in a file."""
    kept = _keep_trace(error)
    sentence = t(
        f"内部错误 ({type(error).__name__})。这是程序的缺陷，不是您的数据的问题。",
        f"Internal error ({type(error).__name__}). This is a fault of the program, not of your "
        "data.",
    )
    pointer = t(f"详细记录: {kept}", f"The full record is in {kept}") if kept else ""
    if wants_json():
        facts = {"type": type(error).__name__, "log": str(kept) if kept else None}
        body = {"code": "internal", "message": sentence, "remedy": pointer, "facts": facts}
        print_json({"ok": False, "error": {**body, "retryable": False}})
    else:
        err().print(f"[red]{escape(sentence)}[/red] {escape(pointer)}", soft_wrap=True)
    return EXIT_BUG


def _keep_trace(error: BaseException) -> Path | None:
    """Writes the trace to the home's log directory; None when even that is impossible."""
    now = datetime.now(UTC)
    try:
        home = Home()
        home.prepare()
        path = home.log / f"error-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
        trace = "".join(traceback.format_exception(error))
        arguments = " ".join(sys.argv[1:])
        path.write_text(f"{now.isoformat()}\nkintsugi {arguments}\n\n{trace}", "utf-8")
    except (OSError, KintsugiError):
        return None
    return path
