"""North American coupon codes, AI (8110) and (8112).

Source: GS1 US, "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols",
and the positive offer file coupon of the GS1 General Specifications. A part whose length varies
follows a digit, its variable length indicator (VLI).
"""

from __future__ import annotations

import re

from kintsugi.engine.gs1.dates import day_of, yymmdd
from kintsugi.engine.gs1.finding import Finding, first_bad, whole

_DIGITS = re.compile(r"[0-9]*")


class _Stop(Exception):
    """Carries the first fault out of the reader."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


class _Reader:
    """Reads a string of digits from left to right and stops at the first fault."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def take(self, length: int, fault: str) -> str:
        """The next ``length`` digits."""
        part = self.text[self.at : self.at + length]
        if len(part) < length:
            # Nothing left to point at: the coupon as a whole is too short.
            raise _Stop(Finding(fault, self.at, len(part)) if part else whole(fault, self.text))
        self.at += length
        return part

    def digit(self, part: str, allowed: str, *, wrong: str | None = None) -> str:
        """One digit out of ``allowed``; ``part`` is missing at the end of the text."""
        if self.at == len(self.text):
            raise _Stop(whole(f"coupon-missing-{part}", self.text))
        found = self.text[self.at]
        if found not in allowed:
            raise _Stop(Finding(wrong or f"coupon-invalid-{part}", self.at, 1))
        self.at += 1
        return found

    def sized(self, part: str, allowed: str, *, plus: int) -> None:
        """A length indicator and as many digits as it says, ``plus`` a fixed number."""
        size = self.digit(f"{part}-vli", allowed, wrong=f"coupon-invalid-{part}-length")
        self.take(int(size) + plus, f"coupon-truncated-{part}")

    def optional(self, field: str) -> bool:
        """Whether the optional field of this number begins here; its number is passed."""
        begins = self.text[self.at : self.at + 1] == field
        self.at += begins
        return begins

    def purchase(self, name: str) -> None:
        """A purchase requirement: its value, its code and its family code."""
        self.sized(f"{name}-purchase-requirement", "12345", plus=0)
        self.digit(f"{name}-purchase-requirement-code", "012349")
        self.take(3, f"coupon-truncated-{name}-purchase-family-code")

    def company(self, name: str) -> None:
        """The company prefix of a further purchase; 9 says it is that of the first."""
        if self.text[self.at : self.at + 1] == "9":
            self.at += 1
        else:
            self.sized(f"{name}-purchase-gcp", "0123456", plus=6)

    def day(self, name: str) -> str:
        """A date YYMMDD."""
        start = self.at
        data = self.take(6, f"coupon-too-short-for-{name}-date")
        if yymmdd(data):
            raise _Stop(Finding(f"coupon-invalid-{name}-date", start, 6))
        return data

    def end(self) -> None:
        """Nothing may follow."""
        if self.at < len(self.text):
            raise _Stop(Finding("coupon-excess-data", self.at, len(self.text) - self.at))


def _validity(reader: _Reader) -> None:
    start = reader.at
    expiry = reader.day("expiration") if reader.optional("3") else None
    begin = reader.day("start") if reader.optional("4") else None
    if expiry and begin:
        last, first = day_of(expiry), day_of(begin)
        if last and first and last < first:
            length = reader.at - start
            raise _Stop(Finding("coupon-expiration-before-start", start, length))


def _miscellaneous(reader: _Reader) -> None:
    reader.digit("save-value-code", "01256")
    reader.digit("save-value-applies-to-item", "012")
    reader.digit("store-coupon-flag", "0123456789")
    reader.digit("dont-multiply-flag", "01")


def couponcode(data: str) -> Finding | None:
    """A coupon of AI (8110): five fixed parts, then optional fields in ascending order."""
    if bad := first_bad("non-digit-character", _DIGITS, data):
        return bad
    reader = _Reader(data)
    try:
        reader.sized("gcp", "0123456", plus=6)
        reader.take(6, "coupon-truncated-offer-code")
        reader.sized("save-value", "12345", plus=0)
        reader.purchase("1st")
        if reader.optional("1"):
            reader.digit("additional-purchase-rules-code", "0123")
            reader.purchase("2nd")
            reader.company("2nd")
        if reader.optional("2"):
            reader.purchase("3rd")
            reader.company("3rd")
        _validity(reader)
        if reader.optional("5"):
            reader.sized("serial-number", "0123456789", plus=6)
        if reader.optional("6"):
            reader.sized("retailer-gcp-or-gln", "1234567", plus=6)
        if reader.optional("9"):
            _miscellaneous(reader)
        reader.end()
    except _Stop as stop:
        return stop.finding
    return None


def couponposoffer(data: str) -> Finding | None:
    """A positive offer file coupon of AI (8112)."""
    if bad := first_bad("non-digit-character", _DIGITS, data):
        return bad
    reader = _Reader(data)
    try:
        reader.digit("format-code", "01")
        reader.sized("funder", "0123456", plus=6)
        reader.take(6, "coupon-truncated-offer-code")
        reader.sized("serial-number", "0123456789", plus=6)
        reader.end()
    except _Stop as stop:
        return stop.finding
    return None
