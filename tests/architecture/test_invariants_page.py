"""The page of invariants names each of the thirty once, and only tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "invariants.md"


def rows(text: str) -> dict[int, str]:
    """Number → the cell with its tests; a number twice is an error."""
    found: dict[int, str] = {}
    for line in text.splitlines():
        if match := re.match(r"\| (\d+) \|", line):
            number = int(match.group(1))
            assert number not in found, f"{number} is there twice"
            found[number] = line.rstrip(" |").rpartition(" | ")[2]
    return found


def missing(text: str) -> list[str]:
    """Tests and files of tests that the page names and the tree lacks."""
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    names = set(re.findall(r"^(?:async )?def (test_\w+)", written, re.M))
    found = [name for name in re.findall(r"`(test_\w+)`", text) if name not in names]
    files = re.findall(r"`(tests/[\w/]+\.py)`", text)
    return found + [name for name in files if not (ROOT / name).is_file()]


def test_all_thirty_are_there_and_every_test_it_names_exists() -> None:
    text = PAGE.read_text("utf-8")
    assert sorted(rows(text)) == list(range(1, 31))
    assert missing(text) == []


def test_an_invented_test_is_noticed() -> None:
    named = "| 1 | x | y | `test_nobody_ever_wrote_this`, `tests/nowhere/test_x.py` |"
    assert missing(named) == ["test_nobody_ever_wrote_this", "tests/nowhere/test_x.py"]
