"""``kintsugi audit pack`` and ``packs``: an evidence pack on the spot, and the register."""

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.core.errors import KintsugiError, Text


def add(group: typer.Typer) -> None:
    """Adds the commands to the group ``audit``."""
    _add_pack(group)
    _add_register(group)


def _add_pack(group: typer.Typer) -> None:
    @group.command(
        "pack",
        help=t(
            "为一台设备、一个产品、一个批次、一个单位、一次导入或一个时段生成证据包。",
            "Make the evidence pack of a device, a product, a lot, a party, a run or a period.",
        ),
    )
    def pack(
        kind: Annotated[
            str,
            typer.Argument(
                help=t(
                    "device、product、lot、party、run 或 period",
                    "device, product, lot, party, run or period",
                )
            ),
        ],
        key: Annotated[
            str,
            typer.Argument(
                help=t(
                    "序列号;产品编码;产品编码/批号;单位名称;运行编号;2026-11-01/2026-12-01",
                    "serial; product code; PRODUCT CODE/LOT; name of the party; number of the run; "
                    "2026-11-01/2026-12-01",
                )
            ),
        ],
        output: Annotated[
            Path, typer.Option("-o", "--output", help=t("写到此文件", "Write to this file"))
        ],
        lang: Annotated[str, typer.Option(help=t("zh 或 en", "zh or en"))] = "",
        reason: Annotated[
            str, typer.Option(help=t("为谁、为何生成", "For whom and why it is made"))
        ] = "",
        mask: Annotated[bool, typer.Option(help=t("对个人信息脱敏", "Mask personal data"))] = False,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        if not output.parent.is_dir():
            raise _no_folder(output)
        with database():
            from kintsugi.audit.selectors import pack_file
            from kintsugi.audit.services import ask_for_pack, copy_pack, make_pack

            actor = f"cli:{getpass.getuser()}"
            now = dt.datetime.now(dt.UTC)
            asked = ask_for_pack(
                actor=actor,
                kind=kind,
                key=key,
                language=lang or language(),
                reason=reason or t("由命令行生成", "made on the command line"),
                at=now,
                masked=mask,
            )
            made = make_pack(actor=actor, pack_id=asked.pk, at=now)
            copy_pack(pack_file(made), output)
        if as_json:
            print_json(
                {
                    "ok": True,
                    "pack": made.number,
                    "file": str(output),
                    "bytes": made.bytes,
                    "sha256": made.file_sha256,
                    "manifest_sha256": made.manifest_sha256,
                    "files": made.files,
                    "tables": made.tables,
                }
            )
            return
        table = Table(t("表", "table"), t("行", "rows"), box=None, header_style="dim")
        for name, rows in made.tables.items():
            table.add_row(name, f"{rows:,}")
        out().print(f"[bold]{made.number}[/]  {output}  ({made.bytes:,} B)")
        out().print(table)
        out().print(t("清单 SHA-256", "manifest SHA-256"), made.manifest_sha256)


def _add_register(group: typer.Typer) -> None:
    @group.command(
        "packs",
        help=t("登记册:最近的证据包。", "The register: the newest evidence packs."),
    )
    def packs_command(
        limit: Annotated[
            int, typer.Option(min=1, max=1000, help=t("最多几个", "How many at most"))
        ] = 20,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.selectors import packs

            found = list(packs()[:limit])
        if as_json:
            fields = ("number", "scope_kind", "scope_key", "status", "asked_by", "reason",
                      "asked_at", "manifest_sha256")  # fmt: skip
            rows = [{name: getattr(one, name) for name in fields} for one in found]
            print_json({"ok": True, "packs": rows})
            return
        table = Table(box=None, header_style="dim")
        for zh, en in (("编号", "number"), ("内容", "about"), ("状态", "state"), ("人员", "person"),
                       ("清单 SHA-256", "manifest SHA-256")):  # fmt: skip
            table.add_column(t(zh, en), overflow="fold")
        for one in found:
            title = Text(one.title_zh, one.title_en).get(language())
            table.add_row(one.number, escape(title), one.status, escape(one.asked_by),
                          one.manifest_sha256)  # fmt: skip
        out().print(table)


def _no_folder(output: Path) -> KintsugiError:
    return KintsugiError(
        "pack.no-folder",
        Text(f"没有目录 {output.parent}。", f"There is no folder {output.parent}."),
        Text("请先建立该目录,或换一个位置。", "Make it first, or choose another place."),
        path=str(output),
    )
