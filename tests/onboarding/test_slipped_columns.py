"""The seed case: a file in which lot and serial number changed places is stopped before anything
is written, and the columns are named; an honest next file goes through."""

import random
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import find_slipped, suggest_mapping
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import Snapshot
from kintsugi.onboarding.models import Run
from tests.identity.control.people import account
from tests.identity.control.test_pages_and_api import browser
from tests.scenarios.world import PRODUCTS, World, table_text, tables

HEAD = ["产品编码", "批号", "序列号", "医院", "采购日期"]


def rows(count: int, seed: int, *, first: int = 0) -> list[list[str]]:
    """Devices: lots such as L26A031, serials such as SN-000123."""
    chance = random.Random(seed)
    return [
        [
            f"P-{n % 3 + 1}",
            f"L{chance.randrange(20, 27)}{chance.choice('ABC')}{chance.randrange(1000):03}",
            f"SN-{first + n:06}",
            f"第{chance.randrange(5)}医院",
            f"202{chance.randrange(6)}-0{chance.randrange(1, 9)}-1{chance.randrange(9)}",
        ]
        for n in range(count)
    ]


def swapped(given: list[list[str]]) -> list[list[str]]:
    """Lot and serial number have changed places."""
    return [[p, serial, lot, hospital, day] for p, lot, serial, hospital, day in given]


@pytest.fixture
def loaded(world: World) -> World:
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", table_text(HEAD, rows(60, 1))))
    return world


@pytest.mark.django_db(transaction=True)
def test_a_swapped_lot_column_is_stopped_and_named(loaded: World) -> None:
    before, runs = tables(), Run.objects.count()
    path = loaded.file("d.csv", table_text(HEAD, swapped(rows(60, 1))))
    with pytest.raises(KintsugiError) as refused:
        loaded.load(path)
    error = refused.value
    assert error.code == "mapping.slipped"
    assert set(error.facts["columns"]) == {"批号", "序列号"}
    assert "60/60" in error.message.zh
    assert "「批号」" in error.message.zh
    assert "look like “批号” of the file before" in error.message.en
    assert tables() == before
    assert Run.objects.count() == runs, "no run was made"


@pytest.mark.django_db(transaction=True)
def test_the_upload_says_so_before_anything_is_begun(loaded: World) -> None:
    client: Client = browser(account("李明"), "zh-hans")
    path = loaded.file("d.csv", table_text(HEAD, swapped(rows(60, 1))))
    with path.open("rb") as file:
        response = client.post("/onboarding/upload/", {"files": file})
    page = client.get(response.url).text
    assert "的列错位" in page
    assert "mapping.slipped" in page


@pytest.mark.django_db(transaction=True)
def test_the_next_honest_file_goes_through(loaded: World) -> None:
    more = [*rows(60, 1), *rows(60, 2, first=400)]
    [report] = loaded.load(loaded.file("d.csv", table_text(HEAD, more)))
    assert report["created"] == 60


@given(seed=st.integers(0, 10**6), count=st.integers(20, 80), first=st.integers(0, 9000))
@settings(max_examples=25, deadline=None)
def test_no_alarm_for_honest_files_and_always_for_swapped_ones(
    seed: int, count: int, first: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")
    honest = rows(count, seed, first=first)
    old, new, wrong = (
        _snapshot(folder, name, given)
        for name, given in (("old", rows(60, 1)), ("new", honest), ("wrong", swapped(honest)))
    )
    mapping = suggest_mapping(old, load_contracts()).mapping
    assert find_slipped(mapping, old, new) == []
    alarms = find_slipped(mapping, old, wrong)
    assert {alarm.source for alarm in alarms} == {"批号", "序列号"}


def _snapshot(folder: Path, name: str, given: list[list[str]]) -> Snapshot:
    path = folder / name / "d.csv"
    path.parent.mkdir()
    path.write_text(table_text(HEAD, given), "utf-8")
    return read_source(str(path), into=folder / "snapshots")
