"""Credit codes, identity numbers, telephones, registration numbers, and the key of a party."""

from __future__ import annotations

import json
import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException
from stdnum.cn import ric, uscc

from kintsugi.engine.values.base import EMPTY, Norm, is_null_word, prepared, strip, words


def is_uscc(text: str) -> bool:
    """Whether this is an 18-character credit code with the right check character (GB 32100)."""
    try:
        return str(uscc.validate(text)) == text
    except uscc.ValidationError:
        return False


def norm_uscc(raw: str, **args: object) -> Norm:
    """A unified social credit code. Source: GB 32100-2015."""
    text = re.sub(r"[\s\-]", "", prepared(raw)).upper()
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    if is_uscc(text):
        return Norm(text, None if text == raw else "nfkc")
    if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", text):
        return Norm(None, issue="identifier.precision-lost")
    well_formed = re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", text)
    return Norm(None, issue="uscc.check-character" if well_formed else "uscc.form")


def norm_id_card(raw: str, **args: object) -> Norm:
    """A resident identity number (18 or 15 digits), checked and masked: 110101********001X.

    The number itself never leaves this function. Source: GB 11643-1999.
    """
    text = re.sub(r"\s", "", prepared(raw)).upper()
    if not text:
        return EMPTY
    if re.fullmatch(r"[0-9]{6}(?:\*{8}[0-9X]{4}|\*{6}[0-9]{3})", text):
        return Norm(text)
    if is_null_word(text):
        return Norm(None, "null-word")
    if re.fullmatch(r"[0-9]{15}", text):
        month, day = int(text[8:10]), int(text[10:12])
        if 1 <= month <= 12 and 1 <= day <= 31:
            return Norm(f"{text[:6]}******{text[-3:]}", "idcard.masked")
    if ric.is_valid(text):
        return Norm(f"{text[:6]}********{text[-4:]}", "idcard.masked")
    return Norm(None, issue="idcard.check-character")


_PHONE_SPLIT = re.compile(r"\s*(?:[/、,|\n]|;(?!\s*ext=)|或者?|\s{2,}|及)\s*", re.I)
_EXTENSION = re.compile(
    r"\s*(?:转分机|分机号?|转|extension|ext\.?|x|#|;ext=)\s*[:：]?\s*([0-9]{1,7})\s*$", re.I
)


def norm_phone(raw: str, **args: object) -> Norm:
    """Telephone numbers as a JSON array in E.164 with ``;ext=`` (RFC 3966): 010-69156114转8001 →
    ["+861069156114;ext=8001"].

    Several separated by / 、 or commas; letters and Chinese around them are left out. Arg
    ``region`` (default CN) is the country of numbers without one. An invalid number gives the
    issue ``phone.invalid`` and keeps the valid ones.
    """
    text = strip(raw, multiline=True)
    if not text or not prepared(raw):
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    region = str(args.get("region") or "CN")
    pieces = _json_items(text) or _PHONE_SPLIT.split(_width(text))
    found: dict[str, None] = {}
    issue = None
    area = ""
    for piece in pieces:
        if not re.search(r"[0-9]", piece):
            # A name or a label between numbers; nothing but words is no telephone at all.
            issue = issue or (None if len(pieces) > 1 else "phone.invalid")
            continue
        number = _phone(piece, region)
        # 010-69156114/69156115: the second has the area code of the first.
        if number is None and area and re.fullmatch(r"\s*[0-9]{7,8}\s*", piece):
            number = _phone(f"{area}-{piece.strip()}", region)
        if written := re.search(r"\b0[0-9]{2,3}(?=[^0-9])", piece):
            area = written[0]
        if number is None:
            issue = "phone.invalid"
        else:
            found[number] = None
    if not found:
        return Norm(None, issue="phone.invalid")
    value = json.dumps(list(found))
    return Norm(value, None if value == raw else "phone.e164", issue)


def _json_items(text: str) -> list[str] | None:
    if not text.startswith("["):
        return None
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return [str(item) for item in parsed] if isinstance(parsed, list) else None


def _width(text: str) -> str:
    """Half-width, line ends kept."""
    return unicodedata.normalize("NFKC", re.sub("[—–−－]", "-", text)).strip()


def _phone(text: str, region: str) -> str | None:
    text = re.sub(r"(?<=[0-9])\.0$", "", text.strip())
    e164 = _e164(text, region)
    if e164:
        return e164
    # 转8001, ext. 8001, and -8001 where the whole is no number.
    extension = _EXTENSION.search(text) or re.search(r"\s*-\s*([0-9]{1,6})\s*$", text)
    e164 = _e164(text[: extension.start()], region) if extension else None
    return f"{e164};ext={extension[1]}" if extension and e164 else None


