"""The embedded PostgreSQL of one home: started by the first who needs it, stopped by the last.

The server is a daemon. Whoever uses it holds a lease; the last to give one up stops the server.
When all users are killed, the keeper (``kintsugi.runtime.keeper``) stops it a second later.
Start and stop happen under one file lock, so two starters at once end with one server.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import kintsugi
from kintsugi.runtime import faults, ports, postmaster
from kintsugi.runtime.accounts import Account, give, run_as
from kintsugi.runtime.binaries import Binaries, choose_binaries, runnable_by
from kintsugi.runtime.home import Home, Leases, has_keeper
from kintsugi.runtime.login import PASSWORD_SECRET, USER, Server, create_database, log_in
from kintsugi.runtime.placement import data_directory, free_bytes, kept_base, place

# Meant for one machine with a few users and large imports; see PostgreSQL's manual, chapter 19.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "logical",
    # A witness of the write-ahead log that stopped reading must not fill the disk.
    "max_slot_wal_keep_size": "4GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %a ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
}
_LOG_LIMIT_BYTES = 20_000_000
# A Unix socket's path may have 107 bytes; "/.s.PGSQL.65535.lock" takes 20 of them.
_SOCKET_DIR_LIMIT = 85


class Cluster:
    """The server of one home.

    ``settings`` are added to SETTINGS (tests switch fsync off). An ``ephemeral`` cluster's data is
    deleted when it stops. ``start_timeout_s`` bounds waiting for the lock, for crash recovery and
    for the log-in; ``stop_timeout_s`` is how long sessions have before the stop turns immediate.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        settings: Mapping[str, str] | None = None,
        ephemeral: bool = False,
        start_timeout_s: float = 120,
        stop_timeout_s: float = 30,
    ) -> None:
        self.home = Home(home)
        self.settings = {**SETTINGS, **(settings or {})}
        self.ephemeral = ephemeral
        self.start_timeout_s = start_timeout_s
        self.stop_timeout_s = stop_timeout_s
        self.leases = Leases(self.home.run / "leases")

    # -- public ----------------------------------------------------------------------------------

    @contextmanager
    def attach(self) -> Iterator[Server]:
        """A running server for the length of the block: started, or joined when it runs already.

        Raises RuntimeFault: binaries-missing, disk-full, other-major-version, start-locked, ….
        """
        with self.home.locked(self.start_timeout_s):
            lease = self.leases.take()
            try:
                server = self._ensure()
            except BaseException:
                lease.release()
                if self.leases.living() == 0:
                    self._stop()
                raise
        try:
            yield server
        finally:
            with self.home.locked(self.start_timeout_s):
                lease.release()
                if self.leases.living() == 0:
                    self._stop()

    def running(self) -> Server | None:
        """The server if it runs and lets us in, without starting or claiming it."""
        base = kept_base(self.home)
        for data in sorted(base.glob("[0-9]*")) if base else ():
            if postmaster.running(data):
                return log_in(self.home, data, started=False)
        return None

    def is_up(self) -> bool:
        """Whether a server process of this home exists, ready or not."""
        base = kept_base(self.home)
        return base is not None and any(postmaster.running(d) for d in base.glob("[0-9]*"))

    def stop_if_unused(self) -> bool:
        """Stops the server when no living lease is left. True when no server runs afterwards."""
        with self.home.locked(self.start_timeout_s):
            if self.leases.living():
                return False
            self._stop()
            return True

    @property
    def log_file(self) -> Path:
        """Log of the server, beside its data, because its account must be able to write it."""
        return (kept_base(self.home) or self.home.root / "postgres") / "server.log"

    # -- start -----------------------------------------------------------------------------------

    def _ensure(self) -> Server:
        """A server we are logged into. Only under the lock."""
        binaries = choose_binaries()
        base, account = place(self.home)
        data = data_directory(base, binaries)
        deadline = time.monotonic() + self.start_timeout_s
        started = False
        while True:
            if postmaster.running(data) is None:
                binaries = runnable_by(binaries, account, base)
                if not (data / "PG_VERSION").exists():
                    self._initialise(binaries, account, data)
                self._launch(binaries, account, data, deadline)
                started = True
            server = log_in(self.home, data, started=started, deadline=deadline)
            if server is not None:
                break
            if time.monotonic() > deadline:
                raise faults.start_failed(self.log_file, self._log_tail(0), 1)
        create_database(server)
        if started:
            self.home.remember(port=server.port)
        if started or not has_keeper(self.home):
            self._spawn_keeper()
        return server

    def _initialise(self, binaries: Binaries, account: Account | None, data: Path) -> None:
        """Makes the data directory whole or not at all: built beside its place, then renamed."""
        partial = data.with_name(data.name + ".partial")
        password_file = data.with_name("password.partial")
        try:
            with faults.os_refusals(data):
                shutil.rmtree(partial, ignore_errors=True)
                password_file.unlink(missing_ok=True)
                password_file.touch(mode=0o600)
                password_file.write_text(self.home.secret(PASSWORD_SECRET), "ascii")
                give(password_file, account)
            options = ["--no-sync"] if self.settings["fsync"] == "off" else []
            answer = run_as(
                account,
                [
                    binaries.tool("initdb"),
                    f"--pgdata={partial}",
                    f"--username={USER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=libc",
                    "--locale=C.UTF-8",
                    "--data-checksums",
                    "--no-instructions",
                    *options,
                ],
                timeout_s=max(self.start_timeout_s, 300),
            )
            if answer.returncode != 0:
                self._refuse(answer.stdout + answer.stderr, data)
            with faults.os_refusals(data), (partial / "postgresql.conf").open("a") as conf:
                conf.write("\n# Settings of this installation, written anew at each start.\n")
                conf.write("include_if_exists = 'kintsugi.conf'\n")
            with faults.os_refusals(data):
                partial.rename(data)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        finally:
            password_file.unlink(missing_ok=True)

    def _launch(
        self, binaries: Binaries, account: Account | None, data: Path, deadline: float
    ) -> None:
        """Starts the server, again where the reason passes by itself or can be removed."""
        log = self.log_file
        avoid: set[int] = set()
        attempts = 0
        while True:
            attempts += 1
            port = self._choose_port(avoid)
            with faults.os_refusals(data):
                # A killed server leaves its socket's lock, with a number others may have by now.
                # No server runs here, so nobody listens on any socket of this directory.
                for leftover in data.parent.glob(".s.PGSQL.*"):
                    leftover.unlink(missing_ok=True)
                self._write_settings(data, account, port)
                if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
                    log.replace(log.with_suffix(".log.1"))
                offset = log.stat().st_size if log.exists() else 0
            remaining_s = max(int(deadline - time.monotonic()), 5)
            answer = run_as(
                account,
                [
                    *(binaries.tool("pg_ctl"), "start", "--wait", "--silent"),
                    *(f"--pgdata={data}", f"--log={log}", f"--timeout={remaining_s}"),
                ],
                timeout_s=remaining_s + 30,
            )
            if answer.returncode == 0 or postmaster.running(data):
                return
            said = self._log_tail(offset) + answer.stdout + answer.stderr
            if "could not bind" in said or "Address already in use" in said:
                avoid.add(port)
            elif "postmaster.pid" in said or "shared memory block" in said:
                # After kill -9: processes of the dead server need a moment to end, or the
                # number in the pid file has been given to some other process since.
                self._remove_stale_pid_file(data)
                time.sleep(0.2)
            else:
                self._refuse(said, data)
            if time.monotonic() > deadline or attempts > 200:
                raise faults.start_failed(log, said, attempts)

    def _choose_port(self, avoid: set[int]) -> int:
        remembered = self.home.state().get("port")
        if not isinstance(remembered, int) or remembered in avoid:
            return ports.free_port()
        if ports.port_free(remembered):
            return remembered
        return ports.free_port()

    def _write_settings(self, data: Path, account: Account | None, port: int) -> None:
        sockets = str(data.parent) if len(os.fsencode(data.parent)) <= _SOCKET_DIR_LIMIT else ""
        lines = {**self.settings, "port": str(port), "unix_socket_directories": sockets}
        draft = data / "kintsugi.conf.tmp"
        draft.unlink(missing_ok=True)
        draft.write_text(
            "".join(f"{k} = '{v.replace(chr(39), chr(39) * 2)}'\n" for k, v in lines.items())
        )
        give(draft, account)
        draft.replace(data / "kintsugi.conf")

    @staticmethod
    def _remove_stale_pid_file(data: Path) -> None:
        """Removes a pid file whose number belongs to a foreign process now.

        PostgreSQL asks only whether some process has the number, and would refuse for ever. While
        any process still works in the data directory nothing is removed.
        """
        named = postmaster.read_pid_file(data)
        if named is None or postmaster.is_postmaster(named.pid, data):
            return
        if postmaster.process_exists(named.pid) and not postmaster.has_survivors(data):
            (data / "postmaster.pid").unlink(missing_ok=True)

    def _refuse(self, said: str, data: Path) -> None:
        """Raises the fault that fits what a server program said."""
        if "No space left" in said or "Disk quota exceeded" in said:
            raise faults.disk_full(data, free_bytes(data.parent))
        raise faults.start_failed(self.log_file, said, 1)

    def _log_tail(self, offset: int) -> str:
        with suppress(OSError), self.log_file.open("rb") as log:
            log.seek(max(offset, log.seek(0, os.SEEK_END) - 20_000))
            return log.read().decode("utf-8", "replace")
        return ""

    # -- stop ------------------------------------------------------------------------------------

    def _spawn_keeper(self) -> None:
        """Starts the process that stops the server when all its users were killed."""
        environment = {**os.environ, "PYTHONPATH": str(Path(kintsugi.__file__).parents[1])}
        argv = [sys.executable, "-m", "kintsugi.runtime.keeper", str(self.home.root)]
        argv += ["--ephemeral"] if self.ephemeral else []
        # A shell in between, so that the keeper is nobody's child and leaves no zombie.
        subprocess.run(
            ["/bin/sh", "-c", '"$@" >/dev/null 2>&1 </dev/null &', "sh", *argv],
            env=environment,
            cwd="/",
            start_new_session=True,
            check=False,
        )

    def _stop(self) -> None:
        """Ends the server: fast, then immediate, then by force. Only under the lock."""
        base = kept_base(self.home)
        for data in sorted(base.glob("[0-9]*")) if base else ():
            main = postmaster.running(data)
            if main is None:
                continue
            steps = (
                (signal.SIGINT, self.stop_timeout_s),  # fast: ends sessions, writes a checkpoint
                (signal.SIGQUIT, 10.0),  # immediate: recovers at the next start
                (signal.SIGKILL, 5.0),
            )
            for step, patience_s in steps:
                with suppress(ProcessLookupError):
                    os.kill(main.pid, step)
                if self._ended(main.pid, data, patience_s):
                    break
        if self.ephemeral and base is not None:
            shutil.rmtree(base, ignore_errors=True)

    @staticmethod
    def _ended(pid: int, data: Path, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not postmaster.is_postmaster(pid, data):
                return True
            time.sleep(0.02)
        return False


def database_url(home: str | Path | None = None) -> str:
    """Address of the database: ``DATABASE_URL``, else of the running embedded server.

    Raises RuntimeFault when neither is there.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    cluster = Cluster(home)
    server = cluster.running()
    if server is None:
        raise faults.not_running(cluster.home.root)
    return server.url()
