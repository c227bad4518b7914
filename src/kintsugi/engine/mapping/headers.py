"""How well a header names a field."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache

from kintsugi.engine.contract import Contract, header_key

EXACT = 1.0
_BRACKETS = re.compile(r"[((\[【〔{][^))\]】〕}]*[))\]】〕}]")
_ORDINAL = re.compile(r" #\d+$")
# Words that only group columns: "采购信息/日期" means 采购日期.
_GROUPING = re.compile(r"(信息|资料|情况|数据|明细|基本|相关)")


def readings(header: str) -> Iterator[tuple[str, float, str]]:
    """The keys under which a header may be known: (key, weight, how), most literal first."""
    plain = _ORDINAL.sub("", unicodedata.normalize("NFKC", header)).strip()
    weight = EXACT if plain == unicodedata.normalize("NFKC", header).strip() else 0.9
    parts = [part for part in plain.split("/") if part.strip()] or [plain]
    last = parts[-1]
    yield header_key(plain), weight, "header"
    if len(parts) > 1:
        group = _GROUPING.sub("", _BRACKETS.sub("", parts[0]))
        yield header_key(group + last), weight * 0.98, "header path"
        yield header_key(group + _BRACKETS.sub("", last)), weight * 0.97, "header path, no unit"
        yield header_key(last), weight * 0.95, "last part of the header"
    bare = _BRACKETS.sub("", last)
    if bare != last and bare.strip():
        yield header_key(bare), weight * 0.97, "header without unit"
    for inner in _BRACKETS.findall(last):
        # 序列号(SN): either half may be the known name.
        yield header_key(inner), weight * 0.8, "text in brackets"


@lru_cache(maxsize=20_000)
def _likeness(a: str, b: str) -> float:
    if not a or not b:
        return 0.0
    if len(b) >= 2 and not b.isascii() and b in a:
        return 0.5 + 0.3 * len(b) / len(a)
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if min(len(a), len(b)) > 3 else 0.0


def named_fields(header: str, contract: Contract) -> dict[str, tuple[float, str]]:
    """Field → (score 0–1, how) for every field the header may name in this contract."""
    index = contract.headers()
    found: dict[str, tuple[float, str]] = {}
    for key, weight, how in readings(header):
        for field in index.get(key, ()):
            if key and found.get(field, (0.0, ""))[0] < weight:
                found[field] = (weight, how)
    if not found:
        for key, weight, _ in readings(header):
            for alias, fields in index.items():
                likeness = _likeness(key, alias)
                if likeness < 0.72:
                    continue
                for field in fields:
                    score = 0.8 * weight * likeness
                    if found.get(field, (0.0, ""))[0] < score:
                        found[field] = (score, f"like “{alias}”")
    return found


def nearest(header: str, headers: list[str], limit: int = 3) -> list[str]:
    """The headers a person may have meant, best first."""
    keys: dict[str, list[str]] = {}
    for candidate in headers:
        keys.setdefault(header_key(candidate), []).append(candidate)
    close = get_close_matches(header_key(header), list(keys), n=limit, cutoff=0.3)
    return [name for key in close for name in keys[key]][:limit]
