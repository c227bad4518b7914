"""An exported log on the command line: verified without a database."""

import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.markup import escape

from kintsugi.config.cli.terminal import language, out, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


def verify_file(path: Path) -> dict[str, Any]:
    """What the file's verifier says. Raises KintsugiError ``audit.not-a-log``."""
    # The very file that other machines run, run as they do: it may import nothing of ours.
    script = runpy.run_path(str(files("kintsugi.audit") / "sealing" / "verify_export.py"))
    try:
        told: dict[str, Any] = script["verify"](str(path))
    except (script["NotALog"], OSError) as error:
        raise KintsugiError(
            "audit.not-a-log",
            Text("这不是导出的日志或证明。", "This is neither an exported log nor a proof."),
            Text(
                "请给出 kintsugi audit export 写出的文件。",
                "Give a file that kintsugi audit export wrote.",
            ),
            file=str(path),
            why=str(error),
        ) from error
    return told


def show_export(told: dict[str, Any]) -> None:
    """For people."""
    zh = language() == "zh"
    out().print(
        t(
            f"{told['changes']:,} 条更改,{told['checkpoints']:,} 个检查点,末尾是检查点 "
            f"{told['last']['number']}",
            f"{told['changes']:,} changes, {told['checkpoints']:,} checkpoints, the last one is "
            f"{told['last']['number']}",
        )
    )
    for name in told["keys"]:
        groups = " ".join(name[i : i + 8] for i in range(0, 64, 8))
        out().print(t(f"封存密钥 {groups}", f"sealing key {groups}"))
    for one in told["findings"]:
        place = escape(f"{one['table']} {one['key']}")
        words = one["zh"] if zh else one["en"]
        out().print(f"[red]{one['kind']}[/]  {place}  [dim]{one['at']}[/]  {words}", soft_wrap=True)
    out().print(t("[green]完好[/]", "[green]whole[/]") if told["ok"] else "")
