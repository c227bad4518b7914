"""JSON and NDJSON: what stands in the file stands in the tables, digit for digit."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.reading import read_source
from kintsugi.engine.reading.limits import ReadLimits


def read(tmp_path: Path, text: str | bytes, name: str = "x.json", **more: Any) -> dict[str, Any]:
    """Table name → list of rows, each ``{header: text}`` with its ``_row``."""
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    snapshot = read_source(path, into=tmp_path / "snapshots", **more)
    found = {}
    for table in snapshot.tables:
        frame = pl.read_parquet(snapshot.path / f"t{table.index}.parquet")
        names = {column.key: column.name for column in table.columns}
        found[table.name] = frame.rename(names).to_dicts()
    return found


def test_a_list_of_objects_is_a_table_and_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = '[{"a": 1.50, "b": {"c": "x", "d": null}}, {"a": 12345678901234567890, "e": true}]'
    assert read(tmp_path, text) == {
        "x": [
            {"_row": 1, "a": "1.50", "b.c": "x", "b.d": "", "e": ""},
            {"_row": 2, "a": "12345678901234567890", "b.c": "", "b.d": "", "e": "true"},
        ]
    }


def test_an_object_of_lists_holds_several_tables(tmp_path: Path) -> None:
    text = '{"made": "2026-01-01", "parts": [{"p": "1"}], "items": [{"i": "2"}, {"i": "3"}]}'
    assert read(tmp_path, text) == {
        "parts": [{"_row": 1, "p": "1"}],
        "items": [{"_row": 1, "i": "2"}, {"_row": 2, "i": "3"}],
    }


def test_lines_of_objects_keep_their_line_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a": 1}\n\n{"a": 2}\n', "x.ndjson") == {
        "x": [{"_row": 1, "a": "1"}, {"_row": 3, "a": "2"}]
    }


def test_a_dump_of_several_kinds_is_a_table_a_kind(tmp_path: Path) -> None:
    dump = [
        {"model": "part", "pk": 1, "fields": {"name": "泵", "tags": ["a", "b"]}},
        {"model": "item", "pk": 7, "fields": {"part": 1, "pk": "own"}},
        {"model": "part", "pk": 2, "fields": {"name": "阀", "tags": []}},
        {"model": "item", "pk": 8, "fields": {"part": 2, "pk": "own"}},
    ]
    assert read(tmp_path, json.dumps(dump)) == {
        "part": [
            {"_row": 1, "pk": "1", "name": "泵", "tags": '["a", "b"]'},
            {"_row": 3, "pk": "2", "name": "阀", "tags": ""},
        ],
        "item": [
            {"_row": 2, "pk": "7", "part": "1", "fields.pk": "own"},
            {"_row": 4, "pk": "8", "part": "2", "fields.pk": "own"},
        ],
    }


def test_other_encodings_are_told(tmp_path: Path) -> None:
    text = '[{"名称": "监护仪"}, {"名称": "呼吸机"}]'
    for number, encoding in enumerate(("utf-8-sig", "utf-16", "gb18030")):
        found = read(tmp_path, text.encode(encoding), f"{number}.json")
        assert [row["名称"] for row in found[str(number)]] == ["监护仪", "呼吸机"], encoding


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"a": 1}, {"a": ', "reading.damaged"),
        ('[{"a": 1}, 2]', "reading.damaged"),
        ('{"a": 1}\n{"a": \n', "reading.damaged"),
        ('[{"a": 1}]\n[2]\n', "reading.damaged"),
        ('{"a": ' * 2_000 + "1" + "}" * 2_000, "reading.damaged"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(KintsugiError) as refused:
        read(tmp_path, text)
    assert refused.value.code == code
    assert refused.value.facts["detail"]
    assert not list((tmp_path / "snapshots").glob("*"))


def test_limits_hold(tmp_path: Path) -> None:
    wide = json.dumps([{f"c{n}": 1 for n in range(30)}])
    with pytest.raises(KintsugiError) as refused:
        read(tmp_path, wide, limits=ReadLimits(max_columns=20))
    assert refused.value.code == "reading.too-many"


KEYS = st.text("abc", min_size=1, max_size=3)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(st.lists(st.dictionaries(KEYS, SCALARS, min_size=1), min_size=1, max_size=8))
def test_every_value_of_flat_objects_comes_out(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    text = json.dumps(records)
    ((_, rows),) = read(tmp_path_factory.mktemp("json"), text).items()
    written = json.loads(text, parse_int=str, parse_float=str)
    for record, row in zip(written, rows, strict=True):
        for key, value in record.items():
            shown = {None: "", True: "true", False: "false"}.get(value, value)
            assert row[key] == shown
