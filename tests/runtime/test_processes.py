"""The process tree: one address in, all out together, no orphan however it ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime import guard, ports, processes
from kintsugi.runtime.processes import Command, ProcessTree, choose_web_port

from .waiting import eventually

SRC = str(Path(__file__).parents[2] / "src")

# Says its number and that of a child of its own, then works for ever.
WORKER = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
print("pids", os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
# The same, but deaf to polite signals.
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + WORKER


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Log(list[tuple[str, str]]):
    """What the children printed, as (name, line)."""

    def write(self, name: str, line: str) -> None:
        self.append((name, line))

    def pids(self, count: int) -> list[int]:
        assert eventually(lambda: len(self._pids()) >= count), list(self)
        return self._pids()

    def _pids(self) -> list[int]:
        found = [line.split()[1:] for _, line in list(self) if line.startswith("pids")]
        return [int(pid) for pair in found for pid in pair]


def test_leaving_the_tree_ends_all_children_and_their_children() -> None:
    log = Log()
    commands = [Command("web", python(WORKER)), Command("jobs", python(WORKER))]
    with ProcessTree(commands, write=log.write) as tree:
        pids = log.pids(4)
        assert all(alive(pid) for pid in pids)
        assert {name for name, _ in log} == {"web", "jobs"}
        tree.check()
    # A process that was sent its end leaves the table when the kernel gets to it.
    assert eventually(lambda: not any(alive(pid) for pid in pids), timeout_s=5)


def test_a_child_deaf_to_polite_signals_is_killed_after_the_grace() -> None:
    log = Log()
    with ProcessTree([Command("deaf", python(DEAF))], write=log.write, grace_s=0.3):
        pids = log.pids(2)
    assert eventually(lambda: not any(alive(pid) for pid in pids), timeout_s=5)


def test_when_one_dies_unexpectedly_all_end_and_the_error_names_it() -> None:
    log = Log()
    commands = [Command("web", python(WORKER)), Command("jobs", python("raise SystemExit(7)"))]
    with ProcessTree(commands, write=log.write) as tree:
        pids = log.pids(2)
        with pytest.raises(KintsugiError) as refusal:
            tree.wait()
    assert refusal.value.code == "runtime.process-died"
    assert refusal.value.facts == {"process": "jobs", "exit_code": 7}
    assert not any(alive(pid) for pid in pids)


def test_a_child_killed_by_a_signal_is_reported_with_its_number() -> None:
    log = Log()
    with ProcessTree([Command("web", python(WORKER))], write=log.write) as tree:
        pids = log.pids(2)
        os.kill(pids[0], signal.SIGKILL)
        with pytest.raises(KintsugiError) as refusal:
            tree.wait()
    assert refusal.value.facts["exit_code"] == 128 + signal.SIGKILL
    assert eventually(lambda: not alive(pids[1]))


SUPERVISOR = f"""
import sys
from kintsugi.runtime.processes import Command, ProcessTree
worker = [sys.executable, "-c", {WORKER!r}]
def write(name, line): print(name, line, flush=True)
with ProcessTree([Command("web", worker), Command("jobs", worker)], write=write) as tree:
    tree.wait()
"""


def supervisor() -> tuple["subprocess.Popen[str]", list[int]]:
    process = subprocess.Popen(
        python(SUPERVISOR),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SRC},
    )
    assert process.stdout
    pids: list[int] = []
    while len(pids) < 4:
        pids += [int(pid) for pid in process.stdout.readline().split()[2:]]
    return process, pids


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_orphan_survives_ctrl_c_or_kill_9_of_the_parent(number: signal.Signals) -> None:
    process, pids = supervisor()
    assert all(alive(pid) for pid in pids)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert eventually(lambda: not any(alive(pid) for pid in pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills with the parent")
def test_a_killed_guard_takes_its_command_along() -> None:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, "5", *python(WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    command, descendant = (int(pid) for pid in process.stdout.readline().split()[1:])
    process.kill()
    assert eventually(lambda: not alive(command))
    os.kill(descendant, signal.SIGKILL)
    process.communicate()


def test_a_taken_port_that_was_asked_for_is_refused_by_its_number() -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        with pytest.raises(KintsugiError) as refusal:
            choose_web_port(port)
    assert refusal.value.code == "runtime.port-taken"
    for language in ("zh", "en"):
        assert str(port) in refusal.value.message.get(language)


def test_a_taken_port_that_nobody_asked_for_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        monkeypatch.setattr(processes, "WEB_PORT", port)
        assert choose_web_port(None) > port


def test_readiness_is_a_connection_and_a_death_before_it_is_not_waited_for() -> None:
    port = ports.free_port()
    server = f"""
import socket, time
with socket.create_server(("127.0.0.1", {port})):
    time.sleep(600)
"""
    with ProcessTree([Command("web", python(server))], write=Log().write) as tree:
        tree.wait_until_listening(port, timeout_s=30)
    with (
        pytest.raises(KintsugiError) as refusal,
        ProcessTree([Command("web", python("raise SystemExit(3)"))], write=Log().write) as tree,
    ):
        tree.wait_until_listening(ports.free_port(), timeout_s=30)
    assert refusal.value.code == "runtime.process-died"
