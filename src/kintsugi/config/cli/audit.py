"""``kintsugi audit``: seal the log, verify it, prove and export it."""

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from kintsugi.config.cli import audit_pack
from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


def register(app: typer.Typer) -> None:
    """Adds the group of commands."""
    group = typer.Typer(
        name="audit",
        no_args_is_help=True,
        help=t("封存、核验、证明、导出更改日志。", "Seal, verify, prove, export the change log."),
    )
    _add_sealing(group)
    _add_keys(group)
    _add_owners_words(group)
    _add_verifying(group)
    _add_proofs(group)
    audit_pack.add(group)
    app.add_typer(group)


def _add_sealing(group: typer.Typer) -> None:
    @group.command(
        "seal",
        help=t("封存所有已完成的更改。", "Seal all finished changes."),
    )
    def seal_command(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.services import seal_round

            done = seal_round(at=_now())
            last = done.checkpoint
            number, size = (last.number, last.size) if last else (0, 0)
        if as_json:
            print_json({"ok": True, "added": done.added, "checkpoint": number, "size": size})
            return
        out().print(
            t(
                f"封存了 {done.added:,} 条更改;检查点 {number},共 {size:,} 条。",
                f"{done.added:,} changes sealed; checkpoint {number} over {size:,} changes.",
            )
        )

    @group.command(help=t("封存的现状。", "How the sealed log stands."))
    def status(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.selectors import seal_status

            found = seal_status()
        if as_json:
            print_json({"ok": True, **found})
        else:
            _show_status(found)


def _add_keys(group: typer.Typer) -> None:
    @group.command(
        "rotate-key",
        help=t(
            "换用新的封存密钥,由旧密钥认可。",
            "Take a new sealing key, endorsed by the one before.",
        ),
    )
    def rotate_key(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.services import rotate_key

            made = rotate_key(at=_now())
        if as_json:
            print_json(
                {"ok": True, "fingerprint": made.fingerprint, "endorsed_by": made.endorsed_by}
            )
        else:
            out().print(t("新密钥的指纹:", "The new key:"), grouped(made.fingerprint))

    @group.command(
        "rotate-context-key",
        help=t(
            "换用新的上下文密钥;旧密钥签发的令牌仍可核验。",
            "Take a new key for context tokens; tokens of the older ones can still be checked.",
        ),
    )
    def rotate_context_key(
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        from kintsugi.config.cli.database import database

        with database(migrate=False):
            from kintsugi.audit.services import rotate_context_key

            made = rotate_context_key(at=_now())
        if as_json:
            print_json({"ok": True, "key": made.key_id})
        else:
            out().print(t("新密钥:", "The new key:"), made.key_id)


def _add_owners_words(group: typer.Typer) -> None:
    """What the owner of the tables has to say himself."""

    @group.command(
        "new-epoch",
        help=t(
            "恢复数据库或丢失密钥之后,开始新的纪元。",
            "Begin a new epoch after a restore or the loss of the key.",
        ),
    )
    def new_epoch(
        reason: Annotated[str, typer.Option(help=t("理由,永久保存", "Why; kept for ever"))],
        actor: Annotated[str, typer.Option(help=t("何人", "Who"))] = "system",
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        from kintsugi.config.cli.database import as_tables_owner, database

        # Writers have to be held off for a moment: the owner's right.
        with database(migrate=False), as_tables_owner():
            from kintsugi.audit.services import new_epoch

            made = new_epoch(actor=actor, reason=reason, at=_now())
            facts = {"epoch": made.epoch_id, "checkpoint": made.number, "size": made.size}
        if as_json:
            print_json({"ok": True, **facts})
        else:
            out().print(
                t(
                    f"纪元 {facts['epoch']} 始于检查点 {facts['checkpoint']}。",
                    f"Epoch {facts['epoch']} begins with checkpoint {facts['checkpoint']}.",
                )
            )

    @group.command(
        "accept-guard",
        help=t(
            "为当前的触发器、函数、权限与角色负责。",
            "Stand behind the triggers, functions, privileges and roles as they are now.",
        ),
    )
    def accept_guard(
        reason: Annotated[str, typer.Option(help=t("理由,永久保存", "Why; kept for ever"))],
        actor: Annotated[str, typer.Option(help=t("何人", "Who"))] = "system",
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        from kintsugi.config.cli.database import as_tables_owner, database

        with database(migrate=False), as_tables_owner():
            from kintsugi.audit.services import accept_guard

            made = accept_guard(actor=actor, reason=reason)
        if as_json:
            print_json({"ok": True, "new": made})
        else:
            out().print(
                t("已记录。", "Recorded.") if made else t("早已记录。", "It was recorded before.")
            )


def _add_verifying(group: typer.Typer) -> None:
    @group.command(
        help=t(
            "核验日志:0 完好,1 有发现,3 不能确定。",
            "Verify the log: 0 clean, 1 something was found, 3 it cannot be told.",
        )
    )
    def verify(
        since: Annotated[
            str | None,
            typer.Option(
                metavar="ISO",
                help=t(
                    "只看此时之后,例如 2026-11-01", "Only from this time on, such as 2026-11-01"
                ),
            ),
        ] = None,
        offline: Annotated[
            Path | None,
            typer.Option(help=t("核验导出的文件", "Verify an exported file instead")),
        ] = None,
        only: Annotated[
            list[str] | None,
            typer.Option(help=t("只用这些核验", "Only these verifiers")),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        if offline is not None:
            raise typer.Exit(_verify_file(offline, as_json))
        begin = _moment(since)
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.selectors import exit_code
            from kintsugi.audit.services import verify_round

            verdicts, _ = verify_round(at=_now(), since=begin, actor="system", only=only)
            told = [verdict.as_dict(language()) for verdict in verdicts]
            code = exit_code(verdicts)
        if as_json:
            print_json({"ok": code == 0, "verdicts": told})
        else:
            _show_verdicts(told)
        raise typer.Exit(code)


def _verify_file(path: Path, as_json: bool) -> int:
    """0 whole, 1 findings. Raises KintsugiError ``audit.not-a-log``."""
    from kintsugi.config.cli.offline import show_export, verify_file

    told = verify_file(path)
    if as_json:
        print_json(told)
    else:
        show_export(told)
    return 0 if told["ok"] else 1


def _add_proofs(group: typer.Typer) -> None:
    @group.command(
        help=t(
            "导出日志;用 verify_export.py 可在任何机器上核验。",
            "Export the log; verify_export.py verifies it on any machine.",
        )
    )
    def export(
        file: Path,
        since: Annotated[
            str | None,
            typer.Option(
                metavar="ISO",
                help=t(
                    "只看此时之后,例如 2026-11-01", "Only from this time on, such as 2026-11-01"
                ),
            ),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        begin = _moment(since)
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.selectors import export_log

            told = export_log(file, since=begin, at=_now())
        if as_json:
            print_json({"ok": True, "file": file, **told})
        else:
            out().print(
                t(
                    f"{told['changes']:,} 条更改、{told['checkpoints']:,} 个检查点写入 {file}",
                    f"{told['changes']:,} changes, {told['checkpoints']:,} checkpoints in {file}",
                )
            )

    @group.command(help=t("证明一条更改已封存 (JSON)。", "Prove that a change is sealed, as JSON."))
    def prove(
        change: Annotated[int, typer.Argument(min=1, help=t("更改编号", "Number of the change"))],
    ) -> None:
        from kintsugi.config.cli.database import database

        with database():
            from kintsugi.audit.selectors import proof_of

            print(json.dumps(proof_of(change), ensure_ascii=False, indent=1))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _moment(text: str | None) -> dt.datetime | None:
    """A point in time; without a zone it is local. Raises KintsugiError ``audit.bad-time``."""
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except ValueError as error:
        raise KintsugiError(
            "audit.bad-time",
            Text(f"“{text}”不是时间。", f"“{text}” is no time."),
            Text(
                "请写成 2026-11-25 或 2026-11-25T08:00:00+08:00。",
                "Write 2026-11-25 or 2026-11-25T08:00:00+08:00.",
            ),
            value=text,
        ) from error


def grouped(fingerprint: str) -> str:
    """A fingerprint in groups of eight, as people compare it."""
    return " ".join(fingerprint[i : i + 8] for i in range(0, len(fingerprint), 8))


def _show_status(found: dict[str, Any]) -> None:
    table = Table(box=None, show_header=False)
    last, witness = found["checkpoint"], found["witness"]
    nothing = t("没有", "none")
    table.add_row(
        t("最后检查点", "Last checkpoint"),
        f"{last['number']} · {last['at']:%Y-%m-%d %H:%M} · {last['size']:,}" if last else nothing,
    )
    table.add_row(t("未封存", "Not sealed yet"), f"{found['unsealed']:,}")
    table.add_row(
        t("见证至", "Witnessed up to"),
        f"{witness['checkpoint']} · {witness['at']:%Y-%m-%d %H:%M}" if witness else nothing,
    )
    for epoch in found["epochs"]:
        name = t(f"纪元 {epoch['number']}", f"Epoch {epoch['number']}")
        table.add_row(name, escape(f"{epoch['at']:%Y-%m-%d %H:%M} · {epoch['reason']}"))
    for key in found["keys"]:
        role = t("封存密钥", "Sealing key") if key["role"] == "sealer" else t("见证密钥", "Witness")
        table.add_row(role, grouped(key["fingerprint"]))
    verified = found["verification"]
    table.add_row(
        t("最后核验", "Last verification"),
        f"{verified['at']:%Y-%m-%d %H:%M} · {verified['state']}" if verified else nothing,
    )
    out().print(table)
    if found["rolled_back"]:
        out().print(t("[red]数据库被回退过。[/]", "[red]The database was rolled back.[/]"))


def _show_verdicts(told: list[dict[str, Any]]) -> None:
    colours = {"clean": "green", "broken": "red", "inconclusive": "yellow"}
    words = {
        "clean": t("完好", "clean"),
        "broken": t("有发现", "broken"),
        "inconclusive": t("不能确定", "inconclusive"),
    }
    for one in told:
        state = f"[{colours[one['state']]}]{words[one['state']]}[/]"
        rest = escape(one["reason"] or "")
        out().print(
            f"{one['verifier']:<10} {state}  {one['checked']:,}  {one['seconds']} s  {rest}"
        )
        for finding in one["findings"]:
            place = escape(f"{finding['table']} {finding['key']}")
            said = f"[dim]{finding['at'] or '–'}[/]  {escape(finding['message'])}"
            out().print(f"  [red]{finding['kind']}[/]  {place}  {said}", soft_wrap=True)
        if one["found"] > len(one["findings"]):
            more = one["found"] - len(one["findings"])
            out().print(t(f"  以及另外 {more:,} 项", f"  and {more:,} more"))
