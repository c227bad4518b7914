"""The pages that say "shown by" name tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/explanation/compliance.md", "docs/explanation/security.md")
VERDICTS = {"yes", "with you", "not yet"}
NAMED = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")
BARE = re.compile(r"`(test_\w+)`")


def matrix() -> list[list[str]]:
    """Cells of the rows of all five-column tables of the compliance page."""
    text = (ROOT / PAGES[0]).read_text("utf-8")
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [
        row
        for row in rows
        if len(row) == 5 and row[0] not in ("§", "Section", "Letter", "Source", "---")
    ]


def defined(path: Path) -> set[str]:
    """Names of the test functions of a file, or of all files of a folder."""
    files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return {n.name for n in nodes if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    everywhere = defined(ROOT / "tests")
    missing = [
        f"{place}::{name}" if name else place
        for place, name in NAMED.findall(text)
        if not (ROOT / place).exists()
        or not (found := defined(ROOT / place))
        or (name and name not in found)
    ]
    missing += [name for name in BARE.findall(text) if name not in everywhere]
    assert not missing, f"{page} names tests that are not there"


def test_every_requirement_has_a_verdict_and_what_is_done_has_a_test() -> None:
    rows = matrix()
    assert len(rows) > 50, "the tables were not read"
    assert {row[3] for row in rows} == VERDICTS
    unshown = [row[0] for row in rows if row[3] == "yes" and not NAMED.search(row[4])]
    assert not unshown, "a requirement is called met, and no test is named"
