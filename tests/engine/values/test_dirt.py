"""What becomes of each kind of dirt, worked out by hand. Numbers as in the onboarding design."""

from __future__ import annotations

import json

import pytest

from kintsugi.engine.values import RULES, norm

# dirt number, kind, raw, arguments, value, rule, issue
Row = tuple[int, str, str, dict[str, object], str | None, str | None, str | None]

IDENTIFIERS: list[Row] = [
    (17, "serial", "ＳＮ－１２３", {}, "SN-123", "nfkc", None),
    (17, "code", "ｃｔ—６６０", {}, "CT-660", "upper", None),
    (17, "text", "ＧＥ医疗", {}, "ＧＥ医疗", None, None),  # names stay as written
    (18, "serial", "\u3000AB\u200b1234\u00a0", {}, "AB1234", "nfkc", None),
    (18, "text", " \ufeff迈瑞 医疗\u200b\u3000", {}, "迈瑞 医疗", "trim", None),
    (18, "text", "监护仪\x07", {}, "监护仪", "trim", None),
    (18, "text", "监护\n仪\t二", {}, "监护 仪 二", "trim", None),
    (18, "text", "监护\r\n仪", {"multiline": True}, "监护\n仪", "trim", None),
    (19, "serial", "1.23457E+17", {}, None, None, "identifier.precision-lost"),
    (19, "code", "6.9e+13", {}, None, None, "identifier.precision-lost"),
    (19, "di", "8.44588E+11", {}, None, None, "identifier.precision-lost"),
    (20, "serial", "000123", {}, "000123", None, None),
    (21, "serial", "123456789.0", {}, "123456789", None, "serial.placeholder"),
    (21, "serial", "82640517.0", {}, "82640517", "identifier.float", None),
    (21, "code", "123.0", {}, "123", "identifier.float", None),
    (22, "serial", "12345678901234567891", {}, "12345678901234567891", None, None),
    (24, "code", '="00123"', {}, "00123", "formula-quote", None),
    (24, "serial", "'00123", {}, "00123", "formula-quote", None),
    (25, "serial", "SNO0I1B8", {}, "SNO0I1B8", None, None),
    (26, "serial", "SN123/124", {}, None, None, "serial.many"),
    (27, "serial", "SN001～005", {}, None, None, "serial.many"),
    (29, "serial", "主机A12345+探头P9981", {}, None, None, "serial.composite"),
    (30, "serial", "无", {}, None, None, "serial.placeholder"),
    (30, "serial", "见铭牌", {}, None, None, "serial.placeholder"),
    (30, "serial", "111111", {}, None, None, "serial.placeholder"),
    (30, "serial", "123456", {}, None, None, "serial.placeholder"),
    (30, "serial", "N/A", {}, None, None, "serial.placeholder"),
    (30, "serial", "S/N: 7734-A", {}, "7734-A", "label", None),
    (
        32,
        "udi",
        "(01)06901234567892(17)260500(21)A1",
        {},
        "(01)06901234567892(17)260500(21)A1",
        None,
        None,
    ),
    (
        32,
        "udi",
        "（01）06901234567892（21）A1（17）260500",
        {},
        "(01)06901234567892(17)260500(21)A1",
        "udi.canonical",
        None,
    ),
    (
        32,
        "udi",
        "0106901234567892172605001012\x1d21A1",
        {},
        "(01)06901234567892(17)260500(10)12(21)A1",
        "udi.canonical",
        None,
    ),
    (32, "udi", "06901234567892", {}, "(01)06901234567892", "udi.from-gtin", None),
    (32, "udi", "设备标签模糊", {}, "设备标签模糊", None, "udi.unreadable"),
    (32, "serial", "(01)06901234567892(17)260500(21)A1", {}, "A1", "udi.part", None),
    (32, "di", "(01)06901234567892(17)260500(21)A1", {}, "06901234567892", "udi.part", None),
    (32, "di", "06901234567893", {}, "06901234567893", None, "udi.check-digit"),
    (23, "di", "6901234567892", {}, "6901234567892", None, "udi.gtin-length"),
    (32, "di", "00841523106431", {"issuer": "HIBCC"}, "00841523106431", None, "udi.issuer-form"),
    (
        33,
        "registration_no",
        "国械注进 20153060123",
        {},
        "国械注进20153060123",
        "registration.canonical",
        None,
    ),
    (
        33,
        "registration_no",
        "国食药监械（进）字2013第3540123号",
        {},
        "国食药监械(进)字2013第3540123号",
        "registration.canonical",
        None,
    ),
    (33, "registration_no", "沪械注准20172210045", {}, "沪械注准20172210045", None, None),
    (
        33,
        "registration_no",
        "国械备20150123号",
        {},
        "国械备20150123",
        "registration.canonical",
        None,
    ),
    (33, "registration_no", "正在办理", {}, "正在办理", None, "registration.form"),
    (
        33,
        "registration_no",
        "国械注进20153060123,国械注进20193060555",
        {},
        "国械注进20153060123,国械注进20193060555",
        None,
        "registration.many",
    ),
]

