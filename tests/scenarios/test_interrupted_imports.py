"""A killed process, a lost database, a full disk, two at once: the tables end as if nothing had
happened, once the same command is given again."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test import TransactionTestCase

from kintsugi.devices.models import Device
from kintsugi.engine.errors import KintsugiError
from kintsugi.onboarding.models import Chunk, Run
from kintsugi.onboarding.services import loading
from kintsugi.parties.models import Party
from tests.scenarios.world import World, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)

CHUNK = 40
DEVICES = 230
CRASH = Path(__file__).with_name("crash.py")


def files(world: World) -> list[Path]:
    """A register of 230 devices with dirt in it, and their five products."""
    random_ = random.Random(7)
    products = [[f"P-{n}", f"监护仪{n}", "乙厂有限公司"] for n in range(5)]
    rows = []
    for n in range(DEVICES):
        day = "2023-02-30" if n % 50 == 7 else f"2023-05-{n % 28 + 1:02d}"
        product = "P-无" if n % 60 == 9 else f"P-{random_.randrange(5)}"
        rows.append([f"SN{n:04d}", product, f"第{n % 13}医院", "ICU", day, f"第{n}台"])
    rows += [rows[3], rows[100]]
    head = ["序列号", "产品编码", "医院", "科室", "采购日期", "备注"]
    return [
        world.file("products.csv", table_text(["产品编码", "产品名称", "生产厂家"], products)),
        world.file("devices.csv", table_text(head, rows)),
    ]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CHUNK_ROWS", CHUNK)
    monkeypatch.setenv("KINTSUGI_CHUNK_ROWS", str(CHUNK))


#: The checksums of an uninterrupted import, made once in a database of its own.
UNINTERRUPTED: dict[str, str] = {}


@pytest.fixture
def expected(world: World, small_chunks: None, settings: Any) -> dict[str, str]:
    """The checksums of an uninterrupted import in another database; this one is fresh."""
    if not UNINTERRUPTED:
        kept = settings.SNAPSHOT_ROOT, settings.RUN_ROOT
        settings.SNAPSHOT_ROOT = world.folder / "other" / "snapshots"
        settings.RUN_ROOT = world.folder / "other" / "runs"
        world.load(*files(world))
        UNINTERRUPTED.update(tables())
        settings.SNAPSHOT_ROOT, settings.RUN_ROOT = kept
        TransactionTestCase._fixture_teardown(None)  # the migrated template again
    assert Device.objects.count() == 0
    return dict(UNINTERRUPTED)


def child(world: World, *command: str) -> subprocess.Popen[str]:
    """A process of the product on the test's database and home."""
    environment = {**os.environ, "KINTSUGI_HOME": str(world.folder / "home")}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def crash(world: World, point: str, count: int) -> int:
    """Import the register until the named point is reached the n-th time; the exit code."""
    register = files(world)[1]
    process = child(world, sys.executable, str(CRASH), point, str(count), str(register))
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors, errors
    return process.returncode


def ledger_is_whole() -> None:
    """Every chunk once, no gap, and every record of every run accounted for."""
    for run in Run.objects.all():
        streams = {(c.entity, c.stream) for c in run.chunks.all()}
        for entity, stream in streams:
            numbers = [
                c.number for c in run.chunks.filter(entity=entity, stream=stream).order_by("number")
            ]
            assert numbers == list(range(len(numbers)))


def test_killed_at_any_point_and_run_again_the_tables_are_those_of_an_uninterrupted_import(
    world: World, expected: dict[str, str]
) -> None:
    """One story: each attempt goes on where the one before was killed, and dies further on."""
    products, devices = files(world)
    world.load(products)
    done = Chunk.objects.filter(entity="device")
    for point, count, applied in (
        ("reading", 1, 0),
        ("pipeline", 9, 0),
        ("inside a chunk", 3, 1),  # the hospitals' chunk, one of devices, and half of the next
        ("between chunks", 2, 3),
        ("before the end", 1, 6),
    ):
        assert crash(world, point, count) == -9, point
        assert done.count() == applied, point
        assert Device.objects.count() == min(40 * applied, 226), "rows and ledger agree"
    kept = set(done.values_list("pk", flat=True))
    world.load(devices)
    assert tables() == expected
    ledger_is_whole()
    assert set(done.values_list("pk", flat=True)) == kept, "no chunk was done again"
    assert Run.objects.exclude(status="verified").count() == 0
    assert Run.objects.count() == 2, "the interrupted run was taken up, none was made anew"


