"""A governed load that is killed at random points ends as one that nobody disturbed; so does a
rehearsal, which leaves nothing."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from kintsugi.onboarding.models import Chunk, Run
from kintsugi.onboarding.services import add_wave, apply_run, loading, rehearse_run
from tests.onboarding.governed import AT, prepared, released
from tests.onboarding.test_rollback import crosswalk
from tests.onboarding.undone import rolled_back
from tests.scenarios.world import PRODUCTS, World, table_text, tables

pytestmark = pytest.mark.django_db(transaction=True)

CRASH = Path(__file__).with_name("load_crash.py")
#: More kills: ``make crash``.
KILLS = int(os.environ.get("KINTSUGI_LOAD_KILLS", "4"))
#: So many devices that the load lasts longer than the kills.
HALF = max(60, 4 * KILLS)
POINTS = ("inside a chunk", "between chunks", "planned", "before the end")
HEAD = ["序列号", "产品编码", "医院", "科室", "采购日期", "备注"]


def register(world: World, room: str, count: int) -> Path:
    """So many devices in seven hospitals, all in one kind of room."""
    rows = [
        [f"SN{n:03d}", f"P-{n % 3 + 1}", f"第{n % 7}医院", room, "2023-05-06", f"第{n}台"]
        for n in range(count)
    ]
    return world.file("d.csv", table_text(HEAD, rows))


def crash(world: World, point: str, count: int, run: Run) -> int:
    """Go on with the run until the named point is reached the n-th time; the exit code."""
    environment = {
        **os.environ,
        "KINTSUGI_HOME": str(world.folder / "home"),
        "KINTSUGI_CHUNK_ROWS": "3",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    process = subprocess.run(
        [sys.executable, str(CRASH), point, str(count), str(run.pk)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "Traceback" not in process.stderr, process.stderr
    return process.returncode


@pytest.fixture
def made(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A wave that updates ``HALF`` devices and brings as many more, let go and not begun."""
    monkeypatch.setattr(loading, "CHUNK_ROWS", 3)
    monkeypatch.setenv("KINTSUGI_CHUNK_ROWS", "3")
    world.load(world.file("p.csv", PRODUCTS))
    world.load(register(world, "ICU", HALF))
    run = prepared(register(world, "手术室", 2 * HALF))
    wave = add_wave(actor="tester", run_id=run.pk, name="全部", kind="full", rule={"by": "rest"})
    rehearse_run(actor="tester", run_id=wave.pk, at=AT)
    wave.refresh_from_db()
    released(wave)
    return wave


def test_killed_at_random_points_it_ends_as_if_undisturbed(world: World, made: Run) -> None:
    before, crossed = tables(), crosswalk()
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    killed = 0
    while killed < KILLS:
        point = chance.choice(POINTS[:2] if killed < KILLS - 2 else POINTS)
        code = crash(world, point, chance.randrange(1, 3), made)
        assert code in (-9, 0), (seed, point)
        killed += code == -9
        if code == 0:
            break
    assert killed, "killed at least once"
    done = apply_run(actor="tester", run_id=made.pk, at=AT)
    assert done.status == "verified"
    assert (done.counts["created"], done.counts["updated"]) == (HALF, HALF)
    assert _chunks_once(done)
    after = tables()
    # Undisturbed: rolled back, and the same wave once more in one go.
    rolled_back(done.number)
    assert (tables(), crosswalk()) == (before, crossed), seed
    again = add_wave(
        actor="tester", run_id=done.parent.pk, name="全部", kind="full", rule={"by": "rest"}
    )
    rehearse_run(actor="tester", run_id=again.pk, at=AT)
    again.refresh_from_db()
    released(again)
    assert apply_run(actor="tester", run_id=again.pk, at=AT).status == "verified"
    assert tables() == after, seed
    print(f"killed {killed} times")


def _chunks_once(run: Run) -> bool:
    for entity in ("device", "party"):
        numbers = sorted(
            Chunk.objects.filter(run=run, entity=entity).values_list("number", flat=True)
        )
        if numbers != list(range(len(numbers))):
            return False
    return True


def test_a_killed_rehearsal_leaves_nothing(world: World, made: Run) -> None:
    before = tables()
    code = crash(world, "rehearsing", 2, made)
    assert code == -9
    assert tables() == before
    run = rehearse_run(actor="tester", run_id=made.pk, at=AT)
    assert run.status == "approved", "the same outcome as before it was killed"
