"""A JSON file with one object alone."""

from pathlib import Path

from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import table_frame


def test_one_object_is_one_row_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"serial":"SN1","place":{"ward":"ICU"}}\n', "utf-8")
    snapshot = read_source(path, into=tmp_path / "s")
    [table] = snapshot.tables
    assert [column.name for column in table.columns] == ["serial", "place.ward"]
    assert table_frame(snapshot, 0).collect().rows() == [(1, "SN1", "ICU")]
