"""What of a table matters so much that a second pair of eyes has to see it."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from kintsugi.engine.profiling.meaning import KINDS, meaning_of
from kintsugi.engine.reading.fit import kind_of

#: Kinds of content that a person confirms when OCR read them.
KEY_KINDS: Final = (
    "lot", "date", "serial", "udi", "gtin", "quantity", "money", "model", "registration_no",
)  # fmt: skip
_SHARE: Final = 0.75
# Most telling first; those that profiling knows keep its words.
_HEADERS: Final = (
    ("lot", re.compile(r"批号|批次|批號|\blot\b|batch", re.I)),
    ("date", re.compile(r"日期|时间|效期|有效|失效|年月|\bdate\b|\bexp|\bmf[gd]\b", re.I)),
    ("quantity", re.compile(r"数量|數量|件数|台数|个数|库存|余量|qty|quantit|count|stock", re.I)),
    ("model", re.compile(r"\bref\b|货号", re.I)),
    *((kind.name, kind.header) for kind in KINDS if kind.name in KEY_KINDS),
)
_UNNAMED: Final = re.compile(r"#\d+")


def key_kind(header: str, values: Sequence[str]) -> str | None:
    """The kind of key content a column holds, by its header, else by its values; None for what
    need not be confirmed. In doubt it is key: a look too many costs less than one too few."""
    for name, words in _HEADERS:
        if words.search(header):
            return name
    filled = [v.strip() for v in values if v.strip()]
    if not filled:
        return None
    kinds = Counter(map(kind_of, filled))
    if kinds["date"] >= _SHARE * len(filled):
        return "date"
    numbers = kinds["number"] >= _SHARE * len(filled)
    if numbers and _UNNAMED.fullmatch(header):
        return "quantity"
    counted = Counter(filled)
    meaning = meaning_of(
        header, counted.most_common(), distinct=len(counted), filled=len(filled),
        type_="decimal" if numbers else "text",
    )  # fmt: skip
    return meaning.kind if meaning is not None and meaning.kind in KEY_KINDS else None
