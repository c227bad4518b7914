"""The directory an installation keeps its state in: layout, secrets, locks and leases."""

import fcntl
import json
import os
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kintsugi.runtime import faults

HOME = "KINTSUGI_HOME"


class Home:
    """Paths below ``KINTSUGI_HOME`` (default ``./var``); ``prepare`` makes them.

    ``run/`` lock and leases, ``secrets/`` one file each, ``log/``, ``postgres/`` the server's own
    directory, ``postgres.json`` what is remembered about it (its place, its last port).
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or os.environ.get(HOME) or "var").absolute()
        self.run = self.root / "run"
        self.secrets = self.root / "secrets"
        self.log = self.root / "log"
        self.state_file = self.root / "postgres.json"
        self.lock_file = self.run / "start.lock"
        self.keeper_lock = self.run / "keeper.lock"

    def prepare(self) -> None:
        """Makes the directories. Others may pass through the home (the server account must reach
        its data) but not list it. Raises RuntimeFault when the system refuses."""
        with faults.os_refusals(self.root):
            if not self.root.exists():
                self.root.mkdir(parents=True)
                self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for directory in (self.run, self.secrets, self.log):
                directory.mkdir(mode=0o700, exist_ok=True)

    def state(self) -> dict[str, Any]:
        """What is remembered; an unreadable file counts as nothing remembered."""
        with suppress(OSError, ValueError):
            kept = json.loads(self.state_file.read_text("utf-8"))
            if isinstance(kept, dict):
                return kept
        return {}

    def remember(self, **facts: Any) -> None:
        """Adds facts to the remembered ones, atomically."""
        with faults.os_refusals(self.state_file):
            draft = self.state_file.with_suffix(".tmp")
            draft.write_text(json.dumps(self.state() | facts, indent=1), "utf-8")
            draft.replace(self.state_file)

    def secret(self, name: str) -> str:
        """The secret of this name, made on first use: 32 URL-safe characters, file mode 0600."""
        self.prepare()
        path = self.secrets / name
        with faults.os_refusals(path):
            draft = path.with_name(f".{name}-{uuid.uuid4().hex}")
            try:
                return path.read_text("ascii").strip()
            except FileNotFoundError:
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w") as out:
                    out.write(secrets.token_urlsafe(24))
                with suppress(FileExistsError):
                    os.link(draft, path)  # the first of two makers wins, and never half a file
                return path.read_text("ascii").strip()
            finally:
                draft.unlink(missing_ok=True)

    @contextmanager
    def locked(self, timeout_s: float) -> Iterator[None]:
        """Holds the lock around starting and stopping; a killed holder frees it by dying.

        Raises RuntimeFault (retryable) after ``timeout_s``.
        """
        self.prepare()
        with faults.os_refusals(self.lock_file):
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + timeout_s
            while not try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise faults.lock_timeout(self.lock_file, timeout_s)
                time.sleep(0.05)
            yield
        finally:
            # Unlocked by hand: a forked child that still holds the descriptor must not keep it.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Takes an exclusive lock at once or says that somebody else has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def has_keeper(home: Home) -> bool:
    """Whether a keeper watches over the server of this home."""
    try:
        descriptor = os.open(home.keeper_lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:  # another user's
        return True
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


class Lease:
    """One user's claim on something shared; ends with ``release`` or with the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Gives the claim up; again is no error."""
        if self._descriptor is not None:
            self.path.unlink(missing_ok=True)
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


class Leases:
    """The claims in one directory. Take and count them only while holding a common lock.

    A lease is a file its holder keeps locked: the kernel drops the lock when the process dies,
    however it dies, so a lease can be stale but never wrongly alive.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def take(self) -> Lease:
        """A new claim of this process."""
        with faults.os_refusals(self.directory):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self.directory / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.lease"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try_lock(descriptor)
            return Lease(path, descriptor)

    def living(self) -> int:
        """Number of claims whose holders live; files of dead holders are removed."""
        alive = 0
        for path in self.directory.glob("*.lease"):
            try:
                descriptor = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            except OSError:  # another user's: cannot be looked into, so it counts
                alive += 1
                continue
            try:
                if try_lock(descriptor):
                    path.unlink(missing_ok=True)
                else:
                    alive += 1
            finally:
                os.close(descriptor)
        return alive
