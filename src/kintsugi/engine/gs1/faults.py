"""What each fault of a linter means, in both languages, and the nearest right action.

The codes are those of the official linters: ``gs1.lint.illegal-month`` is GS1_LINTER_ILLEGAL_MONTH.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kintsugi.engine.text import Text

PREFIX = "gs1.lint."


class Fault(NamedTuple):
    """A fault as people read it."""

    code: str
    message: Text
    remedy: Text


COMPARE = Text(
    "请将该值与标签印字核对；若为手工输入，请重新输入；若标签有误，请联系供应商。",
    "Compare the value with the printed label; type it again, or tell the supplier if the label "
    "is wrong.",
)
DAY = Text(
    "日期按年月日各两位（YYMMDD）书写；请核对标签上的日期。",
    "Dates are YYMMDD; compare with the date printed on the label.",
)
CLOCK = Text(
    "时间按 24 小时制，时、分、秒各两位；请核对标签。",
    "Times have two digits each for hour (00–23), minute and second; compare with the label.",
)
LIST = Text(
    "请在该代码表中查到正确代码；若标签有误，请联系供应商。",
    "Look the right code up in that list; tell the supplier if the label is wrong.",
)
COUPON = Text(
    "此券不能使用；请更换或向发券方核实。",
    "The coupon cannot be used; ask whoever issued it.",
)

_TABLE = (
    Fault(
        "gs1.lint.non-digit-character",
        Text("此处只能是数字。", "Only digits may stand here."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-cset82-character",
        Text(
            "有 GS1 字符集 82 以外的字符。", "A character is not in the GS1 set of 82 characters."
        ),
        Text(
            "请检查扫描枪的键盘布局与字符设置，再扫描一次。",
            "Check the scanner's keyboard layout and character settings, then scan again.",
        ),
    ),
    Fault(
        "gs1.lint.invalid-cset39-character",
        Text(
            "有 GS1 字符集 39 以外的字符（只许大写字母、数字、# - /）。",
            "A character is not in the GS1 set of 39 (capitals, digits, # - /).",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-cset64-character",
        Text(
            "有 URI 安全 base64 以外的字符。",
            "A character is not in the URI-safe base64 alphabet.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-cset64-padding",
        Text(
            "末尾的等号数目不对。", "The equals signs at the end do not fill a multiple of three."
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-cset32-character",
        Text(
            "校验字符不在允许的 32 个字符之内。",
            "A check character is not among the 32 that check pairs are made of.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.incorrect-check-digit",
        Text("校验位不符，有数字读错或写错。", "The check digit is wrong: a digit was misread."),
        Text(
            "请重新扫描，或逐位核对标签上的数字；不要自行改校验位。",
            "Scan again or compare digit by digit with the label; do not just change the check "
            "digit.",
        ),
    ),
    Fault(
        "gs1.lint.too-short-for-check-digit",
        Text("太短，没有校验位。", "Too short to hold a check digit."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.incorrect-check-pair",
        Text("两位校验字符不符。", "The pair of check characters is wrong."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.too-short-for-check-pair",
        Text("太短，没有两位校验字符。", "Too short to hold a pair of check characters."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.too-long-for-check-pair-implementation",
        Text("太长，无法计算校验字符。", "Too long for a pair of check characters."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-gcp-prefix",
        Text("此处应为厂商识别代码的数字。", "A GS1 company prefix (digits) must stand here."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.too-short-for-gcp",
        Text(
            "太短，容不下至少四位的厂商识别代码。",
            "Too short for a GS1 company prefix of at least four digits.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.importer-idx-must-be-one-character",
        Text("进口商索引必须是一个字符。", "The importer index is one character."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-import-idx-character",
        Text(
            "进口商索引只能是字母、数字、- 或 _。",
            "The importer index is a letter, a digit, - or _.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.illegal-zero-value",
        Text("此值不能为零。", "The value may not be zero."),
        COMPARE,
    ),
    Fault("gs1.lint.not-zero", Text("此处必须为零。", "Only zero may stand here."), COMPARE),
    Fault(
        "gs1.lint.illegal-zero-prefix",
        Text("数字前不得补零。", "The number may not begin with zero."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.not-zero-or-one",
        Text("只能是 0（否）或 1（是）。", "Only 0 (no) or 1 (yes) may stand here."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-winding-direction",
        Text(
            "卷绕方向只能是 0、1 或 9。",
            "The winding direction is 0 (outward), 1 (inward) or 9 (undefined).",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.requires-non-digit-character",
        Text("不能全是数字。", "At least one character must not be a digit."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.not-hyphen", Text("此处只能是连字符。", "Only a hyphen may stand here."), COMPARE
    ),
    Fault(
        "gs1.lint.not-iso3166",
        Text("不是 ISO 3166 的三位国家代码。", "Not a three-digit country code of ISO 3166."),
        LIST,
    ),
    Fault(
        "gs1.lint.not-iso3166-or-999",
        Text(
            "不是 ISO 3166 的三位国家代码，也不是 999。",
            "Neither a three-digit country code of ISO 3166 nor 999.",
        ),
        LIST,
    ),
    Fault(
        "gs1.lint.not-iso3166-alpha2",
        Text("不是 ISO 3166 的两字母国家代码。", "Not a two-letter country code of ISO 3166."),
        LIST,
    ),
    Fault(
        "gs1.lint.not-iso4217",
        Text("不是 ISO 4217 的三位货币代码。", "Not a three-digit currency code of ISO 4217."),
        LIST,
    ),
    Fault(
        "gs1.lint.invalid-biological-sex-code",
        Text(
            "性别代码只能是 0、1、2 或 9（ISO 5218）。", "The sex code is 0, 1, 2 or 9 (ISO 5218)."
        ),
        LIST,
    ),
    Fault(
        "gs1.lint.invalid-media-type",
        Text(
            "不是 GS1 规定的自动识别介质类型。",
            "Not an AIDC media type of the GS1 General Specifications.",
        ),
        LIST,
    ),
    Fault(
        "gs1.lint.invalid-package-type",
        Text("不是 GS1 包装类型代码。", "Not in the GS1 list of package types."),
        LIST,
    ),
    Fault("gs1.lint.iban-too-short", Text("IBAN 太短。", "The IBAN is too short."), COMPARE),
    Fault(
        "gs1.lint.invalid-iban-character",
        Text("IBAN 只能含大写字母与数字。", "An IBAN holds capitals and digits only."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.illegal-iban-country-code",
        Text("IBAN 开头不是国家代码。", "The IBAN does not begin with a country code."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.incorrect-iban-checksum",
        Text("IBAN 的校验位不符。", "The check digits of the IBAN are wrong."),
        COMPARE,
    ),
    Fault("gs1.lint.date-too-short", Text("日期位数不足。", "The date is too short."), DAY),
    Fault("gs1.lint.date-too-long", Text("日期位数过多。", "The date is too long."), DAY),
    Fault("gs1.lint.illegal-month", Text("没有这个月份。", "There is no such month."), DAY),
    Fault("gs1.lint.illegal-day", Text("该月没有这一天。", "That month has no such day."), DAY),
    Fault("gs1.lint.hour-too-short", Text("小时位数不足。", "The hour is too short."), CLOCK),
    Fault("gs1.lint.hour-too-long", Text("小时位数过多。", "The hour is too long."), CLOCK),
    Fault("gs1.lint.minute-too-short", Text("分钟位数不足。", "The minute is too short."), CLOCK),
    Fault("gs1.lint.minute-too-long", Text("分钟位数过多。", "The minute is too long."), CLOCK),
    Fault("gs1.lint.second-too-short", Text("秒的位数不足。", "The second is too short."), CLOCK),
    Fault("gs1.lint.second-too-long", Text("秒的位数过多。", "The second is too long."), CLOCK),
    Fault(
        "gs1.lint.hour-with-minute-too-short",
        Text("时分位数不足。", "Hour and minute are too short."),
        CLOCK,
    ),
    Fault(
        "gs1.lint.hour-with-minute-too-long",
        Text("时分位数过多。", "Hour and minute are too long."),
        CLOCK,
    ),
    Fault("gs1.lint.illegal-hour", Text("没有这个小时。", "There is no such hour."), CLOCK),
    Fault("gs1.lint.illegal-minute", Text("没有这一分钟。", "There is no such minute."), CLOCK),
    Fault("gs1.lint.illegal-second", Text("没有这一秒。", "There is no such second."), CLOCK),
    Fault(
        "gs1.lint.invalid-length-for-piece-of-total",
        Text(
            "件号与总件数必须各占一半位数。",
            "Piece and total must have the same number of digits.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.zero-piece-number", Text("件号不能为零。", "The piece may not be zero."), COMPARE
    ),
    Fault(
        "gs1.lint.zero-total-pieces",
        Text("总件数不能为零。", "The total may not be zero."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.piece-number-exceeds-total",
        Text("件号大于总件数。", "The piece is beyond the total."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.position-in-sequence-malformed",
        Text("应写作“序号/总数”，例如 1/3。", "Must read position/end, such as 1/3."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.position-exceeds-end",
        Text("序号大于总数。", "The position is beyond the end."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-percent-sequence",
        Text(
            "百分号后必须是两位十六进制数。",
            "A percent sign must be followed by two hexadecimal digits.",
        ),
        COMPARE,
    ),
    Fault(
        "gs1.lint.latitude-invalid-length",
        Text("纬度必须是 10 位数字。", "The latitude has ten digits."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-latitude",
        Text("纬度超出 ±90°。", "The latitude is beyond ±90°."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.longitude-invalid-length",
        Text("经度必须是 10 位数字。", "The longitude has ten digits."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.invalid-longitude",
        Text("经度超出 ±180°。", "The longitude is beyond ±180°."),
        COMPARE,
    ),
    Fault(
        "gs1.lint.coupon-excess-data",
        Text("券码末尾有多余的数字。", "Digits are left over at the end of the coupon."),
        COUPON,
    ),
    Fault(
        "gs1.lint.coupon-expiration-before-start",
        Text("券的截止日早于起始日。", "The coupon ends before it begins."),
        COUPON,
    ),
)

_COUPON_PARTS = {
    "gcp": Text("厂商识别代码", "company prefix"),
    "offer-code": Text("优惠代码", "offer code"),
    "save-value": Text("优惠金额", "save value"),
    "save-value-code": Text("优惠方式代码", "save value code"),
    "save-value-applies-to-item": Text("优惠适用项", "item the save value applies to"),
    "purchase-requirement": Text("购买条件", "purchase requirement"),
    "purchase-requirement-code": Text("购买条件代码", "purchase requirement code"),
    "purchase-family-code": Text("商品族代码", "purchase family code"),
    "purchase-gcp": Text("购买商品的厂商识别代码", "company prefix of the purchase"),
    "additional-purchase-rules-code": Text("附加购买规则代码", "additional purchase rules code"),
    "expiration-date": Text("截止日期", "expiration date"),
    "start-date": Text("起始日期", "start date"),
    "serial-number": Text("序列号", "serial number"),
    "retailer-gcp-or-gln": Text("零售商代码", "retailer's number"),
    "store-coupon-flag": Text("门店券标志", "store coupon flag"),
    "dont-multiply-flag": Text("不可翻倍标志", "don't-multiply flag"),
    "format-code": Text("格式代码", "format code"),
    "funder": Text("出资方代码", "funder's number"),
}
_ORDINALS = {
    "1st-": Text("第一项", "first "),
    "2nd-": Text("第二项", "second "),
    "3rd-": Text("第三项", "third "),
}
_COUPON_FAULTS = {
    "missing-": Text("券码缺少{part}。", "The coupon lacks its {part}."),
    "invalid-": Text("券码的{part}不在允许范围内。", "The coupon's {part} is not an allowed one."),
    "truncated-": Text("券码的{part}不完整。", "The coupon's {part} is cut short."),
    "too-short-for-": Text("券码的{part}不完整。", "The coupon's {part} is cut short."),
}
_FAULTS: Mapping[str, Fault] = {fault.code: fault for fault in _TABLE}


def _coupon_part(name: str) -> Text:
    for ordinal, text in _ORDINALS.items():
        if name.startswith(ordinal):
            part = _coupon_part(name.removeprefix(ordinal))
            return Text(text.zh + part.zh, text.en + part.en)
    for size in ("-vli", "-length"):
        if name.endswith(size) and name.removesuffix(size) in _COUPON_PARTS:
            part = _COUPON_PARTS[name.removesuffix(size)]
            return Text(f"{part.zh}的长度位", f"length digit of the {part.en}")
    return _COUPON_PARTS[name]


def fault(name: str) -> Fault:
    """The fault a linter names: ``illegal-month``, ``coupon-missing-gcp-vli``.

    Coupons have one fault for each part that is missing, not allowed or cut short; their sentences
    are put together from the part's name.
    """
    known = _FAULTS.get(PREFIX + name)
    if known:
        return known
    rest = name.removeprefix("coupon-")
    kind = next(kind for kind in _COUPON_FAULTS if rest.startswith(kind))
    part = _coupon_part(rest.removeprefix(kind))
    sentence = _COUPON_FAULTS[kind]
    message = Text(sentence.zh.format(part=part.zh), sentence.en.format(part=part.en))
    return Fault(PREFIX + name, message, COUPON)
