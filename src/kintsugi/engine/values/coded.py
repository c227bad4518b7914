"""Yes and no, codes of a list, and lists of values."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from functools import lru_cache

from kintsugi.engine.contract import header_key
from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared, strip, words

_TRUE = words(
    """
    true t yes y 1 是 有 对 真 含 需要 需 √ ✓ ✔ ☑ ● 已 on 是的 ✅ 支持 启用 enabled
    """
)
_FALSE = words(
    """
    false f no n 0 否 无 没有 错 假 不含 不需要 不 × ✗ ✘ ☐ □ x 未 off 不是 非 ❌ 不支持 停用
    disabled
    """
)


def norm_boolean(raw: str, **args: object) -> Norm:
    """``true`` or ``false``. A blank or a word for nothing is neither; 无 means no here."""
    text = prepared(raw).casefold()
    if not text:
        return EMPTY
    if text.endswith(".0"):
        text = text[:-2]
    if text in _TRUE or text in _FALSE:
        value = "true" if text in _TRUE else "false"
        return Norm(value, None if value == raw else "boolean.word")
    if is_null_word(text):
        return Norm(None, "null-word")
    return Norm(None, issue="boolean.unreadable")


@lru_cache(maxsize=256)
def _index(allowed: str) -> dict[str, str]:
    """Folded spelling → code. Codes win over names, names over aliases of another code."""
    spelled: dict[str, list[str]] = json.loads(allowed)
    index: dict[str, str] = {}
    for code in spelled:
        index[_fold(code)] = code
    for code, spellings in spelled.items():
        for word in spellings:
            index.setdefault(_fold(word), code)
    return index


def _fold(text: str) -> str:
    return header_key(text) or text


def norm_enum(raw: str, **args: object) -> Norm:
    """The code of an allowed value. Arg ``allowed``: code → its spellings.

    Unknown: an issue, with the closest spelling's code as a proposal in ``more``.
    """
    text = prepared(raw)
    if not text:
        return EMPTY
    index = _index(json.dumps(args.get("allowed") or {}, ensure_ascii=False, sort_keys=True))
    code = index.get(_fold(text))
    if code is not None:
        return Norm(code, None if code == raw else "enum.alias")
    if is_null_word(text):
        return Norm(None, "null-word")
    close = difflib.get_close_matches(_fold(text), index, n=1, cutoff=0.84)
    more = {"proposal": index[close[0]]} if close else {}
    return Norm(None, issue="enum.unknown", more=more)


def norm_list(raw: str, *, normaliser: Callable[..., Norm], **args: object) -> Norm:
    """Items separated by any of arg ``separators`` as a JSON array, each by ``normaliser``.

    Order is kept, repeats go. An item that has no value makes its issue that of the list: then
    there is no value if the issue asks, the sound items if not. A JSON array is read as it is.
    """
    text = strip(raw)
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    inner = {k: v for k, v in args.items() if k not in ("separators", "item")}
    items = _items(text, args.get("separators"))
    found: dict[str, None] = {}
    for item in items:
        result = normaliser(item, **inner)
        if result.issue and result.value is None:
            return Norm(None, issue=result.issue, more={"item": item, **result.more})
        if result.value is not None:
            found[result.value] = None
    if not found:
        return Norm(None, "null-word")
    value = json.dumps(list(found), ensure_ascii=False)
    return Norm(value, None if value == raw else "list.split")


def _items(text: str, separators: object) -> list[str]:
    if text.startswith("["):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
            return parsed
    marks = [str(mark) for mark in separators] if isinstance(separators, list) else ["|", ";", "；"]
    return re.split("|".join(map(re.escape, marks)), text)
