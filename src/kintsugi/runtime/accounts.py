"""Who runs the server, and programs run as that account.

PostgreSQL refuses to run as root. Root therefore drops to ``postgres`` or ``nobody`` in the child
process; the calling process keeps its rights, so that it can place and repair files.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kintsugi.runtime import faults


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int


def account_of(uid: int) -> Account:
    """The account with this number; a number without a name is its own name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def server_account(owner: int | None = None) -> Account | None:
    """The account to drop to, or None when we are not root and run the server ourselves.

    ``owner`` is the owner of an existing data directory: data made by an ordinary user stays
    that user's also when root starts the server.
    """
    if os.geteuid() != 0:
        return None
    if owner:
        return account_of(owner)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise faults.no_account()


def clean_environment() -> dict[str, str]:
    """Environment of server programs: no PG* or LD_* of the caller, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def run_as(
    account: Account | None, argv: Sequence[str | Path], *, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs a program as ``account`` (None: as ourselves); its output is text.

    The working directory is ``/``: the caller's may be closed to the account.
    Raises OSError when the program cannot be executed at all.
    """
    return subprocess.run(
        [str(part) for part in argv],
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        env=clean_environment(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )


def can_write(account: Account, directory: Path) -> bool:
    """Whether the account can enter and write the directory: tried, not computed (ACLs, mounts)."""
    script = 'cd "$1" && : > ./.probe && rm ./.probe'
    try:
        return run_as(account, ["/bin/sh", "-c", script, "sh", directory]).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def give(path: Path, account: Account | None) -> None:
    """Makes the account the owner of one path (nothing to do when we are the account)."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
