"""Where the embedded server keeps its data, and as whom it runs there."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from kintsugi.runtime import faults
from kintsugi.runtime.accounts import Account, can_write, give, server_account
from kintsugi.runtime.binaries import Binaries, installed
from kintsugi.runtime.home import Home

# Below this nothing can be made: a reason to say so, not to put the data on another disk.
_FULL_BYTES = 1_000_000


def kept_base(home: Home) -> Path | None:
    """The server's own directory as recorded; None when not yet made, or removed since."""
    kept = home.state().get("base")
    base = Path(kept) if kept else home.root / "postgres"
    return base if base.is_dir() else None


def place(home: Home) -> tuple[Path, Account | None]:
    """The server's own directory and the account it runs as; made and recorded when new.

    Below the home where the account can get there, else below /var/lib or /var/tmp (a home below
    /root is closed to every account but root). Raises RuntimeFault: other-owner,
    home-unreachable, disk-full, no-account.
    """
    base = kept_base(home)
    if base is None:
        return _new_place(home)
    owner = base.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise faults.other_owner(base, owner, os.geteuid())
    account = server_account(owner)
    if account is not None:
        give(base, account)
        if not can_write(account, base):
            raise faults.no_place(base, account.name, [str(base)])
    return base, account


def _new_place(home: Home) -> tuple[Path, Account | None]:
    account = server_account()
    candidate = home.root / "postgres"
    if account is None:
        with faults.os_refusals(candidate):
            candidate.mkdir(mode=0o700, parents=True)
        home.remember(base=str(candidate.resolve()))
        return candidate.resolve(), None
    # A fresh name: what an earlier home of the same path left outside is not this home's data.
    token = uuid4().hex[:12]
    tried = [candidate, Path("/var/lib/kintsugi") / token, Path(f"/var/tmp/kintsugi-{token}")]
    for candidate in tried:
        with suppress(OSError):
            candidate.parent.mkdir(mode=0o711, exist_ok=True)
            candidate.mkdir(mode=0o700)
            give(candidate, account)
        if can_write(account, candidate):
            home.remember(base=str(candidate.resolve()))
            return candidate.resolve(), account
        with suppress(OSError):
            candidate.rmdir()
        if candidate == tried[0] and free_bytes(home.root) < _FULL_BYTES:
            raise faults.disk_full(home.root, free_bytes(home.root))
    raise faults.no_place(home.root, account.name, [str(path) for path in tried])


def data_directory(base: Path, binaries: Binaries) -> Path:
    """Data directory for these programs, existing or not.

    Raises RuntimeFault (other-major-version) when there is data, but of another major version:
    silently starting with an empty database beside it would look like loss.
    """
    data = base / str(binaries.major)
    kept = {
        version_file.parent: version_file.read_text("ascii").strip()
        for version_file in sorted(base.glob("*/PG_VERSION"))
        if version_file.parent.suffix != ".partial"
    }
    if not kept or kept.get(data) == str(binaries.major):
        return data
    path, found = (data, kept[data]) if data in kept else list(kept.items())[-1]
    fitting = [other.bin for other in installed() if str(other.major) == found]
    raise faults.other_major(path, found, binaries.major, fitting[0] if fitting else None)


def free_bytes(path: Path) -> int:
    """Free space of the file system that holds ``path``."""
    return shutil.disk_usage(path).free
