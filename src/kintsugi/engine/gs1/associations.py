"""What the elements of one item ask of each other.

Source: GS1 General Specifications (data relationships) and the ``req`` and ``ex``
attributes of the syntax dictionary. They are judged over all that is scanned from one item, so a
label of several symbols is joined before it is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kintsugi.engine.gs1.dictionary import identifiers, matches
from kintsugi.engine.gs1.elements import Element
from kintsugi.engine.gs1.errors import RESCAN, GS1Error
from kintsugi.engine.text import Text

DIGITAL_SIGNATURE = "8030"
# Keys whose serial component is optional, with the length of the key without it.
_KEY_LENGTHS = {"253": 13, "255": 13, "8003": 14}

_OTHER_SYMBOL = Text(
    "请把同一包装上的其他条码一并扫描；若只有这一个，请联系供应商更正标签。",
    "Scan the other barcodes of the same label, too; if there is none, ask the supplier for a "
    "right label.",
)


def find(elements: Iterable[Element], pattern: str, *, besides: str = "") -> str | None:
    """The first identifier that a pattern means, other than ``besides``."""
    codes = (e.ai for e in elements)
    return next((code for code in codes if code != besides and matches(code, pattern)), None)


def distinct(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Elements without repetitions. Raises GS1Error ``gs1.repeated`` for two different values."""
    seen: dict[str, Element] = {}
    for element in elements:
        first = seen.setdefault(element.ai, element)
        if first.value != element.value:
            raise GS1Error(
                "gs1.repeated",
                Text(
                    "同一应用标识符出现两个不同的值。",
                    "One application identifier has two different values.",
                ),
                Text(
                    "请确认所扫条码属于同一件；再逐个重新扫描。",
                    "Make sure that the barcodes belong to one item, then scan it again.",
                ),
                ai=element.ai,
                values=[first.value, element.value],
            )
    return tuple(seen.values())


def check_exclusive(elements: Sequence[Element]) -> None:
    """Refuses identifiers that may not stand together. Raises GS1Error ``gs1.exclusive``."""
    for element in elements:
        known = identifiers().get(element.ai)
        for pattern in known.exclusive if known else ():
            other = find(elements, pattern, besides=element.ai)
            if other:
                raise GS1Error(
                    "gs1.exclusive",
                    Text(
                        "这两个应用标识符不得同时出现。",
                        "These two application identifiers may not stand together.",
                    ),
                    RESCAN,
                    ai=element.ai,
                    other=other,
                )


def check_required(elements: Sequence[Element]) -> None:
    """Refuses an identifier without the ones it needs. Raises GS1Error ``gs1.required``."""
    for element in elements:
        known = identifiers().get(element.ai)
        for groups in known.required if known else ():
            if not any(
                all(find(elements, pattern, besides=element.ai) for pattern in group)
                for group in groups
            ):
                raise GS1Error(
                    "gs1.required",
                    Text(
                        "缺少与之配套的应用标识符。",
                        "An application identifier that must stand with it is missing.",
                    ),
                    _OTHER_SYMBOL,
                    ai=element.ai,
                    needs=["+".join(group) for group in groups],
                )


def check_signature(elements: Sequence[Element]) -> None:
    """A digital signature signs one instance: a key beside it must carry its serial component.

    Raises GS1Error ``gs1.signature-without-serial``.
    """
    if not find(elements, DIGITAL_SIGNATURE):
        return
    for element in elements:
        if len(element.value) == _KEY_LENGTHS.get(element.ai):
            raise GS1Error(
                "gs1.signature-without-serial",
                Text(
                    "有数字签名（8030）时，该标识必须带序列部分。",
                    "Beside a digital signature (8030) this key needs its serial component.",
                ),
                RESCAN,
                ai=element.ai,
                value=element.value,
            )


def check_item(elements: Iterable[Element], *, whole: bool = True) -> tuple[Element, ...]:
    """The distinct elements of one item, all rules checked. Raises GS1Error.

    Without ``whole`` the elements are one symbol of several: what is missing may be on another.
    """
    kept = distinct(elements)
    check_exclusive(kept)
    if whole:
        check_required(kept)
        check_signature(kept)
    return kept
