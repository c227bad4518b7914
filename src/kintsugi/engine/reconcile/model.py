"""What is asked of a reconciliation, and what comes of it."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

MatchKind = Literal["exact", "within-tolerance", "one-to-many", "many-to-one"]
#: Rows of one side that may stand for one row of the other.
PARTS_MAX = 8
#: Rows of one side that are searched for parts of one row of the other.
POOL_MAX = 24


@dataclass(frozen=True)
class Plan:
    """Which columns say the same on both sides, as (left, right), and how far they may differ.

    ``key``: equal when both have one, never matched when they differ. ``amount_tolerance`` in the
    amount's own unit; ``days`` in calendar days; ``likeness`` 0–1, the least that two texts have in
    common. ``parts``: the most rows that may stand for one of the other side; 1 asks for pairs.
    """

    key: tuple[str, str] | None = None
    amount: tuple[str, str] | None = None
    date: tuple[str, str] | None = None
    text: tuple[str, str] | None = None
    amount_tolerance: Decimal = Decimal(0)
    days: int = 0
    likeness: float = 0.6
    parts: int = PARTS_MAX


@dataclass(frozen=True)
class Match:
    """Rows that say the same. Rows are 0-based positions in the lists given; ``difference`` is left
    minus right; ``days`` right minus left; ``likeness`` of the texts 0–1, None where not asked."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    kind: MatchKind
    difference: Decimal | None = None
    days: int | None = None
    likeness: float | None = None


@dataclass(frozen=True)
class Break:
    """What has no counterpart, or one that differs. ``kind`` is one of ``BREAKS``; one of ``left``
    and ``right`` is None where a side is missing. ``facts`` say what the kind rests on."""

    kind: str
    left: int | None
    right: int | None
    difference: Decimal | None = None
    days: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reconciliation:
    """Every row of both lists, in one match or one break. ``left_total`` and ``right_total`` are
    the sums of the amounts, ``explained`` the part of their difference that matches and breaks
    carry: all of it. ``unread`` are cells of amount or date columns that say neither, as (side,
    row, column, text); their rows are breaks. ``searched``: whether every row without counterpart
    was tried as the sum of others; False when that would have taken too long."""

    left_rows: int
    right_rows: int
    matches: tuple[Match, ...]
    breaks: tuple[Break, ...]
    left_total: Decimal | None = None
    right_total: Decimal | None = None
    explained: Decimal | None = None
    unread: tuple[tuple[str, int, str, str], ...] = ()
    searched: bool = True

    def counts(self) -> dict[str, int]:
        """Matches and breaks by kind, most frequent first."""
        found: dict[str, int] = {}
        kinds = [one.kind for one in self.matches] + [one.kind for one in self.breaks]
        for kind in kinds:
            found[kind] = found.get(kind, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def as_dict(self) -> dict[str, Any]:
        """For a report: plain types, rows counted from 1."""

        def plain(value: Any) -> Any:
            return str(value) if isinstance(value, Decimal) else value

        def shown(one: Match | Break) -> dict[str, Any]:
            found = {name: plain(value) for name, value in asdict(one).items()}
            for side in ("left", "right"):
                rows = found[side]
                if rows is not None:
                    found[side] = rows + 1 if isinstance(rows, int) else [row + 1 for row in rows]
            return found

        return {
            "left_rows": self.left_rows,
            "right_rows": self.right_rows,
            "left_total": plain(self.left_total),
            "right_total": plain(self.right_total),
            "explained": plain(self.explained),
            "searched": self.searched,
            "counts": self.counts(),
            "matches": [shown(one) for one in self.matches],
            "breaks": [shown(one) for one in self.breaks],
            "unread": [
                {"side": side, "row": row + 1, "column": column, "value": text}
                for side, row, column, text in self.unread
            ],
        }
