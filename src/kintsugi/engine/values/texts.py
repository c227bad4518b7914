"""Texts kept as written, codes, serial numbers, identifiers, e-mail, country."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

import phonenumbers

from kintsugi.engine.udi import UdiError, check, parse_udi
from kintsugi.engine.values.base import (
    EMPTY,
    Norm,
    half_width,
    is_mojibake,
    is_null_word,
    strip,
    unquote,
    words,
)
from kintsugi.engine.values.splits import composite, split_serials

# What people type where a serial number should stand.
PLACEHOLDERS = words(
    """
    0 12345 123456 1234567 12345678 123456789 1234567890 0123456789 ABC ABC123 TEST TEST1 SN S/N
    NOSN SERIAL NUMBER NOSERIAL SEELABEL SEENAMEPLATE ILLEGIBLE NOTREADABLE LOST 见铭牌 见机身
    见设备 见附件 见清单 铭牌 铭牌不清 铭牌丢失 铭牌脱落 看不清 无法辨认 无法识别 无序列号
    无编号 无铭牌 没有序列号 序列号 待补 待录入 多个 多台 若干 详见清单 同上
    """
)
_SAME_CHARACTER = re.compile(r"(.)\1{3,}|X+|0+")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]{1,3}", re.I)
_FLOAT = re.compile(r"([0-9]+)\.0+")
_LABEL = re.compile(
    r"(?:S/?N|SER(?:IAL)?(?: ?NO\.?| ?NUMBER)?|序列号|机身号|出厂编号|编号)\s*[:：#]\s*(?=\S)"
    r"|S/N\s+(?=\S)",
    re.I,
)


def _bounded(value: str, args: Mapping[str, object]) -> str | None:
    """The issue of a value longer than arg ``max_length`` (characters), or None."""
    longest = args.get("max_length")
    return "text.too-long" if isinstance(longest, int) and len(value) > longest else None


def _settled(value: str, rule: str | None, args: Mapping[str, object]) -> Norm:
    issue = _bounded(value, args)
    return Norm(None, issue=issue) if issue else Norm(value, rule)


def norm_text(raw: str, **args: object) -> Norm:
    """The text as written, trimmed, without invisible and control characters; never NFKC-folded.

    Args: ``multiline`` keeps line ends; ``null_words`` False keeps a word for nothing as the
    value, with the issue ``text.null-word``; ``max_length``.
    """
    text = strip(raw, multiline=bool(args.get("multiline")))
    text, rule = unquote(text)
    text = strip(text, multiline=bool(args.get("multiline")))
    if not text:
        return EMPTY
    if is_mojibake(text):
        return Norm(None, issue="text.mojibake")
    if is_null_word(text):
        if args.get("null_words") is False:
            return Norm(text, issue="text.null-word")
        return Norm(None, "null-word")
    return _settled(text, rule or (None if text == raw else "trim"), args)


def norm_code(raw: str, **args: object) -> Norm:
    """A code: half-width, dashes made one, upper case unless arg ``case`` is "keep".

    Undoes what spreadsheets do (="00123", 123.0); digits lost to scientific notation are an issue.
    Arg ``pattern`` must match the whole code.
    """
    text, rule = unquote(half_width(raw))
    text = half_width(text)
    if not text:
        return EMPTY
    if is_mojibake(text):
        return Norm(None, issue="text.mojibake")
    if is_null_word(text):
        return Norm(None, "null-word")
    if _SCIENTIFIC.fullmatch(text):
        return Norm(None, issue="identifier.precision-lost")
    if match := _FLOAT.fullmatch(text):
        text, rule = match[1], "identifier.float"
    if args.get("case") != "keep" and text != (upper := text.upper()):
        text, rule = upper, rule or "upper"
    if (pattern := args.get("pattern")) and not re.fullmatch(str(pattern), text):
        return Norm(None, issue="code.form")
    if rule is None and text != raw:
        rule = "trim" if text == raw.strip() else "nfkc"
    return _settled(text, rule, args)


def is_placeholder(text: str) -> bool:
    """Whether a serial number is only typed to fill the cell (无, 见铭牌, 111111, 123456)."""
    folded = re.sub(r"[\s_.\-]+", "", text).upper()
    return folded in PLACEHOLDERS or bool(_SAME_CHARACTER.fullmatch(folded)) or is_null_word(text)


def norm_serial(raw: str, **args: object) -> Norm:
    """A serial number. O and 0, I and 1 stay as written; a placeholder is not a key.

    A label in front (S/N:) goes; the serial of a full UDI is taken out of it. Several in one cell
    are an issue with the parts in ``more``: ``split_serials`` settles it with the quantity. Of a
    main unit with its parts (``serial.composite``) the main unit's number is proposed.
    """
    text, rule = unquote(half_width(raw))
    if not text:
        return EMPTY
    if re.match(r"\((?:01|21)\)", text) or text.startswith("+") or text.upper().startswith("MA."):
        taken = _serial_of_udi(text)
        if taken is not None:
            return taken
    if several := composite(text):
        parts = json.dumps([several.main, *several.parts], ensure_ascii=False)
        more = {"parts": parts.upper()}
        if not is_placeholder(several.main):
            more["proposal"] = several.main.upper()
        return Norm(None, issue="serial.composite", more=more)
    if unlabelled := _LABEL.sub("", text, count=1) if _LABEL.match(text) else "":
        text, rule = unlabelled, "label"
    if is_placeholder(text):
        return Norm(None, issue="serial.placeholder")
    result = norm_code(text, **args)
    if result.value is None:
        return result
    if is_placeholder(result.value):
        return Norm(None, issue="serial.placeholder")
    split = split_serials(result.value)
    if split.rule == "serial.split" or split.issue:
        parts = json.dumps(split.parts, ensure_ascii=False)
        return Norm(None, issue="serial.many", more={"parts": parts})
    if result.value == raw:
        return Norm(raw)
    plain = "trim" if result.value == raw.strip() else "nfkc"
    return Norm(result.value, rule or result.rule or plain)


def _serial_of_udi(text: str) -> Norm | None:
    if bare := re.fullmatch(r"\(21\)([^()]{1,20})", text):
        return Norm(bare[1].upper(), "udi.part")
    try:
        udi = parse_udi(text)
    except UdiError:
        return None
    if udi.serial is None:
        return Norm(None, issue="serial.placeholder")
    return Norm(udi.serial.upper(), "udi.part", more={"di": udi.di})


def norm_di(raw: str, **args: object) -> Norm:
    """A device identifier (UDI-DI) as written, upper case; the DI is taken out of a full UDI.

    Arg ``issuer`` names the agency. What is unsound stays, with its issue; the right check digit or
    the padded number stand in ``more``.
    """
    result = norm_code(raw, **{k: v for k, v in args.items() if k != "max_length"})
    text, rule = result.value, result.rule
    if text is None:
        return result
    text = re.sub(r"^(?:UDI-?DI|DI|GTIN(?:-1[0-9])?)\s*[:：]\s*", "", text)
    if text.startswith(("(01)", "+", "=/")) or re.match(r"01[0-9]{14}[0-9\x1d]", text):
        with suppress(UdiError):
            text, rule = parse_udi(text).di, "udi.part"
    if issue := _bounded(text, args):
        return Norm(None, issue=issue)
    issuer = args.get("issuer")
    verdict = check(text, str(issuer) if issuer else None)
    more = {}
    if verdict.expected_check:
        more["expected_check"] = verdict.expected_check
    if verdict.proposal:
        more["proposal"] = verdict.proposal
    return Norm(text, rule, None if verdict.ok else verdict.rule, more=more)


def norm_udi(raw: str, **args: object) -> Norm:
    """A full UDI in canonical form; its parts (di, issuer, lot, serial, …) in ``more``."""
    text = unquote(strip(raw))[0]
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    text = re.sub("[０-９Ａ-Ｚａ-ｚ（）＋／－．]", lambda m: chr(ord(m[0]) - 0xFEE0), text)
    if _SCIENTIFIC.fullmatch(text):
        return Norm(None, issue="identifier.precision-lost")
    try:
        # The group separator is a control character: it must survive the trimming.
        scanned = "\x1d" in raw and not text.startswith("(")
        udi = parse_udi(raw.strip(" \t\r\n") if scanned else text)
    except UdiError:
        issue = _bounded(text, args)
        return Norm(None if issue else text, issue=issue or "udi.unreadable")
    parts = {
        "di": udi.di,
        "issuer": udi.issuer,
        "lot": udi.lot,
        "serial": udi.serial,
        "expiry": udi.expiry.isoformat() if udi.expiry else None,
        "mfg": udi.mfg.isoformat() if udi.mfg else None,
        "expected_check": udi.expected_check,
    }
    bare = len(text) == 14 and text.isdigit()
    rule = "udi.from-gtin" if bare else None if udi.canonical == raw else "udi.canonical"
    return Norm(udi.canonical, rule, udi.issue, more={k: v for k, v in parts.items() if v})


def norm_email(raw: str, **args: object) -> Norm:
    """An e-mail address, its domain in lower case."""
    text = half_width(raw).removeprefix("mailto:").strip("<> ;,")
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    match = re.fullmatch(
        r"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+)@((?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,})", text
    )
    if not match:
        return Norm(None, issue="email.invalid")
    value = f"{match[1]}@{match[2].lower()}"
    return _settled(value, None if value == raw else "trim", args)


_COUNTRIES: dict[str, str] = {}
for _code, _names in {
    "CN": "中国 中华人民共和国 国产 china 中国大陆 prc p.r.china",
    "US": "美国 美利坚合众国 usa 美 unitedstates unitedstatesofamerica u.s.a. u.s.",
    "DE": "德国 germany deutschland 德",
    "JP": "日本 japan",
    "KR": "韩国 korea southkorea 南韩 大韩民国",
    "GB": "英国 uk unitedkingdom greatbritain england 英",
    "FR": "法国 france 法",
    "IT": "意大利 italy 意",
    "CH": "瑞士 switzerland",
    "NL": "荷兰 netherlands thenetherlands holland",
    "SE": "瑞典 sweden",
    "DK": "丹麦 denmark",
    "FI": "芬兰 finland",
    "NO": "挪威 norway",
    "AT": "奥地利 austria",
    "BE": "比利时 belgium",
    "IE": "爱尔兰 ireland",
    "ES": "西班牙 spain",
    "PL": "波兰 poland",
    "CZ": "捷克 czechia czechrepublic",
    "HU": "匈牙利 hungary",
    "IL": "以色列 israel",
    "IN": "印度 india",
    "SG": "新加坡 singapore",
    "MY": "马来西亚 malaysia",
    "TH": "泰国 thailand",
    "VN": "越南 vietnam",
    "CA": "加拿大 canada",
    "MX": "墨西哥 mexico",
    "BR": "巴西 brazil",
    "CR": "哥斯达黎加 costarica",
    "PR": "波多黎各 puertorico",
    "AU": "澳大利亚 澳洲 australia",
    "NZ": "新西兰 newzealand",
    "RU": "俄罗斯 russia 俄国",
    "TR": "土耳其 turkey türkiye",
    "HK": "香港 中国香港 hongkong",
    "MO": "澳门 中国澳门 macau macao",
    "TW": "台湾 中国台湾 taiwan 臺灣",
}.items():
    for _name in _names.split():
        _COUNTRIES[_name] = _code


@cache
def _regions() -> frozenset[str]:
    return frozenset(phonenumbers.SUPPORTED_REGIONS) | frozenset(_COUNTRIES.values())


def norm_country(raw: str, **args: object) -> Norm:
    """A two-letter ISO 3166-1 code from a code or a common name in Chinese or English."""
    text = half_width(raw)
    if not text:
        return EMPTY
    named = _COUNTRIES.get(text.casefold().replace(" ", ""))
    if named:
        return Norm(named, "country.name")
    if text.upper() in _regions():
        return Norm(text.upper(), None if text.upper() == raw else "upper")
    if is_null_word(text):
        return Norm(None, "null-word")
    return Norm(None, issue="country.unknown")
