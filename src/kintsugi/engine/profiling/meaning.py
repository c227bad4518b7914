"""What a column is about: semantic types told by what stands in it, and by its header."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from stdnum.cn import ric

from kintsugi.engine.gs1.linters import has_check_digit
from kintsugi.engine.profiling.model import Meaning
from kintsugi.engine.udi import UdiError, parse_udi
from kintsugi.engine.values import norm
from kintsugi.engine.values.parties import is_uscc

#: Distinct values that are looked at, the most frequent first.
LOOKED_AT = 2_000
#: Less than this and the column is about something else.
SHARE_MIN = 0.75

# The hundred family names that some 85 % of the people in China have, and the usual double ones.
_FAMILY = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔"
    "谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
)
_DOUBLE_FAMILY = ("欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容")
_PERSON_EN = re.compile(
    r"(?:(?:Dr|Mr|Ms|Mrs)\.? )?[A-Z][a-z'’-]+(?: [A-Z]\.?)?(?: [A-Z][a-z'’-]+){1,2}"
)
_ORGANISATION = re.compile(
    r"(?:公司|医院|集团|中心|卫生院|诊所|大学|学院|研究所|研究院|厂|药房|药店|门诊部|卫生局|委员会|银行|事务所)"
    r"(?:[（(].*[)）])?$"
    r"|\b(?:ltd|limited|inc|corp(?:oration)?|co|llc|llp|gmbh|ag|s\.?a|plc|bv|kg|oy|ab|kk|hospital|clinic|"
    r"university|institute|medical|healthcare|systems|laborator(?:y|ies))\b\.?$",
    re.I,
)
_MODEL = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9 ./+\-]{1,24}")
_SERIAL = re.compile(r"(?=(?:.*[0-9]){3})[A-Za-z0-9][A-Za-z0-9./\-]{4,39}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_URL = re.compile(r"https?://\S+|www\.\S+", re.I)
_MONEY = re.compile(r"[¥￥$€£]|(?:元|圆|万元|USD|CNY|RMB|EUR)", re.I)
_PERCENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\s*[%％]")
_LOCAL_PHONE = re.compile(r"[2-8][0-9]{2,3}[ -]?[0-9]{4}")


class _Kind(NamedTuple):
    """A semantic type: how a text shows it, what headers say it, how sure it is by the texts
    alone, and whether the header has to say so too."""

    name: str
    fits: Callable[[str], bool]
    header: re.Pattern[str]
    alone: float
    checks: Callable[[str], bool | None] | None = None


def _words(text: str) -> re.Pattern[str]:
    return re.compile(text, re.I)


@lru_cache(maxsize=50_000)
def _udi(text: str) -> str | None:
    """The issue of a full UDI ('' for none), None for what is no UDI."""
    if not text.startswith(("(01)", "+", "=/", "01", "]", "（01")) or len(text) < 16:
        return None
    try:
        return parse_udi(text).issue or ""
    except UdiError:
        return None


def _gtin(text: str) -> bool | None:
    if not re.fullmatch(r"[0-9]{14}|[0-9]{13}|[0-9]{12}|[0-9]{8}", text):
        return None
    return has_check_digit(text)


def _clean(kind: str) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        found = norm(kind, text)
        return found.value is not None and found.issue is None

    return fits


def _phone(text: str) -> bool:
    digits = len(re.sub(r"[^0-9]", "", text))
    if not 7 <= digits <= 24 or re.search(r"[A-Za-z]{3,}", text):
        return False
    return bool(_LOCAL_PHONE.fullmatch(text)) or _clean("phone")(text)


def _person(text: str) -> bool:
    name = re.sub(r"[（(].*?[)）]|(?:工程师|医生|主任|经理|老师|先生|女士|师傅)$", "", text).strip()
    if re.fullmatch(r"[\u4e00-\u9fff·]{2,4}", name):
        return name[0] in _FAMILY or name.startswith(_DOUBLE_FAMILY)
    return bool(_PERSON_EN.fullmatch(name)) and not _ORGANISATION.search(name)


def _credit_like(text: str) -> bool | None:
    if not re.fullmatch(r"[0-9A-HJ-NP-RT-UWXY]{18}", text.upper()) or text.isdigit():
        return None
    return is_uscc(text.upper())


def _identity(text: str) -> bool | None:
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", text):
        return None
    return bool(ric.is_valid(text.upper()))


# Most telling first: of two that fit as well, the earlier one is meant.
KINDS: tuple[_Kind, ...] = (
    _Kind("udi", lambda t: _udi(t) is not None, _words(r"udi|唯一标识"), 0.95,
          lambda t: None if _udi(t) is None else _udi(t) == ""),
    _Kind("gtin", lambda t: _gtin(t) is not None, _words(r"gtin|udi-?di|条码|barcode|ean|upc|di$"),
          0.4, _gtin),
    _Kind("credit_code", lambda t: _credit_like(t) is not None,
          _words("信用代码|税号|credit"), 0.95, _credit_like),
    _Kind("identity_number", lambda t: _identity(t) is not None, _words("身份证|identity"), 0.9,
          _identity),
    _Kind("registration_no", _clean("registration_no"), _words("注册证|备案|registration"), 0.9),
    _Kind("email", lambda t: bool(_EMAIL.fullmatch(t)), _words("mail|邮箱"), 0.95),
    _Kind("url", lambda t: bool(_URL.fullmatch(t)), _words("url|网址|link"), 0.95),
    _Kind("phone", _phone, _words("电话|手机|phone|tel|mobile|fax|传真"), 0.6),
    _Kind("percent", lambda t: bool(_PERCENT.fullmatch(t)), _words("率|比例|percent|rate|%"), 0.8),
    _Kind("money", lambda t: _clean("money")(t), _words(
        r"价|金额|费|款|成本|amount|price|cost|total|值|万元|\(元\)"), 0.0),
    _Kind("organisation", lambda t: bool(_ORGANISATION.search(t)), _words(
        "公司|单位|厂家|厂商|供应商|客户|医院|manufacturer|vendor|supplier|customer|company"), 0.9),
    _Kind("person", _person,
          _words("姓名|联系人|负责人|工程师|医生|经办|name|contact|engineer"), 0.8),
    _Kind("serial", lambda t: bool(_SERIAL.fullmatch(t)), _words(
        r"序列号|出厂编?号|机身号|serial|s/?n\b|sn$"), 0.0),
    _Kind("model", lambda t: bool(_MODEL.fullmatch(t)), _words("型号|规格|model|type"), 0.0),
)  # fmt: skip


def meaning_of(
    header: str, values: Sequence[tuple[str, int]], *, distinct: int, filled: int, type_: str
) -> Meaning | None:
    """The semantic type of a column, or None. ``values`` are (text, rows), most frequent first.

    A kind is told by the texts where they cannot be anything else; where they could (an amount, a
    serial number, a model), the header has to say so as well, or how often values repeat.
    """
    looked_at = [(text.strip(), rows) for text, rows in values[:LOOKED_AT]]
    total = sum(rows for _text, rows in looked_at)
    if not total:
        return None
    best: Meaning | None = None
    for kind in KINDS:
        fitting = [(text, rows) for text, rows in looked_at if kind.fits(text)]
        share = sum(rows for _text, rows in fitting) / total
        if share < SHARE_MIN:
            continue
        confidence = _confidence(kind, header, looked_at, distinct / max(filled, 1), type_)
        confidence *= share
        if confidence >= 0.5 and (best is None or confidence > best.confidence + 0.02):
            best = Meaning(
                kind.name, round(share, 4), round(confidence, 3), _checked(kind, fitting)
            )
    return best


def _confidence(
    kind: _Kind, header: str, values: Sequence[tuple[str, int]], distinctness: float, type_: str
) -> float:
    said = bool(kind.header.search(header))
    if kind.name == "money":
        signed = sum(rows for text, rows in values if _MONEY.search(text))
        if signed / sum(rows for _text, rows in values) >= SHARE_MIN:
            return 0.9
        return 0.85 if said and type_ in ("integer", "decimal") else 0.0
    if kind.name == "person" and not said:
        # Two capitalised words are many things; a family name in front of one or two more is one.
        latin = sum(rows for text, rows in values if text.isascii())
        return 0.0 if 2 * latin > sum(rows for _text, rows in values) else kind.alone
    if kind.name == "phone" and not said:
        # Without an area code it could be any number.
        local = sum(rows for text, rows in values if _LOCAL_PHONE.fullmatch(text))
        return 0.0 if 2 * local > sum(rows for _text, rows in values) else kind.alone
    if kind.name == "serial":
        # Nearly every row another one; a column of numbers alone says nothing.
        return (0.9 if said else 0.55 if type_ == "text" else 0.0) if distinctness >= 0.9 else 0.0
    if kind.name == "model":
        return (0.85 if said else 0.0) if distinctness < 0.9 else 0.0
    if kind.name == "gtin" and kind.checks is not None:
        right = [kind.checks(text) for text, _rows in values]
        sound = sum(1 for one in right if one) / max(len(right), 1)
        # One number in ten has a right check digit by chance.
        return 0.95 if sound >= 0.5 else 0.7 if said else 0.0
    return min(1.0, kind.alone + 0.3) if said else kind.alone


def _checked(kind: _Kind, values: Sequence[tuple[str, int]]) -> tuple[int, int] | None:
    if kind.checks is None:
        return None
    answers = [(kind.checks(text), rows) for text, rows in values]
    return (
        sum(rows for answer, rows in answers if answer is not None),
        sum(rows for answer, rows in answers if answer),
    )
