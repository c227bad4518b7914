"""The process tree of ``kintsugi up``: children that live and die together.

Each child runs under a guard (``kintsugi.runtime.guard``), so none outlives the supervisor.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from kintsugi.runtime import faults, guard, ports

WEB_PORT = 8000
_PORTS_TRIED = 100


@dataclass(frozen=True)
class Command:
    """One child: the name its log lines carry, the program, what its environment adds."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def web_command(port: int, host: str = "127.0.0.1") -> Command:
    """The web process."""
    argv = [sys.executable, "-m", "uvicorn", "kintsugi.config.asgi:application"]
    argv += ["--host", host, "--port", str(port), "--log-level", "warning"]
    # Live progress keeps connections open: they must not hold up the end.
    argv += ["--timeout-graceful-shutdown", "3"]
    return Command("web", argv)


def jobs_command(role: str = "") -> Command:
    """The process that works off the job queue. Its own connections begin with ``role``: an
    account of the programs may do nothing until it has taken one on."""
    argv = [sys.executable, "-m", "django", "procrastinate", "worker"]
    # Jobs are announced by the database; polling is for announcements that were missed.
    argv += ["--fetch-job-polling-interval", "2", "--shutdown-graceful-timeout", "5"]
    return Command("jobs", argv, {"KINTSUGI_DATABASE_ROLE": role} if role else {})


def choose_web_port(asked: int | None, host: str = "127.0.0.1") -> int:
    """The port asked for, or the first free one from 8000 on when none was.

    Raises RuntimeFault (port-taken) when somebody else listens there.
    """
    if asked is not None:
        if not ports.port_free(asked, host):
            raise faults.port_taken(asked)
        return asked
    for port in range(WEB_PORT, WEB_PORT + _PORTS_TRIED):
        if ports.port_free(port, host):
            return port
    raise faults.port_taken(WEB_PORT)


class ProcessTree:
    """Children started together, watched together and ended together.

    ``write`` gets (name, line) of everything they print, from several threads. ``grace_s`` is how
    long they have after TERM. Use as a context manager: leaving it ends all children.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        write: Callable[[str, str], None],
        grace_s: float = 10,
    ) -> None:
        self.commands = commands
        self.grace_s = grace_s
        self._write = write
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._threads: list[threading.Thread] = []
        self._changed = threading.Event()
        self._unreadable = False

    def __enter__(self) -> "ProcessTree":
        try:
            for command in self.commands:
                self._start(command)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, command: Command) -> None:
        guarded = [sys.executable, "-I", "-S", str(Path(guard.__file__)), str(self.grace_s)]
        child = subprocess.Popen(
            [*guarded, *command.argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **command.environment},
            # Ctrl-C reaches the supervisor only, which then ends the children in order.
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._children[command.name] = child
        for work in (self._relay, self._await):
            thread = threading.Thread(target=work, args=(command.name, child), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _relay(self, name: str, child: "subprocess.Popen[str]") -> None:
        assert child.stdout is not None
        for line in child.stdout:
            try:
                self._write(name, line.rstrip("\n"))
            except BrokenPipeError:  # nobody reads us any more
                self._unreadable = True
                self._changed.set()
                return

    def _await(self, name: str, child: "subprocess.Popen[str]") -> None:
        child.wait()
        self._changed.set()

    def wait_until_listening(self, port: int, *, timeout_s: float = 120) -> None:
        """Returns when something accepts connections on the port.

        Raises RuntimeFault when a child ends first or nothing listens in time.
        """
        deadline = time.monotonic() + timeout_s
        while not ports.port_answers(port):
            self.check()
            if time.monotonic() > deadline:
                raise faults.child_silent(self.commands[0].name, port, timeout_s)
            time.sleep(0.1)
        self.check()

    def check(self) -> None:
        """Raises RuntimeFault (process-died) when a child has ended, BrokenPipeError when what
        they print can no longer be passed on."""
        if self._unreadable:
            raise BrokenPipeError
        for name, child in self._children.items():
            if child.poll() is not None:
                raise faults.child_died(name, child.returncode)

    def wait(self, watch: Callable[[], None] | None = None, *, watch_every_s: float = 2) -> None:
        """Blocks as long as all children live; ``watch`` is asked now and then and may raise.

        Raises RuntimeFault (process-died); KeyboardInterrupt passes through.
        """
        while True:
            self._changed.wait(watch_every_s if watch else None)
            self.check()
            self._changed.clear()
            self.check()
            if watch:
                watch()

    def stop(self) -> None:
        """Ends all children: TERM to all at once, KILL after the grace. Again is no error."""
        for child in self._children.values():
            assert child.stdin is not None
            child.stdin.close()  # the guard sees the end of its pipe
        deadline = time.monotonic() + self.grace_s + 5
        for child in self._children.values():
            try:
                child.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                child.kill()  # the guard's death kills its command
                child.wait()
        for thread in self._threads:
            thread.join(2)
        for child in self._children.values():
            if child.stdout is not None and not any(t.is_alive() for t in self._threads):
                child.stdout.close()
        self._children.clear()
        self._threads.clear()
