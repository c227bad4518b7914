"""Names that stand for another one: makers, hospitals, brands; for a time, or within a place.

A book of aliases is data that a steward keeps; ``MAKERS`` is what the product brings along. A text
stays as it was written: what it stands for is said beside it.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.values.base import EMPTY, Norm, half_width, is_null_word
from kintsugi.engine.values.parties import party_key
from kintsugi.engine.values.rules import Rule, register, register_action

COLUMNS = ("alias", "stands_for", "since", "until", "within")
#: From here on two names are worth a look; they are never merged by that.
ALIKE = 0.75
_NAMES_MAX = 100_000

# fmt: off
register(Rule("alias.candidate", "warn",
    Text("“{value}”与一个已知名称相近", "“{value}” is like a name that is known"),
    Text("确认是否为同一名称;确认前按原样保留。",
         "Say whether it is the same; until then it stays as it is."), (53,)))
register(Rule("alias.several", "ask",
    Text("“{value}”可能指多个名称", "“{value}” may stand for several names"),
    Text("补上城市或日期,或选择其一。", "Give the city or the date, or choose one."), (50, 54)))
register_action("alias.known", Text("按对照表识别的名称", "known by the book of aliases"))
# fmt: on


class Alias(NamedTuple):
    """One entry: ``alias`` stands for ``stands_for`` from ``since`` on and before ``until`` (days,
    None for open), within a place such as a city ('' for everywhere)."""

    alias: str
    stands_for: str
    since: dt.date | None = None
    until: dt.date | None = None
    within: str = ""


class AliasBook:
    """Entries by folded name. A name that something stands for is its own alias."""

    def __init__(self, entries: Iterable[Alias]) -> None:
        self._by_key: dict[str, list[Alias]] = {}
        names: dict[str, str] = {}
        for entry in entries:
            self._by_key.setdefault(alias_key(entry.alias), []).append(entry)
            names.setdefault(alias_key(entry.stands_for), entry.stands_for)
        for key, name in names.items():
            self._by_key.setdefault(key, []).append(Alias(name, name))
        self._keys = sorted(self._by_key)

    def meant(self, text: str, *, at: dt.date | None = None, within: str = "") -> tuple[str, ...]:
        """The names a text may stand for on a day and in a place: none, one, or several."""
        found: dict[str, None] = {}
        for entry in self._by_key.get(alias_key(text), ()):
            if entry.within and within and alias_key(entry.within) != alias_key(within):
                continue
            if at is not None and (entry.since or at) > at:
                continue
            if at is not None and entry.until is not None and at >= entry.until:
                continue
            found[entry.stands_for] = None
        return tuple(found)

    def alike(self, text: str) -> str | None:
        """What the most similar known name stands for, by letters or by sound; None below ALIKE.
        A name that is known says what it stands for, and is like no other."""
        key = alias_key(text)
        if key in self._by_key or len(key) < 2:
            return None
        sound = _sound(key)
        best = max(
            (
                (max(fuzz.ratio(key, known), 95.0 if sound == _sound(known) else 0.0), known)
                for known in self._keys
            ),
            default=(0.0, ""),
        )
        if best[0] < 100 * ALIKE:
            return None
        return self._by_key[best[1]][0].stands_for


@cache
def _sound(key: str) -> str:
    return "".join(lazy_pinyin(key))


def alias_key(text: str) -> str:
    """A name as it is looked up: without width, case, blanks, punctuation and legal form."""
    return party_key(half_width(text))


def norm_alias(raw: str, **args: object) -> Norm:
    """A name as written, with what it stands for in ``more["stands_for"]``.

    Args: ``book`` an AliasBook (``makers()`` where none is given), ``at`` a day, ``within`` a
    place. A name that is only similar is a candidate for a person and stands for nothing.
    """
    text = half_width(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    shown = raw.strip()
    given = args.get("book")
    book = given if isinstance(given, AliasBook) else makers()
    at = args.get("at")
    day = at if isinstance(at, dt.date) else None
    meant = book.meant(text, at=day, within=str(args.get("within") or ""))
    if len(meant) == 1:
        known = None if meant[0] == shown else "alias.known"
        return Norm(shown, known, more={"stands_for": meant[0]})
    if meant:
        return Norm(shown, issue="alias.several", confidence=1 / len(meant),
                    more={"candidates": " | ".join(meant)})  # fmt: skip
    like = book.alike(text)
    if like is None:
        return Norm(shown)
    return Norm(shown, issue="alias.candidate", confidence=0.5, more={"candidate": like})


def read_aliases(path: Path) -> AliasBook:
    """A book from a CSV file with the columns alias, stands_for, since, until, within.

    Raises KintsugiError ``aliases.unreadable`` (facts: line, field, value).
    """
    try:
        return AliasBook(_entries(path.read_text("utf-8-sig"), str(path)))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(str(path), 0, "", str(error)[:200]) from error


def _entries(text: str, file: str) -> list[Alias]:
    rows = csv.DictReader(StringIO(text))
    if not {"alias", "stands_for"} <= set(rows.fieldnames or ()):
        raise _unreadable(file, 1, ", ".join(COLUMNS), "")
    found: list[Alias] = []
    for line, row in enumerate(rows, start=2):
        alias, name = (half_width(row.get(c) or "") for c in ("alias", "stands_for"))
        if not alias or not name or len(found) >= _NAMES_MAX:
            raise _unreadable(file, line, "alias, stands_for", f"{alias} → {name}")
        days = [_day(row, column, file, line) for column in ("since", "until")]
        found.append(Alias(alias, name, days[0], days[1], half_width(row.get("within") or "")))
    return found


def _day(row: Mapping[str, str | None], column: str, file: str, line: int) -> dt.date | None:
    said = (row.get(column) or "").strip()
    try:
        return dt.date.fromisoformat(said) if said else None
    except ValueError as error:
        raise _unreadable(file, line, column, said) from error


def _unreadable(file: str, line: int, field: str, value: str) -> KintsugiError:
    return KintsugiError(
        "aliases.unreadable",
        Text(
            f"对照表第 {line} 行无法识别。", f"Line {line} of the book of aliases cannot be read."
        ),
        Text(
            "CSV 列为 alias、stands_for、since、until、within;日期写成 2015-01-26。",
            "Its columns are alias, stands_for, since, until, within; a day is 2015-01-26.",
        ),
        file=file,
        line=line,
        field=field,
        value=value,
    )


@cache
def makers() -> AliasBook:
    """Makers of medical devices under the names they go by; see ``makers.csv`` beside this file."""
    text = resources.files("kintsugi.engine.values").joinpath("makers.csv").read_text("utf-8")
    return AliasBook(_entries(text, "makers.csv"))
