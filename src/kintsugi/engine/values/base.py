"""The result of a normaliser, and the cleaning all of them share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Norm:
    """What became of one raw value.

    ``value`` is canonical text or None; ``rule`` the id of what was done (``ACTIONS``);
    ``issue`` the id of what is wrong (``RULES``); ``confidence`` 0–1 that the reading is meant;
    ``unit`` a unit or currency found in the text; ``precision`` day, month; ``more`` by-products
    (a proposal, the parts of an identifier).
    """

    value: str | None
    rule: str | None = None
    issue: str | None = None
    confidence: float = 1.0
    unit: str | None = None
    precision: str | None = None
    more: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def using(self, rule: str) -> Norm:
        """The same with another rule, unless one is named already."""
        return self if self.rule else replace(self, rule=rule)


EMPTY = Norm(None)


def words(text: str) -> frozenset[str]:
    """The blank-separated words of a literal, as a set."""
    return frozenset(text.split())


# Words sources write for "nothing". 无 alone is one; 无菌 is not. Compared folded by ``null_key``.
NULL_WORDS = words(
    """
    不详 未知 不明 不清楚 不清 无法辨认 看不清 暂无 暂缺 待补 待补充 待定 待查 待确认 无 没有 空
    缺 未填 未填写 未提供 不适用 无法提供 见铭牌 见实物 见标签 / // /// \\ - -- --- —— — – _ __
    ___ . .. … ... * ** *** ? ?? ??? n/a na #n/a n.a. n.a nan null none nil (null) (none) <null>
    [null] \\n unknown unspecified undefined unavailable tbd tba tbc notavailable notapplicable
    notknown notspecified #value! #ref! #name? #div/0! #num! #null!
    """
)

# Zero width, bidirectional and other format characters, and controls except tab and line ends.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_INVISIBLE_RE = re.compile(f"[{_INVISIBLE}]")
_LINE_END_RE = re.compile(r"\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
_SPACE_RE = re.compile(r"\s+")
_FORMULA_QUOTE_RE = re.compile(r'="((?:[^"]|"")*)"')
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
# What a wrong decoding leaves: the replacement character, and its bytes read as GBK.
MOJIBAKE = ("\ufffd", "锟斤拷", "烫烫烫", "屯屯屯")


def null_key(text: str) -> str:
    """A text as null words are compared: half-width, lower case, without blanks."""
    return _SPACE_RE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def is_null_word(text: str) -> bool:
    """Whether the text says that there is nothing (不详, N/A, /, -)."""
    return len(text) <= 24 and null_key(text) in NULL_WORDS


def strip(raw: str, *, multiline: bool = False) -> str:
    """The text without invisible characters and outer blanks; inner text stays as written.

    Line ends become one ``\\n`` each (``multiline``) or a blank; a tab becomes a blank.
    """
    text = _INVISIBLE_RE.sub("", raw)
    text = _LINE_END_RE.sub("\n" if multiline else " ", text).replace("\t", " ")
    return text.strip()


def unquote(text: str) -> tuple[str, str | None]:
    """What a spreadsheet protected: ``="00123"`` and ``'00123`` → ``00123``, and the rule."""
    rule = None
    while True:
        match = _FORMULA_QUOTE_RE.fullmatch(text)
        if match:
            text, rule = match[1].replace('""', '"').strip(), "formula-quote"
        elif text.startswith("'") and len(text) > 1 and not text.endswith("'"):
            text, rule = text[1:].strip(), "formula-quote"
        else:
            return text, rule


def half_width(text: str) -> str:
    """NFKC, dashes made one, blanks made one: the form in which codes and numbers are read."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    folded = unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES)
    return _SPACE_RE.sub(" ", _INVISIBLE_RE.sub("", folded)).strip()


def is_mojibake(text: str) -> bool:
    """Whether decoding destroyed the text beyond repair."""
    return any(mark in text for mark in MOJIBAKE)


def prepared(raw: str) -> str:
    """The raw text as all readers of codes, dates and numbers take it."""
    return unquote(half_width(raw))[0]