def _e164(text: str, region: str) -> str | None:
    if _EXTENSION.search(text):
        return None
    bare = re.sub(r"[^0-9+()\-. ]", "", text).strip(" .-")
    try:
        number = phonenumbers.parse(bare, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_REG_NEW = re.compile(
    rf"(?P<place>[国{_PROVINCES}])械注(?P<origin>[准进许])(?P<year>20[0-9]{{2}})(?P<class>[23])(?P<category>[0-9]{{2}})(?P<serial>[0-9]{{4}})"
)
_REG_FILING = re.compile(
    rf"(?P<place>国|[{_PROVINCES}][一-鿿]{{1,4}})械备(?P<year>20[0-9]{{2}})(?P<serial>[0-9]{{4,5}})号?"
)
_REG_OLD = re.compile(
    rf"(?P<place>[国{_PROVINCES}])(?P<agency>食药监|药管|药监|食药)械\((?P<origin>[准进许试])\)字"
    r"(?P<year>(?:19|20)[0-9]{2})第(?P<class>[123])(?P<category>[0-9]{2})(?P<serial>[0-9]{3,5})号"
    r"(?P<change>\(更\))?"
)


def norm_registration_no(raw: str, **args: object) -> Norm:
    """The number of a Chinese registration certificate or filing, in canonical form.

    国械注进20153060123 (since October 2014), 国械备20150123 (filing, class I), and
    国食药监械(准)字2013第3540123号 (before). Parts in ``more``: form, origin, year, class,
    category, serial. Old and new numbers of one device are different numbers: people link them,
    nothing equates them.
    """
    text = re.sub(r"\s", "", prepared(raw)).translate(str.maketrans("〔〕[]【】", "()()()"))
    # Without the blank between them, a letter and its accent are one character.
    text = unicodedata.normalize("NFC", text)
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    text = re.sub(r"^(?:注册证(?:编)?号|备案号|备案凭证号)[:：]?", "", text)
    for form, pattern in (("new", _REG_NEW), ("filing", _REG_FILING), ("old", _REG_OLD)):
        match = pattern.fullmatch(text) or (
            pattern.fullmatch(text.removesuffix("号")) if form == "new" else None
        )
        if match is None:
            continue
        value = match[0].removesuffix("号") if form != "old" else match[0]
        parts = {k: v for k, v in match.groupdict().items() if v and k not in ("change", "agency")}
        more = {"form": form, **parts}
        return Norm(value, None if value == raw else "registration.canonical", more=more)
    found = [m[0] for p in (_REG_NEW, _REG_OLD, _REG_FILING) for m in p.finditer(text)]
    longest = args.get("max_length")
    if isinstance(longest, int) and len(text) > longest:
        return Norm(None, issue="text.too-long")
    if len(found) > 1:
        more = {"numbers": json.dumps(found, ensure_ascii=False)}
        return Norm(text, issue="registration.many", more=more)
    return Norm(text, None if text == raw else "nfkc", issue="registration.form")


_LEGAL_EN = words(
    """
    inc incorporated corp corporation co company ltd limited llc lp llp plc gmbh ag kg kgaa sa
    sas sarl srl spa bv nv kk ab oy oyj aps as pty pte sdn bhd mbh ug se cokg
    """
)
_LEGAL_ZH = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|股份公司|集团公司|责任公司|总公司|公司|株式会社|株式會社)$"
)


def party_key(name: str) -> str:
    """A company name as it is compared: NFKC, lower case, without spaces, punctuation and the
    legal form at its end. "ACME MEDICAL, INC." and "Acme Medical Inc" are one; 有限公司 and
    股份有限公司 too. If nothing is left, or only what stands for nothing ("NA Ltd"), the whole
    folded name."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = re.sub(r"(?<=\b\w)\.(?=\w\b)", "", folded).replace("&", " and ").replace("'", "")
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", folded))
    whole = "".join(words)
    while len(words) > 1 and (
        words[-1] in _LEGAL_EN or (words[-1] == "and" and words[-2] in _LEGAL_EN)
    ):
        words.pop()
    key = "".join(words)
    while (shorter := _LEGAL_ZH.sub("", key)) != key and len(shorter) >= 2:
        key = shorter
    return whole if not key or is_null_word(key) else key


def norm_party_key(raw: str, **args: object) -> Norm:
    """The key of a party: its credit code if that is what stands there, else the folded name."""
    text = prepared(raw)
    if not text:
        return EMPTY
    code = re.sub(r"[\s\-]", "", text).upper()
    if is_uscc(code):
        return Norm(code, "uscc.key")
    if is_null_word(text):
        return Norm(None, "null-word")
    key = party_key(text)
    if not key:
        return Norm(None, issue="code.form")
    if is_null_word(key):  # "n;a"
        return Norm(None, "null-word")
    return Norm(key, None if key == raw else "party.key")


def norm_party_name(raw: str, **args: object) -> Norm:
    """A party's name as written, trimmed; its key in ``more``."""
    text = strip(raw)
    if not text:
        return EMPTY
    if is_null_word(text):
        return Norm(None, "null-word")
    return Norm(text, None if text == raw else "trim", more={"key": party_key(text)})
