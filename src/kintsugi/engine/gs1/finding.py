"""What a linter finds: which fault, and where in the value."""

import re
from typing import NamedTuple


class Finding(NamedTuple):
    """``fault`` names an entry of ``faults``; ``start`` and ``length`` the bad characters."""

    fault: str
    start: int
    length: int


def whole(fault: str, data: str) -> Finding:
    """A fault of the value as a whole."""
    return Finding(fault, 0, len(data))


def first_bad(fault: str, good: re.Pattern[str], data: str) -> Finding | None:
    """The first character after the longest good beginning, or None when all are good."""
    match = good.match(data)
    end = match.end() if match else 0
    return Finding(fault, end, 1) if end < len(data) else None
