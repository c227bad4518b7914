"""Whose form a device identifier has, and whether it is sound."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from kintsugi.engine.udi import gs1, hibcc, other

Issuer = Literal["GS1", "HIBCC", "ICCBBA", "MA", "AHM"]
ISSUERS: tuple[Issuer, ...] = ("GS1", "HIBCC", "ICCBBA", "MA", "AHM")

CHECK_DIGIT = "udi.check-digit"
GTIN_LENGTH = "udi.gtin-length"
ISSUER_FORM = "udi.issuer-form"
FORM = "udi.form"


class Verdict(NamedTuple):
    """``rule`` is the issue when not ``ok``; ``expected_check`` the right check digit or character;
    ``proposal`` the identifier as it should perhaps read, for a person to approve."""

    ok: bool
    rule: str | None = None
    expected_check: str | None = None
    proposal: str | None = None


_OK = Verdict(True)


def _issuer_of_hibc(text: str) -> bool:
    if hibcc.DI_RE.fullmatch(text):
        return True
    if not text.startswith("+"):
        return False
    try:
        return hibcc.parse(text).di is not None
    except hibcc.HibcError:
        return False


def identify(di: str) -> tuple[Issuer, ...]:
    """Agencies whose form the identifier has, the likeliest first; empty if none.

    Form only: a GTIN with a wrong check digit is a GTIN. Digits alone never are HIBCC, whose
    labeler codes start with a letter.
    """
    text = di.strip().upper()
    found: list[Issuer] = []
    if re.fullmatch(r"[0-9]{14}|[0-9]{13}|[0-9]{12}|[0-9]{8}", text):
        found.append("GS1")
    if other.MA_DI_RE.fullmatch(text):
        found.append("MA")
    if other.ICCBBA_DI_RE.fullmatch(text.removeprefix("=/")):
        found.append("ICCBBA")
    if _issuer_of_hibc(text):
        found.append("HIBCC")
    if other.AHM_DI_RE.fullmatch(text):
        found.append("AHM")
    return tuple(found)


def check(di: str, issuer: str | None = None) -> Verdict:
    """Whether an identifier is sound, for the issuer named or for the one its form tells.

    With an issuer whose form it contradicts: ``udi.issuer-form``, whatever its check digit, because
    the check digit of the wrong agency proves nothing. A GTIN with other than 14 digits:
    ``udi.gtin-length``, with the padded form as proposal if its check digit agrees.
    """
    text = di.strip().upper()
    forms = identify(text)
    if issuer and issuer != "GS1" and issuer in ISSUERS and issuer not in forms:
        return Verdict(False, ISSUER_FORM if forms else FORM)
    if issuer == "GS1" and forms and "GS1" not in forms:
        return Verdict(False, ISSUER_FORM)
    if text.isascii() and text.isdigit() and (issuer in (None, "GS1") or forms == ("GS1",)):
        return _check_gtin(text)
    if not forms:
        return Verdict(False, FORM)
    if text.startswith("+"):
        parsed = hibcc.parse(text)
        if not parsed.check_ok:
            return Verdict(False, CHECK_DIGIT, parsed.expected_check)
    return _OK


def _check_gtin(text: str) -> Verdict:
    if len(text) == 14:
        expected = gs1.check_digit(text[:-1])
        return _OK if expected == text[-1] else Verdict(False, CHECK_DIGIT, expected)
    if len(text) == 20 and text.startswith("8"):
        return _OK  # the drug and device codes of AHM are 20 digits
    # Leading zeros do not change a GS1 check digit, so a sound shorter number can be padded.
    sound = 8 <= len(text) < 14 and gs1.has_check_digit(text)
    return Verdict(False, GTIN_LENGTH, proposal=text.zfill(14) if sound else None)


def gtin_mask(values: pl.Series) -> pl.Series:
    """True where a text is 14 digits with the right check digit; nulls are False.

    Vectorised: numbers as 64-bit integers, weights by repeated division.
    """
    shaped = values.str.contains(r"^[0-9]{14}$").fill_null(False)
    numbers = pl.select(pl.when(shaped).then(values)).to_series()
    rest = numbers.cast(pl.Int64, strict=False).fill_null(1).to_numpy().copy()
    total = np.zeros(len(rest), dtype=np.int64)
    for position in range(14):
        quotient = rest // 10
        digit = rest - quotient * 10
        # Counted from the right, the check digit has weight 1, its neighbour 3, and so on.
        total += digit if position % 2 == 0 else 3 * digit
        rest = quotient
    return shaped & pl.Series(total % 10 == 0)


def check_identifiers(di: pl.Series, issuer: pl.Series | None = None) -> pl.DataFrame:
    """Verdicts of distinct (di, issuer) pairs: ``di, issuer, ok, rule, expected, proposal``.

    Null identifiers are left out. Without ``issuer`` that column is null. One row per pair; join
    back on both with ``nulls_equal=True``.
    """
    who = issuer.cast(pl.Utf8) if issuer is not None else pl.Series([None] * len(di), dtype=pl.Utf8)
    pairs = (
        pl.DataFrame({"di": di.cast(pl.Utf8), "issuer": who})
        .drop_nulls("di")
        .unique(maintain_order=True)
    )
    sound = gtin_mask(pairs["di"]) & pairs["issuer"].fill_null("GS1").eq("GS1")
    verdicts = [check(d, i) for d, i in pairs.filter(~sound).iter_rows()]
    judged = pairs.filter(~sound).with_columns(
        pl.Series("ok", [v.ok for v in verdicts], dtype=pl.Boolean),
        pl.Series("rule", [v.rule for v in verdicts], dtype=pl.Utf8),
        pl.Series("expected", [v.expected_check for v in verdicts], dtype=pl.Utf8),
        pl.Series("proposal", [v.proposal for v in verdicts], dtype=pl.Utf8),
    )
    empty = pl.lit(None, dtype=pl.Utf8)
    fine = pairs.filter(sound).with_columns(
        pl.lit(True).alias("ok"),
        empty.alias("rule"),
        empty.alias("expected"),
        empty.alias("proposal"),
    )
    return pl.concat([fine, judged])
