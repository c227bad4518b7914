"""``kintsugi secrets``: which keys an installation has, and new ones in their place."""

from typing import Annotated

import typer

from kintsugi.config.cli.terminal import language, out, print_json, t
from kintsugi.runtime.home import Home
from kintsugi.runtime.keys import RINGS, keys, rotate


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    secrets = typer.Typer(
        help=t("密钥:查看与轮换。", "Keys: what there is, and rotation."), no_args_is_help=True
    )
    app.add_typer(secrets, name="secrets")

    @secrets.command(
        "list", help=t("列出密钥(不显示内容)。", "List the keys, never their content.")
    )
    def listed(as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
        home = Home()
        found = [
            {
                "name": name,
                "purpose": ring.purpose.get(language()),
                "keys": len(keys(home.root, name)),
                "file": str(home.root / ring.file),
                "variable": ring.variable,
            }
            for name, ring in RINGS.items()
        ]
        if as_json:
            print_json({"ok": True, "secrets": found})
            return
        for one in found:
            out().print(f"[bold]{one['name']}[/bold] ({one['keys']})  {one['purpose']}")

    @secrets.command(
        "rotate",
        help=t(
            "生成新密钥放在最前;旧密钥仍可验证与解密。随后请重启。",
            "Put a new key in front; the old ones still verify and decrypt. Then restart.",
        ),
    )
    def rotated(
        name: Annotated[str, typer.Argument(help=" | ".join(RINGS))],
        as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
    ) -> None:
        count = len(rotate(Home().root, name))
        rewritten = _encrypt_again() if name == "second-factor" else 0
        if as_json:
            print_json({"ok": True, "name": name, "keys": count, "rewritten": rewritten})
            return
        out().print(
            t(
                f"已轮换 {name}:现有 {count} 个密钥,重新加密 {rewritten} 条记录。请重启所有进程。",
                f"Rotated {name}: {count} keys now, {rewritten} rows encrypted again. "
                "Restart all processes.",
            )
        )


def _encrypt_again() -> int:
    """Every stored secret under the new key, in one transaction."""
    from kintsugi.config.cli.database import database

    with database():
        from kintsugi.audit.services import recorded
        from kintsugi.identity.services import encrypt_again

        with recorded(actor="system", command="secrets.rotate", name="second-factor"):
            return encrypt_again()
