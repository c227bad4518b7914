"""Changes of text learned from pairs of a wrong and a right value, general enough to use again."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kintsugi.engine.repair.patterns import loose
from kintsugi.engine.repair.variants import tidy

_NUMBER: Final = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_MAX_CHARS: Final = 400


@dataclass(frozen=True)
class Transform:
    """A change that ``examples`` pairs show. ``shapes`` are the shapes of the wrong values it was
    seen on; ``name`` says what it does and tells it from others."""

    name: str
    change: Callable[[str], str | None]
    shapes: frozenset[str]
    examples: int

    def apply(self, text: str) -> str | None:
        """The changed text; None where the change does not fit or changes nothing."""
        if len(text) > _MAX_CHARS:
            return None
        found = self.change(text)
        return found if found is not None and found != text else None


def learn_transforms(pairs: Sequence[tuple[str, str]], right: Iterable[str]) -> list[Transform]:
    """The changes that explain pairs of (wrong, right) texts, those with most examples first. One
    that would change a text known to be ``right``, or gets a pair wrong, is left out."""
    known = set(right)
    named: dict[str, Callable[[str], str | None]] = {}
    for wrong, good in pairs:
        if len(wrong) <= _MAX_CHARS and len(good) <= _MAX_CHARS and wrong != good:
            named |= _explaining(wrong, good)
    found = []
    for name, change in sorted(named.items()):
        hits = [(w, g) for w, g in pairs if change(w) == g and w != g]
        misses = [(w, g) for w, g in pairs if change(w) not in (None, w, g)]
        harmed = [r for r in known if change(r) not in (None, r)]
        if hits and not harmed and len(misses) * 4 <= len(hits):
            shapes = frozenset(loose(w) for w, _ in hits)
            found.append(Transform(name, change, shapes, len(set(hits))))
    return sorted(found, key=lambda t: (-t.examples, len(t.name), t.name))


def _explaining(wrong: str, good: str) -> dict[str, Callable[[str], str | None]]:
    """All general changes that lead from one text to the other."""
    found: dict[str, Callable[[str], str | None]] = {}
    for name, change in _FIXED.items():
        if change(wrong) == good:
            found[name] = change
    if good and wrong.startswith(good):
        found[f"without ending {wrong[len(good) :]!r}"] = _without_end(wrong[len(good) :])
    if good and wrong.endswith(good):
        found[f"without beginning {wrong[: -len(good)]!r}"] = _without_start(wrong[: -len(good)])
    if wrong and good.startswith(wrong):
        found[f"with ending {good[len(wrong) :]!r}"] = _with_end(wrong, good[len(wrong) :])
    if wrong and good.endswith(wrong):
        found[f"with beginning {good[: -len(wrong)]!r}"] = _with_start(wrong, good[: -len(wrong)])
    head, tail = _common(wrong, good)
    old, new = wrong[head : len(wrong) - tail], good[head : len(good) - tail]
    # One letter for another is no rule: it would touch every word that holds it.
    if old and (not old.isalnum() or len(old) >= 3) and not old.isdigit():
        found[f"{new!r} for {old!r}"] = _replacing(old, new)
    return found


def _common(a: str, b: str) -> tuple[int, int]:
    least = min(len(a), len(b))
    head = next((i for i in range(least) if a[i] != b[i]), least)
    tail = next((i for i in range(least - head) if a[-1 - i] != b[-1 - i]), least - head)
    return head, tail


def _without_end(end: str) -> Callable[[str], str | None]:
    return lambda text: text.removesuffix(end) if text.endswith(end) and text != end else None


def _without_start(start: str) -> Callable[[str], str | None]:
    return lambda text: (
        text.removeprefix(start) if text.startswith(start) and text != start else None
    )


def _with_end(wrong: str, end: str) -> Callable[[str], str | None]:
    like = loose(wrong)
    return lambda text: text + end if loose(text) == like and not text.endswith(end) else None


def _with_start(wrong: str, start: str) -> Callable[[str], str | None]:
    like, length = loose(wrong), len(wrong)
    return lambda text: (
        start + text
        if loose(text) == like and len(text) == length and not text.startswith(start)
        else None
    )


def _replacing(old: str, new: str) -> Callable[[str], str | None]:
    return lambda text: text.replace(old, new) if old in text else None


def _number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    return found[0].replace(",", "") if len(found) == 1 else None


def _whole(text: str) -> str | None:
    number = _number(text)
    return number.rstrip("0").rstrip(".") if number is not None and "." in number else number


def _rounded(text: str) -> str | None:
    number = _number(text)
    return repr(round(float(number), 10)) if number is not None and len(number) >= 12 else None


_FIXED: Final[dict[str, Callable[[str], str | None]]] = {
    "the number alone": _number,
    "the number alone, without zeros at its end": _whole,
    "the number alone, rounded": _rounded,
    "lower case": str.lower,
    "upper case": str.upper,
    "capitals": str.title,
    "without space at the ends": tidy,
    "single spaces": lambda text: " ".join(text.split()),
    "without brackets": lambda text: re.sub(r"\s*[(\[][^)\]]*[)\]]", "", text) or None,
    "before the comma": lambda text: text.split(",")[0].strip() if "," in text else None,
    "without letters at its end": lambda text: re.sub(r"[^\W\d_]+\W*$", "", text).strip() or None,
}