@pytest.mark.slow
def test_killed_from_outside_at_a_random_moment_of_the_real_command(
    world: World, expected: dict[str, str]
) -> None:
    command = [str(Path(sys.executable).with_name("kintsugi")), "import", "--json"]
    chunks = random.Random().randrange(1, 8)
    process = child(world, *command, *map(str, files(world)))
    while process.poll() is None and Chunk.objects.count() < chunks:
        threading.Event().wait(0.005)
    process.kill()
    process.communicate(timeout=60)
    process = child(world, *command, *map(str, files(world)))
    answer, errors = process.communicate(timeout=120)
    assert process.returncode == 0, answer + errors
    assert tables() == expected
    ledger_is_whole()


def test_a_chunk_that_was_applied_is_never_applied_again(
    world: World, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[int] = []
    real = loading.apply_chunk

    def counted(target: Any, *, number: int, **more: Any) -> Any:
        if target.entity == "device":
            applied.append(number)
            if len(applied) == 3:
                raise KintsugiError(
                    "test.stop", *[__import__("kintsugi").engine.text.Text("停", "stop")] * 2
                )
        return real(target, number=number, **more)

    monkeypatch.setattr(loading, "apply_chunk", counted)
    with pytest.raises(KintsugiError, match="stop"):
        world.load(*files(world))
    stopped = Run.objects.get(file_name="devices.csv")
    assert (stopped.status, stopped.error["code"]) == ("failed", "test.stop")
    world.load(*files(world))
    assert applied == [0, 1, 2, 2, 3, 4, 5]
    assert tables() == expected


def test_the_database_going_away_stops_the_run_visibly_and_the_next_attempt_goes_on(
    world: World, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends our session in the middle of a chunk, as a restart does."""
    command = [str(Path(sys.executable).with_name("kintsugi")), "import", "--json"]
    process = child(world, *command, *map(str, files(world)))
    ended = 0
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        while process.poll() is None and not ended:
            threading.Event().wait(0.005)
            if Chunk.objects.filter(entity="device").exists():
                ended = other.execute(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                    " and application_name = 'kintsugi' and pid <> %s",
                    [connection.connection.info.backend_pid],
                ).fetchone()[0]
    answer, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors + answer
    if ended and process.returncode:
        told = json.loads(answer)["error"]
        assert process.returncode == 2, told
        assert told["code"]
        assert told["remedy"]
    world.load(*files(world))
    assert tables() == expected
    ledger_is_whole()


def test_two_processes_importing_the_same_files_at_once_have_one_effect(
    world: World, expected: dict[str, str]
) -> None:
    command = [str(Path(sys.executable).with_name("kintsugi")), "import", "--json"]
    both = [child(world, *command, *map(str, files(world))) for _ in range(2)]
    answers = [process.communicate(timeout=180) for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes, answers
    for code, (answer, errors) in zip(codes, answers, strict=True):
        assert code in (0, 2), answer + errors
        assert "Traceback" not in errors
        if code == 2:
            assert '"code": "run.busy"' in answer, answer
    world.load(*files(world))
    assert tables() == expected
    ledger_is_whole()
    assert Device.objects.count() == len(set(Device.objects.values_list("product", "serial_no")))
    assert Party.objects.filter(name="第1医院").count() == 1


def test_a_run_whose_folder_was_lost_goes_on_all_the_same(
    world: World, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    world.load(files(world)[0])
    assert crash(world, "between chunks", 4) == -9
    shutil.rmtree(settings.RUN_ROOT)
    world.load(*files(world))
    assert tables() == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_named_changes_no_table_and_is_no_obstacle_once_there_is_room(
    world: World, expected: dict[str, str], small_disk: Path, settings: Any
) -> None:
    settings.RUN_ROOT = small_disk / "runs"
    before = tables()
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(KintsugiError) as caught:
        world.load(*files(world))
    assert caught.value.message.zh
    assert caught.value.remedy.en
    assert tables() == before
    run = Run.objects.get(file_name="products.csv")
    assert run.status == "failed"
    assert run.error["code"] == caught.value.code
    ballast.unlink()
    world.load(*files(world))
    assert tables() == expected
    connections.close_all()
