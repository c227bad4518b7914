"""Where something stands: building, floor, department and room out of one cell."""

from __future__ import annotations

import re

from kintsugi.engine.text import Text
from kintsugi.engine.values.base import EMPTY, Norm, half_width, is_null_word
from kintsugi.engine.values.numerals import integer as chinese_integer
from kintsugi.engine.values.rules import register_action

register_action(
    "place.split", Text("拆分为楼、层、科室、房间", "split into building, floor, department, room")
)

_NUMBER = r"[0-9]{1,3}|[一二三四五六七八九十]{1,3}"
_FLOOR = re.compile(
    rf"(?P<below>负|地下|B(?=[0-9]))?(?P<number>{_NUMBER})\s*(?:楼(?!\S*?号楼)|层|F(?![a-zA-Z]))"
    r"|(?P<ordinal>[0-9]{1,3})(?:st|nd|rd|th)\s+floor|\bfloor\s+(?P<after>[0-9]{1,3})"
    r"|\b(?P<basement>B[0-9])\b",
    re.I,
)
_BUILDING = re.compile(
    r"(?:[0-9A-Za-z一二三四五六七八九十]+号楼|[A-Z]\s?座|[A-Z]\s?栋"
    r"|(?:门诊|住院|外科|内科|急诊|医技|综合|行政|科研|教学|感染|妇儿|老|新)"
    r"(?:大楼|楼|部(?=[0-9一二三四五六七八九十]))"
    r"|building\s+[0-9A-Za-z]+)",
    re.I,
)
_ROOM = re.compile(
    r"(?:[0-9A-Za-z]{1,6}\s?(?:室|房|号间|间|床)"
    r"|[0-9一二三四五六七八九十]+号(?:机房|检查室|诊室|手术间|间|床)"
    r"|[\u4e00-\u9fffA-Za-z0-9]{1,8}?(?:机房|检查室|操作间|库房|值班室|准备间|诊室)"
    r"|[\u4e00-\u9fff]{2,6}室|(?:room|rm\.?)\s*[0-9A-Za-z\-]+|[A-Za-z0-9]+\s+room)",
    re.I,
)
_DEPARTMENT = re.compile(
    r"[\u4e00-\u9fffA-Za-z]{1,12}?(?:科|病区|中心|重症监护室|监护室|检验室|供应室|药房|门诊)"
    r"|手术室|产房|\b(?:ICU|CCU|NICU|PICU|OR|ER)\b"
    r"|\b(?:radiology|cardiology|surgery|laboratory|pharmacy|oncology|emergency"
    r"|operating\s+theatre)\b",
    re.I,
)


def norm_place(raw: str, **args: object) -> Norm:
    """A place as written, its parts in ``more``: ``building``, ``floor`` (−1 below ground),
    ``department``, ``room``. What is none of these stays in the text only."""
    text = half_width(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    more: dict[str, str] = {}
    rest = text
    for name, pattern in (("building", _BUILDING), ("floor", _FLOOR)):
        found = pattern.search(rest)
        if found:
            more[name] = _floor(found) if name == "floor" else found[0].strip()
            rest = rest[: found.start()] + " | " + rest[found.end() :]
    department = _DEPARTMENT.search(rest)
    if department:
        more["department"] = department[0].strip()
        rest = rest[: department.start()] + " | " + rest[department.end() :]
    room = _ROOM.search(rest)
    if room:
        more["room"] = room[0].strip()
    return Norm(text, "place.split" if len(more) > 1 else None, more=more)


def _floor(found: re.Match[str]) -> str:
    if found["basement"]:
        return f"-{found['basement'][1:]}"
    said = found["number"] or found["ordinal"] or found["after"]
    number = int(said) if said.isdigit() else chinese_integer(said)
    return f"-{number}" if found["below"] else str(number)
