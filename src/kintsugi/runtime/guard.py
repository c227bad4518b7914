"""Runs one command and ends it, with all its descendants, when whoever started us is gone.

Started as ``python -I -S guard.py GRACE_S COMMAND…`` with a pipe as standard input. The supervisor
alone holds the pipe's other end; the kernel closes it however the supervisor ends, also by kill -9.
Then the command's process group gets TERM and, after GRACE_S, KILL. Uses the standard
library only, so that it starts in a few milliseconds.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """In the command's process, before exec (Linux): be killed when the guard itself is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def main(arguments: list[str]) -> int:
    """Exit code of the command; 128 + n when signal n ended it."""
    grace_s, command = float(arguments[0]), arguments[1:]
    guard = os.getpid()
    linux = sys.platform == "linux"
    ended = threading.Event()
    stopping = threading.Event()
    # Asked by signal or by the closed pipe: the same orderly end.
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=(lambda: _die_with(guard)) if linux else None,  # no other thread runs yet
    )

    def watch_pipe() -> None:
        while os.read(0, 1024):
            pass
        stopping.set()

    def end_in_order() -> None:
        stopping.wait()
        _signal_group(child.pid, signal.SIGTERM)
        if not ended.wait(grace_s):
            _signal_group(child.pid, signal.SIGKILL)

    for work in (watch_pipe, end_in_order):
        threading.Thread(target=work, daemon=True).start()
    code = child.wait()
    ended.set()
    _signal_group(child.pid, signal.SIGKILL)  # descendants that outlived the command
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # a thread may still be blocked in a read