DATES: list[Row] = [
    (34, "date", "45012", {}, "2023-03-27", "date.excel-serial", None),
    (34, "date", "45012", {"date1904": True}, "2027-03-28", "date.excel-serial", None),
    (34, "date", "45012.75", {}, "2023-03-27", "date.time-dropped", None),
    (35, "date", "2023.5.6", {}, "2023-05-06", "date.separated", None),
    (35, "date", "2023/05/06", {}, "2023-05-06", "date.separated", None),
    (35, "date", "2023年5月6日", {}, "2023-05-06", "date.cn", None),
    (35, "date", "2023年05月06号", {}, "2023-05-06", "date.cn", None),
    (35, "date", "２０２３－５－６", {}, "2023-05-06", "date.separated", None),
    (35, "date", "20230506", {}, "2023-05-06", "date.compact", None),
    (35, "date", "2023-05-06", {}, "2023-05-06", None, None),
    (35, "date", "2023-05-06 00:00:00", {}, "2023-05-06", "date.iso", None),
    (35, "date", "2023-05-06T14:30", {}, "2023-05-06", "date.time-dropped", None),
    (35, "date", "06-May-2023", {}, "2023-05-06", "date.english", None),
    (35, "date", "May 6, 2023", {}, "2023-05-06", "date.english", None),
    (36, "date", "2023年5月", {}, "2023-05", "date.cn", None),
    (36, "date", "2023-05", {}, "2023-05", "date.separated", None),
    (36, "date", "二〇二三年五月", {}, "2023-05", "date.cn-numerals", None),
    (36, "date", "05/2023", {}, "2023-05", "date.separated", None),
    (36, "date", "二0二三年五月", {}, "2023-05", "date.cn-numerals", None),
    (36, "date", "二零二三年十二月三十一日", {}, "2023-12-31", "date.cn-numerals", None),
    (36, "date", "2023年5月", {"end_of_month": True}, "2023-05-31", "date.month-end", None),
    (36, "date", "2023年5月中旬", {}, "2023-05", "date.about", None),
    (36, "date", "2023", {}, None, None, "date.year-only"),
    (37, "date", "05/06/2023", {}, None, None, "date.ambiguous"),
    (37, "date", "05/06/2023", {"order": "dmy"}, "2023-06-05", "date.order-vote", None),
    (37, "date", "05/06/2023", {"order": "mdy"}, "2023-05-06", "date.order-vote", None),
    (37, "date", "25/06/2023", {}, "2023-06-25", "date.order-known", None),
    (37, "date", "06/25/2023", {"order": "dmy"}, "2023-06-25", "date.order-known", None),
    (37, "date", "05/05/2023", {}, "2023-05-05", "date.order-known", None),
    (38, "date", "2023-02-30", {}, None, None, "date.invalid"),
    (38, "date", "2023年13月1日", {}, None, None, "date.invalid"),
    (38, "date", "2024-02-29", {}, "2024-02-29", None, None),
    (38, "date", "2023-02-29", {}, None, None, "date.invalid"),
    (38, "date", "2203-05-06", {}, None, None, "date.implausible"),
    (39, "date", "1900-01-00", {}, None, "date.zero", None),
    (39, "date", "0000-00-00", {}, None, "date.zero", None),
    (39, "date", "长期", {}, None, "date.open-ended", None),
    (39, "date", "9999-12-31", {}, None, "date.open-ended", None),
    (40, "date", "2023.5-2026.5", {}, None, None, "date.period"),
    (40, "date", "2023.5-2026.5", {"part": "start"}, "2023-05", "date.period-start", None),
    (
        40,
        "date",
        "2023.5-2026.5",
        {"part": "end", "end_of_month": True},
        "2026-05-31",
        "date.period-end",
        None,
    ),
    (40, "date", "2023-05-06至2026-05-05", {"part": "end"}, "2026-05-05", "date.period-end", None),
    (41, "duration", "三年", {}, "P36M", "duration.months", None),
    (41, "duration", "36个月", {}, "P36M", "duration.months", None),
    (41, "duration", "整机原厂质保三年", {}, "P36M", "duration.months", None),
    (41, "duration", "2年半", {}, "P30M", "duration.months", None),
    (41, "duration", "半年", {}, "P6M", "duration.months", None),
    (41, "duration", "18 months", {}, "P18M", "duration.months", None),
    (41, "duration", "90天", {}, "P90D", "duration.days", None),
    (41, "duration_months", "一年", {}, "12", "duration.months", None),
    (41, "duration_months", "24", {}, "24", None, None),
    (41, "duration_months", "90天", {}, None, None, "duration.not-months"),
    (42, "duration", "整机一年球管两年", {}, None, None, "duration.many"),
]

