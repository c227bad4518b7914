"""Whatever the bytes, each reader gives tables or a refusal with a code."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz import READERS, mutated, run
from kintsugi.engine.reading.sniff import sniff


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_tables_or_a_refusal(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as work:
        assert run(data, Path(work))


#: What is still a picture after its damage is read by OCR: a second each.
SLOW = ("picture", "pdf")


@pytest.mark.parametrize("reader", [name for name in READERS if name not in SLOW])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_a_damaged_file_of_each_kind_gives_tables_or_a_refusal(reader: str, seed: int) -> None:
    assert damaged(reader, seed)


@pytest.mark.parametrize("reader", SLOW)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_a_damaged_page_gives_tables_or_a_refusal(reader: str, seed: int) -> None:
    assert damaged(reader, seed)


def damaged(reader: str, seed: int) -> str:
    r = random.Random(seed)
    data = mutated(r.choice(SAMPLES[reader]), r)
    with tempfile.TemporaryDirectory() as work:
        return run(data, Path(work))


SAMPLES = {name: make() for name, make in READERS.items()}


def test_the_samples_are_of_the_kinds_they_are_called(tmp_path: Path) -> None:
    kinds = {"csv": "text", "fixed": "text"}
    for name, samples in SAMPLES.items():
        for sample in samples[::40]:
            path = tmp_path / "x"
            path.write_bytes(sample)
            if sample:
                assert sniff(path, file="x") == kinds.get(name, name)
                assert run(sample, tmp_path) in ("ok", "reading.empty")


# What the mutations found once: bytes that broke a reader.
FOUND = {
    "a figure with a control sign": b'{"a":1}\n'.replace(b"1", b"\x1d4"),
    "a row of odd figures": b"a,b,c,d\n1,2,3,\x1d4\n2,3,4,\x1d5\n",
    "an encoding nobody knows": b'<?xml version="1.0" encoding="Ulf-8"?><a><b c="1"/></a>',
}


@pytest.mark.parametrize("data", FOUND.values(), ids=FOUND.keys())
def test_what_broke_once_breaks_no_more(data: bytes, tmp_path: Path) -> None:
    assert run(data, tmp_path)
