"""What a verifier of the record says: findings that name row, time and kind, and a verdict."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from kintsugi.engine.text import Text

State = Literal["clean", "broken", "inconclusive"]


@dataclass(frozen=True)
class Finding:
    """One thing in the record that is not as it was written.

    ``verifier`` found it; ``kind`` is its stable code (``tree.leaf-changed``). ``table`` and
    ``key`` name the row, or the part of the record itself (``audit_checkpoint`` and its number);
    ``at`` is the time the record gives for it, None where there is none.
    """

    verifier: str
    kind: str
    table: str
    key: str
    at: dt.datetime | None
    text: Text
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self, language: str) -> dict[str, Any]:
        """The finding as the API and ``--json`` give it."""
        return {
            "verifier": self.verifier,
            "kind": self.kind,
            "table": self.table,
            "key": self.key,
            "at": self.at.isoformat() if self.at else None,
            "message": self.text.get(language),
            "facts": dict(self.facts),
        }


class Inconclusive(Exception):
    """A verifier cannot tell, and says why: never the same as clean."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Verifier(Protocol):
    """One independent way of looking at the record; made anew for each run.

    ``checked`` counts what was looked at (changes, rows, transactions) while ``verify`` runs.
    """

    name: str

    @property
    def checked(self) -> int:
        """How much was looked at so far."""
        ...

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Findings about what was recorded from ``since`` on (None: everything), in the order of
        the record. Raises Inconclusive when it cannot tell."""
        ...


@dataclass(frozen=True)
class Verdict:
    """The answer of one verifier: ``found`` counts all findings, ``findings`` holds the first
    thousand; ``reason`` says why an inconclusive verifier could not tell."""

    verifier: str
    state: State
    findings: Sequence[Finding]
    found: int
    checked: int
    seconds: float
    reason: Text | None = None

    def as_dict(self, language: str) -> dict[str, Any]:
        """The verdict as the API and ``--json`` give it."""
        return {
            "verifier": self.verifier,
            "state": self.state,
            "checked": self.checked,
            "found": self.found,
            "seconds": round(self.seconds, 3),
            "reason": self.reason.get(language) if self.reason else None,
            "findings": [finding.as_dict(language) for finding in self.findings],
        }
