"""What a column holds, told from its content alone: the part of a mapping that headers cannot lie
about. A signature is one class name; see ``CLASSES``."""

import hashlib

import polars as pl

from kintsugi.engine.contract import Field, header_key
from kintsugi.engine.snapshot import Snapshot, table_frame

# The class of a column does not need every row, and a profile has other means.
SAMPLE_ROWS = 20_000
# Real columns are dirty: a class is believed when this share of the filled cells shows it.
SHARE = 0.6

_BOOLEAN = r"(?i)^(true|false|yes|no|y|n|是|否|有|无|√|×|✓)$"
_DATE = (
    r"^(?:(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*日?|\s*月)?"
    r"(?:[ T]\d{1,2}:\d\d(?::\d\d)?.*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+(?:19|20)?\d\d)$"
)
_PATTERNS: dict[str, str] = {
    "boolean": _BOOLEAN,
    "date": _DATE,
    "day_number": r"^[2-5]\d{4}(?:\.\d+)?$",
    "gtin": r"^\d{13,14}$",
    "uscc": r"^[159ANY][0-9A-HJ-NP-RT-Y]{17}$",
    "udi": r"^(?:\(01\)\d{14}|\+[A-Z0-9]{4,}|=/?[A-Z0-9])",
    "phone": r"^(?:\+?86[- ]?)?(?:1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8})(?:[-转].*)?$",
    "integer": r"^[-+(]?\d{1,3}(?:,\d{3})*\)?$|^[-+]?\d{1,11}$",
    "decimal": r"^[-+(]?[¥￥$€]?\s*\d[\d,]*(?:\.\d+)?\s*(?:元|万|万元|CNY|USD|EUR)?\)?$",
    "code": r"^[A-Za-z0-9][A-Za-z0-9\-_./#+*]*\d[A-Za-z0-9\-_./#+*]*$",
    "han": r"\p{Han}",
}
CLASSES = ("blank", *_PATTERNS, "choice", "text")
FEW_VALUES = 12

_FAMILY = {
    "boolean": "boolean",
    "date": "date",
    "integer": "number",
    "decimal": "number",
    "gtin": "code",
    "uscc": "code",
    "udi": "code",
    "phone": "code",
    "code": "code",
    "han": "words",
    "text": "words",
}
# Families between which honest deliveries of one source wander: a serial number may be all digits
# this month, a model may be a word.
_NEAR = ({"number", "code"}, {"code", "words"})

_FIELD_FAMILIES: dict[str, set[str]] = {
    "date": {"date"},
    "boolean": {"boolean"},
    "integer": {"number"},
    "decimal": {"number", "words"},
    "code": {"code", "number", "words"},
    "text": {"words", "code", "number"},
    "reference": {"words", "code", "number"},
    "list": {"words", "code", "number"},
    "enum": {"words", "code", "boolean", "number"},
}


def column_signatures(snapshot: Snapshot, table: int) -> dict[str, str]:
    """Header path → signature class for every column of a table."""
    source = snapshot.tables[table]
    if not source.columns:
        return {}
    sample = table_frame(snapshot, table).head(SAMPLE_ROWS).collect()
    return {c.name: signature(sample[f"c{c.ordinal}"]) for c in source.columns}


def signature(cells: pl.Series) -> str:
    """The class of a Utf8 column; ``blank`` when nothing stands in it."""
    filled = cells.str.strip_chars()
    filled = filled.filter(filled.is_not_null() & (filled != ""))
    if filled.is_empty():
        return "blank"
    for kind, pattern in _PATTERNS.items():
        if kind in ("code", "han") and _is_choice(filled):
            return "choice"
        # ``mean`` of a non-empty Boolean series is a float.
        if float(filled.str.contains(pattern).mean() or 0.0) >= SHARE:  # type: ignore[arg-type]
            return kind
    return "text"


def _is_choice(filled: pl.Series) -> bool:
    distinct = filled.n_unique()
    return distinct <= FEW_VALUES and len(filled) >= 5 * distinct


def moved(before: str, now: str) -> bool:
    """Whether a column's content is no longer of the kind it was: a reason to stop."""
    if before == now or "blank" in (before, now):
        return False
    families = [_families(before), _families(now)]
    if families[0] & families[1]:
        return False
    return not any({a, b} == pair for a in families[0] for b in families[1] for pair in _NEAR)


def suits(field: Field, kind: str) -> bool:
    """Whether a column of this class may feed the field."""
    return kind == "blank" or bool(_FIELD_FAMILIES[field.type] & _families(kind))


def _families(kind: str) -> set[str]:
    if kind == "day_number":
        # 45012 is a date in one delivery and a plain number in the next.
        return {"date", "number", "code"}
    if kind == "choice":
        return {"words", "boolean", "code"}
    return {_FAMILY.get(kind, "words")}


def fingerprint(signatures: dict[str, str]) -> str:
    """Digest of header names and content classes, in whatever order the columns stand."""
    seen = sorted(f"{header_key(name)}\x1f{kind}" for name, kind in signatures.items())
    return hashlib.sha256("\x1e".join(seen).encode()).hexdigest()
