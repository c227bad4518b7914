"""Model designations: one model under several spellings, with what they add kept beside it."""

from __future__ import annotations

import re

from kintsugi.engine.values.base import EMPTY, Norm, half_width, is_null_word

_TOKEN = re.compile(r"[^\s,;/()\[\]、,;()【】]+")
# Letters, then digits: what tells models of a maker apart. Between them a dash, dot or blank.
_CODE = re.compile(r"[A-Za-z]{1,6}[-.]?[0-9]{1,5}[A-Za-z0-9+\-]*")
# 3.0T, 64排, 128-slice, 15kg: a number with a unit says how it is fitted out.
_FITTED = re.compile(
    r"[0-9]+(?:\.[0-9]+)?\s*-?(?:T|排|层|导|通道|寸|英寸|mm|cm|kg|kW|W|V|mA|Hz|slices?|ch)", re.I
)


def norm_model(raw: str, **args: object) -> Norm:
    """A model as written; ``more`` has its ``key`` (CT-660, CT 660, Optima CT660 → CT660) and its
    ``configuration``, the words beside the key (Optima, 64排).

    The key serves comparison within one maker; nothing is stored under it.
    """
    text = half_width(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    # "CT 660" is one designation; "GE 64排" is not.
    joined = re.sub(r"(?<![A-Za-z])([A-Z]{1,4})\s+([0-9]{2,5})(?![0-9A-Za-z.]*[\u4e00-\u9fff])",
                    r"\1\2", text)  # fmt: skip
    tokens = _TOKEN.findall(joined)
    codes = [t for t in tokens if _CODE.fullmatch(t) and not _FITTED.fullmatch(t)]
    if not codes:
        plain = [t for t in tokens if not _FITTED.fullmatch(t)]
        key = "".join(re.findall(r"[A-Z0-9+\u4e00-\u9fff]", "".join(plain or tokens).upper()))
        rest = [t for t in tokens if _FITTED.fullmatch(t)] if plain else []
    else:
        # The last one: makers put families first (Optima CT660, Discovery MR750).
        key = re.sub(r"[-.]", "", codes[-1]).upper()
        rest = [t for t in tokens if t is not codes[-1]]
    more = {"key": key}
    if rest:
        more["configuration"] = " ".join(rest)
    return Norm(half_width(raw), more=more)
