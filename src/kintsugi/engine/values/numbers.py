"""Numbers, amounts of money, and quantities with units, exact to the digit.

Regular expression guard → groups → ``Decimal`` → canonical text; nothing ever passes a float.
Canonical: no leading zeros or plus, no exponent, no trailing zeros (money keeps two places).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import NamedTuple

from kintsugi.engine.values import numerals
from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared

# Wide enough that moving the decimal point never rounds.
_EXACT = Context(prec=200)

_SCALES = {"百": 2, "千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8}
_SCALE_EN = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}

# Name or sign → ISO 4217. ¥ alone is taken as yuan: the books are Chinese ones.
CURRENCIES: Mapping[str, str] = {
    **dict.fromkeys(
        ("人民币", "人民币元", "元", "圆", "块", "rmb", "cny", "cnh", "¥", "yuan"), "CNY"
    ),
    **dict.fromkeys(("美元", "美金", "usd", "us$", "$", "dollar", "dollars", "us dollar"), "USD"),
    **dict.fromkeys(("欧元", "歐元", "eur", "€", "euro", "euros"), "EUR"),
    **dict.fromkeys(("日元", "日圆", "日币", "jpy", "jp¥", "円", "yen"), "JPY"),
    **dict.fromkeys(("港元", "港币", "港幣", "hkd", "hk$"), "HKD"),
    **dict.fromkeys(("英镑", "gbp", "£", "pound", "pounds"), "GBP"),
    **dict.fromkeys(("瑞士法郎", "瑞郎", "chf"), "CHF"),
    **dict.fromkeys(("韩元", "韩币", "krw", "₩"), "KRW"),
    **dict.fromkeys(("台币", "新台币", "新臺幣", "twd", "nt$", "ntd"), "TWD"),
    **dict.fromkeys(("新加坡元", "新币", "sgd", "s$"), "SGD"),
    **dict.fromkeys(("澳元", "aud", "a$"), "AUD"),
    **dict.fromkeys(("加元", "加拿大元", "cad", "c$"), "CAD"),
    **dict.fromkeys(("瑞典克朗", "sek"), "SEK"),
    **dict.fromkeys(("丹麦克朗", "dkk"), "DKK"),
    **dict.fromkeys(("印度卢比", "inr", "₹"), "INR"),
    **dict.fromkeys(("澳门元", "澳门币", "mop", "mop$"), "MOP"),
}
_CURRENCY = "|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True))
_CURRENCY_HEAD = re.compile(
    rf"(?P<sign>-?)\s*(?P<cur>{_CURRENCY})\s*[:.]?\s*(?P<rest>.+)", re.I | re.S
)
_CURRENCY_TAIL = re.compile(rf"(?P<rest>.*?)\s*(?P<cur>{_CURRENCY})(?:整|正)?", re.I | re.S)
_SCALE_TAIL = re.compile(
    r"(?P<rest>.*[0-9.)])\s*(?P<scale>百万|千万|[百千万萬亿億]|(?:thousand|million|billion|mn|bn|k|m)\b)",
    re.I,
)
#: Figures and separators only: no sign of a currency, no scale, no numeral is looked for.
_FIGURES = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]*)?")
_NUMBER = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"


class Read(NamedTuple):
    number: Decimal | None
    rule: str | None = None
    issue: str | None = None


def plain(number: Decimal, *, places: int = 0) -> str:
    """Canonical text of a decimal with at least ``places`` decimal places."""
    if number == 0:
        number = Decimal(0)
    text = format(number, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def bare_number(text: str) -> Read:
    """A number without unit: separators, brackets, exponents, Chinese numerals."""
    rule: str | None = None
    negative = False
    if len(text) > 60:
        return Read(None, issue="number.unreadable")
    match = re.fullmatch(r"\((.+)\)|(.+?)\s*-", text, re.S)
    if match:
        text, negative, rule = (match[1] or match[2]).strip(), True, "number.accounting"
    if text[:1] in "+-" and len(text) > 1:
        if negative and text[0] == "-":
            return Read(None, issue="number.unreadable")
        negative = negative or text[0] == "-"
        text = text[1:].strip()
    if re.fullmatch(_NUMBER, text):
        number = Decimal(text)
    elif re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?", text):
        # One group of three may be a decimal comma, yet books write thousands so.
        number, rule = Decimal(text.replace(",", "")), rule or "number.separators"
    elif re.fullmatch(r"[0-9]{1,3}(?:[ '’][0-9]{3})+(?:[.,][0-9]*)?", text):
        number = Decimal(re.sub(r"[ '’]", "", text).replace(",", "."))
        rule = rule or "number.separators"
    elif re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+", text):
        number = Decimal(text.replace(".", "").replace(",", "."))
        rule = rule or "number.european"
    elif re.fullmatch(r"[0-9]+(?:,[0-9]+)+(?:\.[0-9]*)?", text):
        return Read(None, issue="number.ambiguous")
    elif re.fullmatch(r"[0-9](?:\.[0-9]*)?[eE][+\-]?[0-9]{1,2}", text):
        number, rule = Decimal(text), rule or "number.scientific"
    else:
        whole = numerals.integer(text)
        if whole is None:
            return Read(None, issue="number.unreadable")
        number, rule = Decimal(whole), "number.cn-numerals"
    return Read(number.copy_negate() if negative else number, rule)


def _scaled(text: str) -> Read:
    """A number with a scale word behind it (12.5万, 1.2 million), or 12万5千."""
    match = _SCALE_TAIL.fullmatch(text)
    if match:
        word = match["scale"]
        power = _SCALES.get(word) or _SCALE_EN[word.lower()]
        read = bare_number(match["rest"].strip())
        if read.number is None:
            compound = re.fullmatch(r"([0-9]+)[万萬]([0-9])", match["rest"])
            if compound and word == "千":
                return Read(
                    Decimal(int(compound[1]) * 10_000 + int(compound[2]) * 1000), "number.scale"
                )
            return read
        return Read(read.number.scaleb(power, _EXACT), "number.scale")
    return bare_number(text)


def bounded(value: Norm, number: Decimal, args: Mapping[str, object]) -> Norm:
    low, high = args.get("minimum"), args.get("maximum")
    if (low is not None and number < Decimal(str(low))) or (
        high is not None and number > Decimal(str(high))
    ):
        return Norm(None, issue="number.range")
    return value


def norm_decimal(raw: str, **args: object) -> Norm:
    """A plain number: ``1,234.50`` → 1234.5, ``(1,234)`` → -1234, ``12.5万`` → 125000.

    Args ``minimum``, ``maximum``; ``header`` whose bracketed scale applies (金额(万元)).
    """
    text = prepared(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    read = _scaled(text)
    if read.number is None:
        return Norm(None, issue=read.issue)
    number, rule = read.number, read.rule
    power = scale_of_header(str(args.get("header") or ""))
    if power and rule != "number.scale":
        number, rule = number.scaleb(power, _EXACT), "number.scale"
    return bounded(Norm(plain(number), rule), number, args)


def norm_integer(raw: str, **args: object) -> Norm:
    """A whole number; ``5.0`` is 5, ``5.5`` an issue, ``5台`` five with its unit."""
    text = prepared(raw)
    unit: str | None = None
    tail = re.fullmatch(r"([+\-]?[0-9][0-9,]*(?:\.0*)?)\s*([^\W\d_]{1,4})", text)
    if tail and tail[2] not in _SCALES and tail[2].lower() not in _SCALE_EN:
        text, unit = tail[1], tail[2]
    result = norm_decimal(text, **args)
    if result.value is None:
        return result
    if "." in result.value:
        return Norm(None, issue="number.not-integer")
    rule = result.rule or ("number.unit" if unit else None)
    return Norm(result.value, rule, unit=unit)


def _money_parts(text: str) -> tuple[str, str | None]:
    """The amount and the currency named around it; a minus before the sign stays."""
    head = _CURRENCY_HEAD.fullmatch(text)
    if head and not re.match(r"[a-z]", head["rest"], re.I):
        inner, again = _money_parts(head["rest"])
        code = CURRENCIES[head["cur"].lower()]
        if again and again != code and head["cur"] not in "¥$":
            return text, None
        return head["sign"] + inner, again if again and head["cur"] in "¥$" else code
    tail = _CURRENCY_TAIL.fullmatch(text)
    if tail and tail["rest"]:
        # 百万元: the scale stays with the number.
        return tail["rest"], CURRENCIES[tail["cur"].lower()]
    return text, None


def norm_money(raw: str, **args: object) -> Norm:
    """An amount in its own currency, at least two places; ``unit`` is the ISO code if one is named.

    12.5万, 12.5 under a header with 万元 (arg ``header`` or ``unit`` = 万元) and 壹拾贰万伍仟元
    are all 125000.00.
    """
    text = prepared(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    if _FIGURES.fullmatch(text):
        capitals, amount, currency, bracketed = None, text, None, None
    else:
        capitals = numerals.money(re.sub(r"^人民币\s*[:]?", "", text))
        bracketed = re.fullmatch(r"\((.+)\)", text)
        amount, currency = _money_parts(bracketed[1] if bracketed else text)
        amount = re.sub(r"\s*[整正]$", "", amount).strip()
    if capitals is not None:
        return bounded(
            Norm(plain(capitals, places=2), "number.cn-numerals", unit="CNY"), capitals, args
        )
    read = _scaled(f"({amount})" if bracketed else amount)
    if read.number is None:
        return Norm(None, issue=read.issue)
    number, rule = read.number, read.rule or ("money.currency" if currency else None)
    header = str(args.get("header") or f"({args.get('unit') or ''})")
    power = scale_of_header(header)
    # A cell that says 元 or 万元 itself overrules its header.
    if power and read.rule != "number.scale" and not (currency and text.endswith(("元", "圆"))):
        number, rule = number.scaleb(power, _EXACT), "number.scale"
    currency = currency or currency_of_header(header)
    return bounded(Norm(plain(number, places=2), rule, unit=currency), number, args)


def norm_currency(raw: str, **args: object) -> Norm:
    """An ISO 4217 code from a code, name or sign."""
    text = prepared(raw)
    if not text or is_null_word(text):
        return EMPTY if not text else Norm(None, "null-word")
    code = CURRENCIES.get(text.lower())
    if code is None:
        return Norm(None, issue="currency.unknown")
    return Norm(code, None if code == text else "currency.name")


def scale_of_header(header: str) -> int:
    """The power of ten a header's bracketed unit asks for: 采购价(万元) → 4, 金额 → 0."""
    match = re.search(
        r"[(（\[【/:：]\s*(?:单位[:：]?)?\s*([百千]?[万亿]|[百千])(?:元|美元|欧元|圆)?\s*[)）\]】]?\s*$",
        header,
    )
    return _SCALES[match[1]] if match else 0


def currency_of_header(header: str) -> str | None:
    """The currency a header names in brackets or at its end: 金额(USD) → USD."""
    match = re.search(
        rf"[(（\[【/:：\s](?:单位[:：]?)?\s*[百千万亿]*({_CURRENCY})\s*[)）\]】]*\s*$", header, re.I
    )
    return CURRENCIES[match[1].lower()] if match else None
