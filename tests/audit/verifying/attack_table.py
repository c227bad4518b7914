"""``python -m tests.audit.verifying.attack_table``: try the sixteen attacks, print who found what.

``--expected`` prints what the tests expect, without trying; the documentation shows that table.
"""

import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

Row = tuple[str, Collection[str], Collection[str]]  # attack, found in full, found in recent


def table(rows: Iterable[Row], verifiers: Collection[str]) -> str:
    """A Markdown table: ● found at once, ◐ found by a run over everything (the fold: or at the
    row's turn)."""
    rows = list(rows)
    lines = [f"| | attack | {' | '.join(verifiers)} |", f"|{' --- |' * (len(verifiers) + 2)}"]
    for number, (name, full, recent) in enumerate(rows, 1):
        marks = ["●" if v in recent else "◐" if v in full else "" for v in verifiers]
        lines.append(f"| {number} | {name} | {' | '.join(marks)} |")
    counts = [str(sum(v in full for _, full, _ in rows)) for v in verifiers]
    lines.append(f"| | found by it | {' | '.join(counts)} |")
    together: set[str] = set()
    sums = []
    for verifier in verifiers:
        together |= {name for name, full, _ in rows if verifier in full}
        sums.append(str(len(together)))
    lines.append(f"| | found by it and those before | {' | '.join(sums)} |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)


class Recorder:
    """Takes from pytest what each attack's test noted."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """One report of one test."""
        if report.when == "call":
            self.rows += [value for name, value in report.user_properties if name == "attack"]


def main() -> int:
    """Print the table; the exit code is that of the tests."""
    import pytest

    recorder = Recorder()
    expected = "--expected" in sys.argv
    tests = str(Path(__file__).with_name("test_sixteen_attacks.py"))
    wanted = ["--collect-only"] if expected else []
    code = pytest.main(["-q", "-n0", "--no-header", *wanted, tests], plugins=[recorder])
    # Only now: Django is ready since the tests were collected.
    from tests.audit.verifying.attacks import ATTACKS, VERIFIERS

    rows = [(a.name, a.full, a.recent) for a in ATTACKS] if expected else recorder.rows
    print(table(rows, VERIFIERS))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
