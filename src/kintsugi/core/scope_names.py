"""What people call the values of a row limit: customers by name, not by id.

The app that owns the rows registers how its names are found; lower apps ask here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """How the values of one kind of limit are named (``names(ids)``) and found (``find(text)``:
    ids of what has exactly this name)."""

    names: Callable[[Sequence[str]], Mapping[str, str]]
    find: Callable[[str], Sequence[str]]


KINDS: dict[str, Named] = {}


def register(kind: str, named: Named) -> None:
    """Say how values of a kind are called; from ``AppConfig.ready``. Twice is our mistake."""
    assert kind not in KINDS, f"names of {kind} registered twice"
    KINDS[kind] = named


def names(kind: str, values: Sequence[str]) -> list[str]:
    """Names of the values, in their order; a value nobody knows stays as it is."""
    known = KINDS[kind].names(values) if kind in KINDS and values else {}
    return [known.get(value, value) for value in values]


def find(kind: str, text: str) -> Sequence[str]:
    """Values that this text names: itself where the kind has no names."""
    return KINDS[kind].find(text) if kind in KINDS else [text]
