"""``kintsugi witness``: cosign the log's growth, from another machine and under another account."""

import dataclasses
import datetime as dt
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from kintsugi.config.cli.terminal import out, print_json, t


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command(
        help=t(
            "见证方:只为一致增长的日志副署;请用另一台机器、另一账户与自己的 DATABASE_URL 运行。",
            "The witness cosigns only consistent growth. Run it on another machine, under another "
            "account, with a DATABASE_URL of its own.",
        )
    )
    def witness(
        once: Annotated[
            bool, typer.Option("--once", help=t("只看一次", "Look once and end"))
        ] = False,
        storage: Annotated[
            Path | None,
            typer.Option(
                help=t(
                    "见证方的文件夹(默认 KINTSUGI_HOME/witness)",
                    "The witness's folder (default KINTSUGI_HOME/witness)",
                )
            ),
        ] = None,
        every_s: Annotated[
            int, typer.Option(min=1, max=3600, help=t("间隔秒数", "Seconds between two looks"))
        ] = 30,
        accept: Annotated[
            list[str] | None,
            typer.Option(
                help=t(
                    "已人工核对的密钥指纹,或 epoch-N",
                    "A key's fingerprint that you compared, or epoch-N",
                )
            ),
        ] = None,
        decoding: Annotated[
            bool | None,
            typer.Option(
                "--decoding/--end-decoding",
                help=t(
                    "也见证预写日志(建立复制槽);或结束并删除复制槽",
                    "Witness the write-ahead log too (makes a replication slot), or end that and "
                    "drop the slot",
                ),
            ),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help=t("以 JSON 回答", "Answer as JSON"))
        ] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        # The tables are the product's business; a witness changes nothing about them.
        with database(migrate=False) as url:
            from django.conf import settings

            from kintsugi.audit.services import (
                Witness,
                end_wal_witness,
                is_wal_witnessed,
                read_wal,
                set_up_wal_witness,
            )

            place = storage or Path(settings.HOME) / "witness"
            ours = Witness(place, frozenset(accept or ()))
            if decoding:
                set_up_wal_witness(place, url=url)
            elif decoding is False:
                end_wal_witness(place, url=url, at=dt.datetime.now(dt.UTC))
            while True:
                # First what was written, then what was said about it.
                read = read_wal(place, url=url) if is_wal_witnessed(place) else None
                seen = ours.watch(at=dt.datetime.now(dt.UTC))
                if once or seen.cosigned or (read and read.unaccounted):
                    _tell(seen, read, as_json)
                if once:
                    return
                time.sleep(every_s)


def _tell(seen: Any, read: Any, as_json: bool) -> None:
    number, size = (seen.last["number"], seen.last["size"]) if seen.last else (0, 0)
    if as_json:
        print_json(
            {
                "ok": True,
                "cosigned": seen.cosigned,
                "checkpoint": number,
                "size": size,
                "key": seen.fingerprint,
                "decoding": dataclasses.asdict(read) if read else None,
            }
        )
        return
    if read is not None:
        out().print(
            t(
                f"从预写日志读取了 {read.transactions:,} 个事务、{read.entries:,} 条更改;"
                f"{read.unaccounted:,} 处无从解释。",
                f"{read.transactions:,} transactions and {read.entries:,} changes read in the "
                f"write-ahead log; {read.unaccounted:,} unaccounted for.",
            )
        )
    out().print(
        t(
            f"副署了 {seen.cosigned} 个检查点,至第 {number} 个 ({size:,} 条更改)。",
            f"{seen.cosigned} checkpoints cosigned, up to {number} ({size:,} changes).",
        ),
        f"[dim]{escape(seen.fingerprint[:16])}[/]",
    )
