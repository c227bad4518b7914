"""The generated reference says what the code says."""

import pytest

from tools import reference
from tools.reference import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name):
    written = (reference.FOLDER / name).read_text("utf-8")
    assert written == PAGES[name](), f"docs/reference/{name} is older than the code: make reference"


def test_there_is_no_page_without_a_generator():
    # ``make bench-quality`` writes quality.md, from data that is not in the tree.
    measured = {"quality.md"}
    assert {path.name for path in reference.FOLDER.iterdir()} - measured == set(PAGES)


def test_the_dictionary_holds_a_known_field_in_both_languages():
    assert "| `serial_no` | Serial number | code |" in reference.dictionary("en")
    assert "| `serial_no` | 序列号 | code |" in reference.dictionary("zh")


def test_refusals_are_found_with_both_languages():
    found = {code: texts for code, *texts in reference.refusals()}
    assert found["reading.missing"][0] == "There is no such file."
    assert found["reading.missing"][2] == "找不到该文件。"


def test_a_bar_in_a_value_does_not_break_the_table():
    assert reference.table(("a",), [("x|y\nz",)]).splitlines()[2] == "| x\\|y z |"
