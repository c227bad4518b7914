"""Unique device identifiers of all agencies: recognise, check, parse, print.

``identify`` says whose form an identifier has, ``check`` whether it is sound, ``parse_udi`` takes a
scanned or printed full UDI apart, ``check_identifiers`` does a whole column.
"""

from kintsugi.engine.udi.check import (
    Issuer,
    Verdict,
    check,
    check_identifiers,
    gtin_mask,
    identify,
)
from kintsugi.engine.udi.parse import Udi, UdiError, parse_udi

__all__ = [
    "Issuer",
    "Udi",
    "UdiError",
    "Verdict",
    "check",
    "check_identifiers",
    "gtin_mask",
    "identify",
    "parse_udi",
]
