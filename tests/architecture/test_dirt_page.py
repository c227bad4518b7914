"""The page of the 63 kinds of dirt names each once, as the demo does, and only tests there are."""

from kintsugi.demo.kinds import KINDS
from tests.architecture.test_invariants_page import ROOT, missing, rows

PAGE = ROOT / "docs" / "explanation" / "dirt.md"


def test_all_63_kinds_are_there_under_their_names_and_every_test_it_names_exists() -> None:
    text = PAGE.read_text("utf-8")
    named = rows(text)
    assert sorted(named) == list(range(1, 64)) == sorted(KINDS)
    assert all("`test_" in tests for tests in named.values())
    assert missing(text) == []
    for number, kind in KINDS.items():
        assert f"| {number} | {kind.en.replace('|', '/')} | {kind.zh} |" in text