AMOUNTS: list[Row] = [
    (44, "money", "12.5万", {}, "125000.00", "number.scale", None),
    (44, "money", "12.5万元", {}, "125000.00", "number.scale", None),
    (44, "money", "12.5", {"header": "采购价（万元）"}, "125000.00", "number.scale", None),
    (44, "money", "12.5", {"unit": "万元"}, "125000.00", "number.scale", None),
    (44, "money", "壹拾贰万伍仟元", {}, "125000.00", "number.cn-numerals", None),
    (44, "money", "人民币叁佰零伍元柒角贰分", {}, "305.72", "number.cn-numerals", None),
    (44, "money", "0.1234", {}, "0.1234", None, None),
    (44, "money", "¥1,234.5", {}, "1234.50", "number.separators", None),
    (44, "money", "1.234,56", {}, "1234.56", "number.european", None),
    (44, "money", "12,5", {}, None, None, "number.ambiguous"),
    (44, "money", "面议", {}, None, None, "number.unreadable"),
    (44, "decimal", "1.2亿", {}, "120000000", "number.scale", None),
    (44, "decimal", "0.30", {}, "0.3", None, None),
    (45, "money", "USD 12,000", {}, "12000.00", "number.separators", None),
    (45, "money", "12000美元", {}, "12000.00", "money.currency", None),
    (45, "currency", "美元", {}, "USD", "currency.name", None),
    (45, "currency", "人民币", {}, "CNY", "currency.name", None),
    (45, "currency", "贝壳", {}, None, None, "currency.unknown"),
    (46, "quantity", "220V", {}, "220", "number.unit", None),
    (46, "quantity", "1.5T", {}, "1.5", "number.unit", None),
    (46, "quantity", "15公斤", {}, "15", "number.unit", None),
    (46, "quantity", "1500克", {"unit": "kg"}, "1.5", "number.unit", None),
    (46, "quantity", "220V", {"unit": "kg"}, None, None, "number.unit"),
    (47, "money", "(1,234)", {}, "-1234.00", "number.accounting", None),
    (47, "decimal", "（1,234）", {}, "-1234", "number.accounting", None),
    (47, "decimal", "1,234-", {}, "-1234", "number.accounting", None),
    (47, "money", "-¥5", {}, "-5.00", "money.currency", None),
    (47, "money", "(1,234)", {"minimum": 0}, None, None, "number.range"),
    (0, "integer", "5.0", {}, "5", None, None),
    (0, "integer", "12.5", {}, None, None, "number.not-integer"),
    (0, "integer", "5台", {}, "5", "number.unit", None),
]

STATUS = {"installed": ["在用", "使用中"], "retired": ["停用", "封存"], "scrapped": ["报废"]}

CODES: list[Row] = [
    (56, "phone", "010-69156114转8001", {}, '["+861069156114;ext=8001"]', "phone.e164", None),
    (
        56,
        "phone",
        "13800138000、010-69156114",
        {},
        '["+8613800138000", "+861069156114"]',
        "phone.e164",
        None,
    ),
    (56, "phone", "(010)69156114-8001", {}, '["+861069156114;ext=8001"]', "phone.e164", None),
    (
        56,
        "phone",
        "010-69156114/69156115",
        {},
        '["+861069156114", "+861069156115"]',
        "phone.e164",
        None,
    ),
    (56, "phone", "张三 13800138000", {}, '["+8613800138000"]', "phone.e164", None),
    (56, "phone", "12345", {}, None, None, "phone.invalid"),
    (56, "phone", "13800138000/999", {}, '["+8613800138000"]', "phone.e164", "phone.invalid"),
    (57, "uscc", "9144 0300 7084 6113 6T", {}, "91440300708461136T", "nfkc", None),
    (57, "uscc", "914403007084611360", {}, None, None, "uscc.check-character"),
    (57, "uscc", "440301103097413", {}, None, None, "uscc.form"),
    (57, "id_card", "11010519491231002X", {}, "110105********002X", "idcard.masked", None),
    (57, "id_card", "110105194912310021", {}, None, None, "idcard.check-character"),
    (57, "id_card", "130503670401001", {}, "130503******001", "idcard.masked", None),
    (58, "boolean", "是", {}, "true", "boolean.word", None),
    (58, "boolean", "√", {}, "true", "boolean.word", None),
    (58, "boolean", "Y", {}, "true", "boolean.word", None),
    (58, "boolean", "无", {}, "false", "boolean.word", None),
    (58, "boolean", "", {}, None, None, None),
    (58, "boolean", "/", {}, None, "null-word", None),
    (58, "boolean", "也许", {}, None, None, "boolean.unreadable"),
    (59, "enum", "在用", {"allowed": STATUS}, "installed", "enum.alias", None),
    (59, "enum", " 封 存 ", {"allowed": STATUS}, "retired", "enum.alias", None),
    (59, "enum", "外星", {"allowed": STATUS}, None, None, "enum.unknown"),
    (60, "text", "不详", {}, None, "null-word", None),
    (60, "text", "N/A", {}, None, "null-word", None),
    (60, "text", "／", {}, None, "null-word", None),
    (60, "text", "无菌手套", {}, "无菌手套", None, None),
    (60, "text", "N/A", {"null_words": False}, "N/A", None, "text.null-word"),
    (60, "date", "不详", {}, None, "null-word", None),
    (60, "money", "-", {}, None, "null-word", None),
    (60, "code", "NULL", {}, None, "null-word", None),
    (3, "text", "锟斤拷公司", {}, None, None, "text.mojibake"),
]


