"""What the operating system knows about a running server: its pid file and its process."""

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")  # of Linux; other systems are asked through ps


@dataclass(frozen=True)
class Postmaster:
    """The main process of a server, as its pid file names it."""

    pid: int
    port: int | None


def _command(pid: int) -> list[str] | None:
    """Command line of a process; None when there is none or it is a zombie."""
    if (PROC / "self").exists():
        try:
            raw = (PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        return [part.decode("utf-8", "replace") for part in raw.split(b"\0") if part] or None
    answer = subprocess.run(
        ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, command = answer.stdout.strip().partition(" ")
    return None if not command or state.startswith("Z") else command.split()


def is_postmaster(pid: int, data: Path) -> bool:
    """Whether this process is the server of this data directory (numbers are used again)."""
    command = _command(pid)
    if command is None:
        return False
    return "postgres" in Path(command[0]).name and str(data) in " ".join(command)


def read_pid_file(data: Path) -> Postmaster | None:
    """The pid file's content, or None when there is none or it is not yet whole."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None
    return Postmaster(pid, port)


def running(data: Path) -> Postmaster | None:
    """The live server of a data directory, or None."""
    named = read_pid_file(data)
    return named if named is not None and is_postmaster(named.pid, data) else None


def has_survivors(data: Path) -> bool:
    """Whether any process still works in the data directory (server processes outlive a killed
    main process for a moment). Only Linux can tell; elsewhere the answer is no."""
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if os.readlink(entry / "cwd") == str(data):
                return True
    return False


def process_exists(pid: int) -> bool:
    """Whether a process (also a zombie, also another user's) has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
