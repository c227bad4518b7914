"""A list of parts inside one cell as child rows: what, how many, of which unit."""

from __future__ import annotations

import re
from typing import NamedTuple

from kintsugi.engine.values.base import half_width, is_null_word, strip

PARTS_MAX = 500
_BULLET = re.compile(r"^\s*(?:[0-9]{1,3}\s*[.、)](?![0-9])|[(][0-9]{1,3}[)]|[①-⑳]|[-*•·●■]+)\s*")
_UNIT = r"台|套|个|只|根|条|块|张|件|付|副|把|支|枚|组|箱|盒|包|片|pcs?|sets?|ea|units?"
_BEHIND = re.compile(
    rf"^(?P<name>.+?)\s*[x×*:,\s]\s*(?P<qty>[0-9]{{1,5}})\s*(?P<unit>{_UNIT})?$", re.I
)
_CLOSE = re.compile(rf"^(?P<name>.*?\D)(?P<qty>[0-9]{{1,5}})\s*(?P<unit>{_UNIT})$", re.I)
_BEFORE = re.compile(rf"^(?P<qty>[0-9]{{1,5}})\s*(?P<unit>{_UNIT}|x|×)\s*(?P<name>\D.*)$", re.I)


class Part(NamedTuple):
    """One child row: its line in the cell from 1 on, what it says, how many (1 where not said) and
    the unit as written ('' where none is)."""

    line: int
    name: str
    qty: int
    unit: str


def split_parts(raw: str) -> tuple[Part, ...]:
    """``探头 x2⏎电池 1块`` as rows; lines, or ``;`` and ``、`` where there is only one line.

    Bullets and numbers in front go; a line that says nothing is no row. Nothing for one thing
    alone: a single name is not a list.
    """
    text = strip(raw, multiline=True)
    lines = text.split("\n")
    if len(lines) == 1:
        lines = re.split(r"[;;、]", text)
    found = []
    for number, line in enumerate(lines, start=1):
        said = half_width(_BULLET.sub("", line)).strip(" ,;。.")
        if not said or is_null_word(said):
            continue
        match = _BEFORE.match(said) or _BEHIND.match(said) or _CLOSE.match(said)
        if match and match["name"].strip():
            unit = match["unit"] or ""
            unit = "" if unit.lower() in ("x", "×") else unit
            found.append(Part(number, match["name"].strip(), int(match["qty"]), unit))
        else:
            found.append(Part(number, said, 1, ""))
    return tuple(found[:PARTS_MAX]) if len(found) > 1 else ()
