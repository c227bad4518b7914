"""Verdicts: what a check of a document found, whether it lets the document pass or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kintsugi.engine.text import Text

NOTHING = Text("", "")


@dataclass(frozen=True)
class Verdict:
    """One check of a document: passed or not, and the reason in both cases.

    ``check`` is a stable code such as ``customer-licence``; ``remedy`` says what would make a
    failed one pass; ``facts`` are what it rests on (numbers, dates, codes), kept with the document.
    """

    check: str
    passed: bool
    title: Text
    why: Text
    remedy: Text = NOTHING
    facts: Mapping[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As JSON, for the document that was judged."""
        return {
            "check": self.check,
            "passed": self.passed,
            "title": {"zh": self.title.zh, "en": self.title.en},
            "why": {"zh": self.why.zh, "en": self.why.en},
            "remedy": {"zh": self.remedy.zh, "en": self.remedy.en},
            "facts": {name: _plain(value) for name, value in self.facts.items()},
        }


def failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that do not let the document pass."""
    return [one for one in verdicts if not one.passed]


def from_kept(kept: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    """Verdicts as they were kept with a document."""
    return [
        Verdict(
            one["check"], one["passed"], Text(**one["title"]), Text(**one["why"]),
            Text(**one["remedy"]), one["facts"],
        )
        for one in kept
    ]  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, list, dict, type(None))) else str(value)
