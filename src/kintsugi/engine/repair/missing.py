"""Words that stand for no value."""

from typing import Final

from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.model import ValueSignal

_DISGUISES: Final = frozenset({
    "n/a", "na", "n.a.", "n/a.", "#n/a", "nan", "null", "none", "nil", "(null)", "<null>", "\\n",
    "missing", "unknown", "unk", "-", "--", "---", "?", "??", "???", ".", "/", "//", "*", "tbd",
    "tba", "not available", "无", "空", "不详", "未知", "暂无", "缺失",
})  # fmt: skip
_LETTERS_THAT_MEAN: Final = frozenset({"na", "none", "unknown", "unk", "nil", "nan", "null"})


# Words that also say that somebody was asked and did not know.
_ANSWERS: Final = frozenset({"unknown", "unk", "none", "不详", "未知", "无", "tbd", "tba"})


def is_disguise(text: str) -> bool:
    """Whether a text is one of the usual stand-ins for an empty cell."""
    return text.strip().casefold() in _DISGUISES


def missing_signals(column: Coded, *, numeric: bool) -> list[ValueSignal]:
    """Stand-ins for an empty cell. In a column of numbers or dates they can mean nothing else; in
    one of words they may be a word of their own (NA is Namibia, none an answer)."""
    total = int(column.counts.sum())
    found = []
    for code, text in enumerate(column.values):
        if len(text) > 14 or not text or not is_disguise(text):
            continue
        sure = 0.95 if numeric else 0.65
        if text.strip().casefold() in _ANSWERS:
            sure -= 0.3
        if not numeric and text.strip().casefold() in _LETTERS_THAT_MEAN:
            sure = min(sure, 0.4)
        found.append(ValueSignal(code, "", "missing", sure, int(column.counts[code]), total))
    return found
