"""The refusal that names what is wrong, where, and what to do."""

from collections.abc import Mapping
from typing import Any

from kintsugi.engine.text import Text


class KintsugiError(Exception):
    """A refusal of input or a limit that was met: never a bug of ours.

    ``code`` is stable and machine readable (``reading.too-large``); ``message`` and ``remedy``
    are in both languages; ``facts`` carries where it happened (file, sheet, row, field, value).
    ``retryable`` says whether the same call may succeed later without a change of input.
    """

    retryable: bool = False

    def __init__(self, code: str, message: Text, remedy: Text, **facts: Any) -> None:
        super().__init__(code, message.en)
        self.code = code
        self.message = message
        self.remedy = remedy
        self.facts: Mapping[str, Any] = facts

    def __str__(self) -> str:
        where = ", ".join(f"{k}={v!r}" for k, v in self.facts.items())
        return f"{self.message.en} {self.remedy.en}" + (f" [{where}]" if where else "")

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The error as the API and ``--json`` print it."""
        return {
            "code": self.code,
            "message": self.message.get(language),
            "remedy": self.remedy.get(language),
            "facts": dict(self.facts),
            "retryable": self.retryable,
        }
