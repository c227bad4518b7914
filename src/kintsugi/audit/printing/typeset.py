"""The auditor's documents by the house's typesetter."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from kintsugi.core import printing
from kintsugi.core.printing import chinese_font

__all__ = ["chinese_font", "typeset"]


def typeset(
    template: Literal["pack", "report"],
    data: Mapping[str, Any],
    *,
    at: dt.datetime,
    language: str,
) -> bytes:
    """The document as PDF/A-2b; the same data and date give the same bytes.

    Raises KintsugiError ``pack.no-chinese-font``.
    """
    return printing.typeset("kintsugi.audit.printing", template, data, at=at, language=language)
