"""People under several spellings: 张三, 张三(离职), zhangsan are one technician."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pypinyin import lazy_pinyin

from kintsugi.engine.text import Text
from kintsugi.engine.values.base import EMPTY, Norm, half_width, is_null_word
from kintsugi.engine.values.rules import Rule, register, register_action

register_action("person.state", Text("分出在职状态或称谓", "state or title split off"))
register(
    Rule(
        "person.several",
        "ask",
        Text("“{value}”可能是多个人", "“{value}” may be several people"),
        Text("请选择是哪一位。", "Say which of them it is."),
        (62,),
    )
)
# What is written behind a name and says whether the person is still there.
_STATES = {
    "left": r"已?离职|已?离岗|辞职|不在职|left|resigned|former",
    "moved": r"已?调走|调离|转岗|transferred",
    "on_leave": r"休假|病假|产假|on leave",
    "retired": r"已?退休|retired",
    "outside": r"外包|外协|第三方|contractor|external",
}
_BRACKET = re.compile(r"\s*[(\[【](?P<inner>[^()\[\]【】]{1,20})[)\]】]\s*")
_TITLE = re.compile(
    r"(?:高级|助理|主任|副主任)?(?:工程师|技师|医生|医师|护士长|主任|经理|主管|老师|师傅|先生|女士|工)$"
    r"|^(?:dr|mr|ms|mrs|eng)\.?\s+",
    re.I,
)


def norm_person(raw: str, **args: object) -> Norm:
    """A name without state and title; ``more``: ``key`` (letters of the name in pinyin), ``state``
    (left, moved, on_leave, retired, outside) and ``title`` where they are written."""
    text = half_width(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    name, more = text, {}
    for found in _BRACKET.finditer(text):
        for state, words in _STATES.items():
            if re.fullmatch(words, found["inner"].strip(), re.I):
                more["state"] = state
                name = name.replace(found[0], " ").strip()
    title = _TITLE.search(name)
    # 李工 is 李 with a title; a single letter left of 王工 is a family name all the same.
    if title and title.start() != title.end() and len(name) > len(title[0]):
        more["title"] = title[0].strip(" .")
        name = _TITLE.sub("", name).strip()
    more["key"] = person_key(name)
    return Norm(name, "person.state" if len(more) > 1 else None, more=more)


def person_key(name: str) -> str:
    """The letters of a name, Chinese ones in pinyin: 张三 and Zhang San are zhangsan."""
    plain = "".join(lazy_pinyin(half_width(name))).casefold()
    return re.sub(r"[^a-z0-9]", "", plain)


def same_people(names: Iterable[str]) -> dict[str, Norm]:
    """For each spelling the name it stands for, among all that are there.

    A spelling in Latin letters (a login, Zhang San, san.zhang) stands for a Chinese name when just
    one has its letters; where several do, ``person.several`` with them. Names that are spelled
    differently and only sound alike stay apart.
    """
    said = {raw: norm_person(raw) for raw in dict.fromkeys(names)}
    chinese: dict[str, dict[str, None]] = {}
    for norm in said.values():
        if norm.value and re.search(r"[\u4e00-\u9fff]", norm.value):
            for key in _orders(norm.value):
                chinese.setdefault(key, {})[norm.value] = None
    found: dict[str, Norm] = {}
    for raw, norm in said.items():
        if not norm.value or re.search(r"[\u4e00-\u9fff]", norm.value):
            found[raw] = norm
            continue
        meant = list(chinese.get(norm.more["key"], ()))
        if len(meant) == 1:
            found[raw] = Norm(meant[0], "person.state", confidence=0.9, more=norm.more)
        elif meant:
            more = {**norm.more, "candidates": " | ".join(meant)}
            found[raw] = Norm(norm.value, issue="person.several", confidence=0.5, more=more)
        else:
            found[raw] = norm
    return found


def _orders(name: str) -> tuple[str, ...]:
    """The letters of a Chinese name as logins have them: zhangsan, sanzhang."""
    syllables = [part.casefold() for part in lazy_pinyin(half_width(name))]
    return "".join(syllables), "".join([*syllables[1:], syllables[0]])
