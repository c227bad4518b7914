"""The GS1 application identifiers, from the official syntax dictionary.

The table ``dictionary.tsv`` is written by ``tools/gs1_dictionary.py``; its head names the release
and the licence. Source of what the table means: the dictionary's own introduction.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_COMPONENT = re.compile(r"(\[)?([NXYZ])(\.\.)?([0-9]+)\]?((?:,[a-z0-9]+)*)")
_CHARACTERS = {"N": "csetnumeric", "X": "cset82", "Y": "cset39", "Z": "cset64"}


class Component(NamedTuple):
    """One part of a value: lengths are inclusive; the linter of its characters comes first."""

    kind: str
    shortest: int
    longest: int
    optional: bool
    linters: tuple[str, ...]


class Ai(NamedTuple):
    """One application identifier.

    ``predefined``: its length is known from its first two digits, no separator follows it.
    ``attribute``: may stand in the query of a Digital Link. ``required``: every entry must be met
    by one of its groups, a group by all its patterns. ``exclusive``: patterns of AIs that may not
    stand beside it; ``n`` in a pattern is any digit. ``qualifiers``: for a Digital Link key, the
    ordered alternatives; None when it is no key.
    """

    code: str
    title: str
    predefined: bool
    attribute: bool
    components: tuple[Component, ...]
    required: tuple[tuple[tuple[str, ...], ...], ...] = ()
    exclusive: tuple[str, ...] = ()
    qualifiers: tuple[tuple[str, ...], ...] | None = None

    @property
    def shortest(self) -> int:
        """The least length of a value."""
        return sum(part.shortest for part in self.components if not part.optional)

    @property
    def longest(self) -> int:
        """The greatest length of a value."""
        return sum(part.longest for part in self.components)


def _component(match: re.Match[str]) -> Component:
    optional, kind, variable, length, linters = match.groups()
    longest = int(length)
    names = (_CHARACTERS[kind], *linters.split(",")[1:])
    return Component(kind, 1 if variable else longest, longest, bool(optional), names)


def _entry(line: str) -> list[Ai]:
    codes, flags, spec, attributes, title = line.split("\t")
    required: list[tuple[tuple[str, ...], ...]] = []
    exclusive: list[str] = []
    qualifiers: tuple[tuple[str, ...], ...] | None = None
    for attribute in attributes.split():
        key, _, value = attribute.partition("=")
        if key == "req":
            required.append(tuple(tuple(group.split("+")) for group in value.split(",")))
        elif key == "ex":
            exclusive += value.split(",")
        else:
            qualifiers = tuple(tuple(way.split(",")) for way in value.split("|") if way)
    first, _, last = codes.partition("-")
    return [
        Ai(
            str(number).zfill(len(first)),
            title,
            "*" in flags,
            "?" in flags,
            tuple(map(_component, _COMPONENT.finditer(spec))),
            tuple(required),
            tuple(exclusive),
            qualifiers,
        )
        for number in range(int(first), int(last or first) + 1)
    ]


def _lines() -> list[str]:
    return files(__package__).joinpath("dictionary.tsv").read_text("utf-8").splitlines()


@cache
def release() -> str:
    """The date of the dictionary the table was made from."""
    head = next(line for line in _lines() if "release" in line)
    return re.sub(r".*release ([0-9-]+).*", r"\1", head)


@cache
def identifiers() -> dict[str, Ai]:
    """Every application identifier by its digits."""
    entries = (_entry(line) for line in _lines() if not line.startswith("#"))
    return {ai.code: ai for entry in entries for ai in entry}


@cache
def code_lengths() -> dict[str, int]:
    """How many digits an application identifier has, by its first two."""
    return {code[:2]: len(code) for code in identifiers()}


@cache
def predefined_lengths() -> dict[str, int]:
    """Length of identifier and value together where it is predefined, by the first two digits."""
    known = (ai for ai in identifiers().values() if ai.predefined)
    return {ai.code[:2]: len(ai.code) + ai.longest for ai in known}


def unknown(code: str) -> Ai:
    """A stand-in for an identifier that GS1 has not assigned: any text up to 90 characters.

    Its length is predefined where its first two digits say so (General Specifications, figure
    of predefined lengths).
    """
    total = predefined_lengths().get(code[:2])
    if total:
        size = total - len(code)
        return Ai(code, "", True, True, (Component("N", size, size, False, ("csetnumeric",)),))
    return Ai(code, "", False, True, (Component("X", 1, 90, False, ("cset82",)),))


def matches(code: str, pattern: str) -> bool:
    """Whether an identifier is meant by a pattern: ``31nn`` means 3100 to 3199.

    The first place of a pattern is always a digit.
    """
    head = pattern.rstrip("n")
    return bool(head) and len(code) == len(pattern) and code.startswith(head)