def _id(row: Row) -> str:
    return f"{row[0]}-{row[1]}-{row[2]!r}-{','.join(map(str, row[3]))}"


@pytest.mark.parametrize("row", IDENTIFIERS + DATES + AMOUNTS + CODES, ids=_id)
def test_each_kind_of_dirt_ends_in_the_value_worked_out_by_hand(row: Row) -> None:
    _, kind, raw, args, value, rule, issue = row
    if issue and RULES[issue].severity != "warn":
        value = None
    result = norm(kind, raw, **args)
    assert (result.value, result.rule, result.issue) == (value, rule, issue)


@pytest.mark.parametrize(
    ("kind", "raw", "unit"),
    [
        ("money", "USD 12,000", "USD"),
        ("money", "￥5", "CNY"),
        ("money", "5", None),
        ("quantity", "220V", "V"),
        ("quantity", "15公斤", "kg"),
        ("quantity", "1.5T", "T"),
    ],
)
def test_the_unit_or_currency_found_is_kept_beside_the_number(
    kind: str, raw: str, unit: str | None
) -> None:
    assert norm(kind, raw).unit == unit


def test_precision_says_whether_a_date_is_a_day_or_a_month() -> None:
    assert norm("date", "2023年5月").precision == "month"
    assert norm("date", "2023年5月", end_of_month=True).precision == "month"
    assert norm("date", "2023-05-06").precision == "day"


def test_by_products_tell_what_a_person_needs_to_decide() -> None:
    assert norm("di", "0013964672053").more == {"proposal": "00013964672053"}
    assert norm("di", "06901234567893").more == {"expected_check": "2"}
    assert norm("date", "05/06/2023").more == {"dmy": "2023-06-05", "mdy": "2023-05-06"}
    assert norm("duration", "整机一年球管两年").more == {"整机": "P12M", "球管": "P24M"}
    assert norm("enum", "使用中的", allowed=STATUS).more == {"proposal": "installed"}
    assert json.loads(norm("serial", "SN001～003").more["parts"]) == ["SN001", "SN002", "SN003"]
    old = norm("registration_no", "国食药监械(进)字2013第3540123号").more
    assert (old["form"], old["place"], old["origin"], old["year"], old["class"]) == (
        "old",
        "国",
        "进",
        "2013",
        "3",
    )
    udi = norm("udi", "(01)06901234567892(17)260500(21)A1").more
    assert (udi["di"], udi["expiry"], udi["serial"]) == ("06901234567892", "2026-05-31", "A1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("WRIGHT MEDICAL TECHNOLOGY, INC.", "Wright Medical Technology Inc", True),
        ("Choice Spine, LP", "CHOICE SPINE", True),
        ("上海联影医疗科技股份有限公司", "上海联影医疗科技有限公司", True),
        ("西门子医疗（上海）有限公司", "西门子医疗(上海)有限公司", True),
        ("迈瑞", "迈锐", False),
        ("GE医疗", "通用电气医疗", False),
    ],
)
def test_the_party_key_ignores_width_case_and_legal_form_only(
    one: str, other: str, same: bool
) -> None:
    assert (norm("party_key", one).value == norm("party_key", other).value) is same


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("NA Ltd", "naltd"),
        ("N.A. Inc", "nainc"),
        ("n;a", None),
        ("N/A", None),
        ("Acme Ltd", "acme"),
    ],
)
def test_a_name_of_which_only_a_word_for_nothing_is_left_keeps_its_legal_form(
    raw: str, key: str | None
) -> None:
    assert norm("party_key", raw).value == key


def test_a_valid_credit_code_is_the_party_key() -> None:
    assert norm("party_key", "91440300708461136t").value == "91440300708461136T"
