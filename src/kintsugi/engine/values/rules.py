"""The one registry of what can be wrong with a value, row or line, and of what was done to it.

``RULES`` are issues: id, severity, title, remedy, and the numbers of the kinds of dirt they name
(the list in the onboarding design). Readers and checks register theirs with ``register``.
``ACTIONS`` are the ids a normaliser reports in ``rule``: harmless, explained in provenance.

Severity: ``block`` and ``ask`` leave no value behind (a person decides); ``warn`` may keep one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from kintsugi.engine.text import Text

Severity = Literal["block", "warn", "ask"]


class Rule(NamedTuple):
    """One kind of issue. ``title`` may have the place ``{value}``; fill it with ``describe``."""

    id: str
    severity: Severity
    title: Text
    remedy: Text
    dirt: tuple[int, ...] = ()

    def describe(self, value: str | None) -> Text:
        """The title with the value set in. Braces inside the value are harmless."""
        shown = value if value is not None else ""
        return Text(*(part.replace("{value}", shown) for part in self.title))


RULES: dict[str, Rule] = {}
ACTIONS: dict[str, Text] = {}


def register(rule: Rule) -> Rule:
    """Add a rule; the same rule twice is harmless, another one under a taken id is our bug."""
    assert RULES.get(rule.id, rule) == rule, f"rule id {rule.id} is taken"
    RULES[rule.id] = rule
    return rule


def register_action(action: str, title: Text) -> None:
    """Add what a normaliser may report as done."""
    assert ACTIONS.get(action, title) == title, f"action id {action} is taken"
    ACTIONS[action] = title


def _rules(
    *rows: tuple[str, Severity, tuple[int, ...], str, str, str, str],
) -> None:
    for rule_id, severity, dirt, zh, en, remedy_zh, remedy_en in rows:
        register(Rule(rule_id, severity, Text(zh, en), Text(remedy_zh, remedy_en), dirt))


# fmt: off
_rules(
    # --- text and codes
    ("text.mojibake", "ask", (3,),
     "「{value}」是解码损坏的文字，原文已丢失",
     "“{value}” is text broken by decoding; the original is lost",
     "请从来源系统用正确编码重新导出。", "Export again from the source with the right encoding."),
    ("text.too-long", "ask", (),
     "「{value}」超过该字段允许的长度", "“{value}” is longer than the field allows",
     "请缩短，或检查列是否映射错。", "Shorten it, or check whether the column is mapped wrongly."),
    ("text.null-word", "warn", (60,),
     "名称写作「{value}」，像是没有填", "The name reads “{value}”, as if it were not filled in",
     "请补上真正的名称。", "Give the real name."),
    ("code.form", "ask", (),
     "「{value}」不符合该代码的格式", "“{value}” does not have the form of this code",
     "请改为数据手册中的格式。", "Write it in the form the field handbook gives."),
    ("identifier.precision-lost", "ask", (19,),
     "「{value}」是科学计数法，末尾数字已丢失，不能作为键",
     "“{value}” is in scientific notation: its last digits are lost, it cannot be a key",
     "请把来源列设为文本后重新导出。", "Set the source column to text and export again."),
    ("identifier.zeros-lost", "ask", (20, 23),
     "「{value}」可能丢了前导零", "“{value}” may have lost leading zeros",
     "请批准建议的补零，或从来源重新导出。", "Approve the proposed padding, or export again."),
    ("email.invalid", "ask", (),
     "「{value}」不是电子邮件地址", "“{value}” is not an e-mail address",
     "请改正地址。", "Correct the address."),
    ("country.unknown", "ask", (),
     "不认识国家「{value}」", "The country “{value}” is unknown",
     "请用 ISO 3166-1 两位代码。", "Use the two-letter ISO 3166-1 code."),
    # --- serial numbers
    ("serial.placeholder", "ask", (30,),
     "「{value}」不是序列号，只是占位", "“{value}” is a placeholder, not a serial number",
     "请到设备铭牌上抄录序列号。", "Read the serial number from the name plate."),
    ("serial.many", "ask", (26, 27),
     "「{value}」里有多个序列号", "“{value}” holds more than one serial number",
     "数量相符时会拆成多台；否则请逐台填写。",
     "With an agreeing quantity it is split; otherwise write one device a row."),
    ("serial.composite", "ask", (29,),
     "「{value}」里写了主机和附件的序列号",
     "“{value}” holds the serial numbers of a main unit and of its parts",
     "请确认建议的主机序列号；附件请另行登记。",
     "Confirm the serial number proposed for the main unit; record the parts on their own."),
    ("serial.count", "ask", (26, 27, 28),
     "序列号个数与数量不符：「{value}」",
     "The serial numbers disagree with the quantity: “{value}”",
     "请核对数量，或逐台填写序列号。", "Check the quantity, or write one serial number for each."),
    # --- dates and terms
    ("date.invalid", "ask", (38,),
     "日历上没有「{value}」这一天", "There is no day “{value}” in the calendar",
     "请改正日期。", "Correct the date."),
    ("date.unreadable", "ask", (),
     "读不懂日期「{value}」", "The date “{value}” cannot be read",
     "请写成 2023-05-06 的形式。", "Write it like 2023-05-06."),
    ("date.ambiguous", "ask", (37,),
     "「{value}」可以是两个日期，该列也没有给出答案",
     "“{value}” can be two dates, and the column does not settle it",
     "请确认该列是日/月/年还是月/日/年。", "Say whether the column is day/month or month/day."),
    ("date.implausible", "ask", (),
     "日期「{value}」的年份不合理", "The year of “{value}” is not plausible",
     "请核对年份（应在 1950 至 2150 之间）。", "Check the year (between 1950 and 2150)."),
    ("date.year-only", "ask", (36,),
     "「{value}」只有年份", "“{value}” gives a year only",
     "请至少补上月份。", "Add at least the month."),
    ("date.period", "ask", (40,),
     "「{value}」是一段时间，不是一个日期", "“{value}” is a period, not a date",
     "请把该列映射为起、止两个字段。", "Map the column to a start and an end field."),
    ("duration.unreadable", "ask", (41,),
     "读不懂期限「{value}」", "The term “{value}” cannot be read",
     "请写成 36 个月 或 3 年。", "Write it like 36 months or 3 years."),
    ("duration.many", "ask", (42,),
     "「{value}」里有多个期限", "“{value}” holds more than one term",
     "请按部件分别登记保修。", "Record the warranty of each component."),
    ("duration.not-months", "ask", (41,),
     "「{value}」不是整月", "“{value}” is not a whole number of months",
     "请改为整月，或登记起止日期。", "Give whole months, or the start and end dates."),
    ("warranty.conflict", "ask", (43,),
     "写着过保，截止日期却在将来：「{value}」",
     "Out of warranty it says, but the end lies ahead: “{value}”",
     "请核对合同后改正其一。", "Check the contract and correct one of the two."),
    # --- numbers and money
    ("number.unreadable", "ask", (44, 46),
     "「{value}」不是数字", "“{value}” is not a number",
     "请写成 1234.56 的形式。", "Write it like 1234.56."),
    ("number.ambiguous", "ask", (44,),
     "「{value}」中的逗号可以是千分位，也可以是小数点",
     "The comma in “{value}” can be a thousands sign or a decimal sign",
     "请去掉千分位逗号。", "Leave out the thousands sign."),
    ("number.not-integer", "ask", (),
     "「{value}」不是整数", "“{value}” is not a whole number",
     "请改为整数。", "Give a whole number."),
    ("number.range", "ask", (),
     "「{value}」超出允许范围", "“{value}” is out of range",
     "请核对数值与单位。", "Check the number and its unit."),
    ("number.unit", "ask", (46,),
     "「{value}」的单位与该字段不符", "The unit of “{value}” does not fit the field",
     "请换算成字段的单位。", "Convert it to the unit of the field."),
    ("currency.unknown", "ask", (45,),
     "不认识币种「{value}」", "The currency “{value}” is unknown",
     "请用 ISO 4217 三位代码。", "Use the three-letter ISO 4217 code."),
    # --- coded values
    ("boolean.unreadable", "ask", (58,),
     "「{value}」不能判断是或否", "“{value}” is neither yes nor no",
     "请写 是 或 否。", "Write yes or no."),
    ("enum.unknown", "ask", (59,),
     "「{value}」不在允许的取值中", "“{value}” is not an allowed value",
     "请选择一个取值；选择会记入对照表。", "Choose a value; the choice goes into the value map."),
    # --- parties
    ("phone.invalid", "warn", (56,),
     "「{value}」中有号码不是有效的电话", "“{value}” holds a number that is no valid telephone",
     "请核对号码与区号。", "Check the number and its area code."),
    ("uscc.check-character", "ask", (57,),
     "统一社会信用代码「{value}」的校验位不符",
     "The check character of the credit code “{value}” is wrong",
     "请按营业执照核对 18 位代码。", "Compare all 18 characters with the business licence."),
    ("uscc.form", "ask", (57,),
     "「{value}」不是 18 位统一社会信用代码",
     "“{value}” is not an 18-character unified social credit code",
     "旧注册号请换成新代码。", "Replace an old registration number by the present code."),
    ("idcard.check-character", "ask", (57,),
     "身份证号校验位不符：{value}", "The check character of the identity number is wrong: {value}",
     "请核对证件。", "Check the document."),
    ("registration.form", "warn", (33,),
     "「{value}」不像注册证或备案号", "“{value}” does not look like a registration number",
     "请按注册证核对编号。", "Compare it with the certificate."),
    ("registration.many", "warn", (33,),
     "「{value}」里有多个注册证号", "“{value}” holds more than one registration number",
     "请分别登记各注册证。", "Record each certificate on its own."),
    # --- identifiers of the UDI system
    ("udi.check-digit", "warn", (32,),
     "产品标识「{value}」的校验位不符", "The check digit of the identifier “{value}” is wrong",
     "请扫描标签或查 UDI 数据库核对；记录照常载入。",
     "Scan the label or look it up in the UDI database; the record is loaded all the same."),
    ("udi.gtin-length", "warn", (23, 32),
     "「{value}」位数不对：UDI-DI 的 GTIN 应为 14 位",
     "“{value}” has the wrong length: the GTIN of a UDI-DI has 14 digits",
     "校验位相符时建议在左侧补零，批准后生效。",
     "Where the check digit agrees, padding with zeros is proposed and waits for approval."),
    ("udi.form", "warn", (32,),
     "「{value}」不符合任何发码机构的标识格式", "“{value}” has the form of no issuing agency",
     "请扫描标签核对。", "Compare it with the label by scanning."),
    ("udi.issuer-form", "warn", (32,),
     "标识「{value}」的形式与所填发码机构不符",
     "The form of “{value}” contradicts the issuing agency given",
     "请核对发码机构。", "Check the issuing agency."),
    ("udi.unreadable", "warn", (32,),
     "读不懂完整 UDI「{value}」", "The full UDI “{value}” cannot be read",
     "请用扫码枪重新扫描。", "Scan the label again."),
)

for _id, _zh, _en in (
    ("trim", "去除首尾空白与不可见字符", "blanks and invisible characters removed"),
    ("null-word", "表示没有的字样按空值处理", "a word for nothing is read as empty"),
    ("formula-quote", "去掉 =\"…\" 或撇号", "=\"…\" or apostrophe removed"),
    ("nfkc", "全角转半角", "full-width to half-width"),
    ("upper", "转为大写", "to upper case"),
    ("dash", "各种横线统一为 -", "dashes made one"),
    ("label", "去掉前置标签", "label in front removed"),
    ("identifier.float", "去掉电子表格加上的 .0", "the .0 of a spreadsheet removed"),
    ("udi.part", "从完整 UDI 中取出", "taken out of a full UDI"),
    ("udi.canonical", "改写为标准元素串", "written as canonical element string"),
    ("udi.from-gtin", "GTIN 作为只有 DI 的 UDI", "a bare GTIN taken as a UDI"),
    ("date.iso", "ISO 日期", "ISO date"),
    ("date.separated", "年月日带分隔符", "year, month, day with separators"),
    ("date.cn", "中文日期", "Chinese date"),
    ("date.cn-numerals", "中文数字日期", "date in Chinese numerals"),
    ("date.compact", "八位数字日期", "eight-digit date"),
    ("date.yymmdd", "六位数字日期", "six-digit date"),
    ("date.excel-serial", "电子表格日期序号", "spreadsheet serial day"),
    ("date.english", "英文月份", "English month name"),
    ("date.order-vote", "按该列的多数顺序", "by the order the column votes for"),
    ("date.order-known", "数值只允许一种顺序", "only one order is possible"),
    ("date.two-digit-year", "两位年份", "two-digit year"),
    ("date.minguo", "民国纪年", "Minguo year"),
    ("date.time-dropped", "去掉时刻", "time of day dropped"),
    ("date.month-end", "月份取最后一天", "month taken to its last day"),
    ("date.about", "旬、初、底按月处理", "early, mid or late month read as the month"),
    ("date.zero", "零日期按空值处理", "zero date read as empty"),
    ("date.open-ended", "长期有效", "open-ended"),
    ("date.period-start", "取时间段的开始", "start of the period"),
    ("date.period-end", "取时间段的结束", "end of the period"),
    ("number.separators", "去掉千分位", "thousands signs removed"),
    ("number.european", "逗号作小数点", "decimal comma"),
    ("number.accounting", "括号或尾随负号为负数", "brackets or trailing minus are negative"),
    ("number.scientific", "科学计数法展开", "scientific notation written out"),
    ("number.scale", "按万、亿等换算", "scaled by 万, 亿 and the like"),
    ("number.cn-numerals", "中文数字", "Chinese numerals"),
    ("number.unit", "分出单位", "unit split off"),
    ("money.currency", "分出币种", "currency split off"),
    ("currency.name", "币种名称转代码", "currency name to code"),
    ("country.name", "国家名称转代码", "country name to code"),
    ("boolean.word", "是否字样转布尔值", "word for yes or no"),
    ("enum.alias", "按别名转为代码", "alias to code"),
    ("duration.months", "期限换成月", "term in months"),
    ("duration.days", "期限换成天", "term in days"),
    ("list.split", "拆成列表", "split into a list"),
    ("serial.split", "拆成多个序列号", "split into serial numbers"),
    ("phone.e164", "转为 E.164", "to E.164"),
    ("registration.canonical", "改写为标准证号", "certificate number in canonical form"),
    ("party.key", "名称归一", "name folded to a key"),
    ("uscc.key", "信用代码作键", "credit code as key"),
    ("idcard.masked", "身份证号已遮盖", "identity number masked"),
):
    register_action(_id, Text(_zh, _en))
# fmt: on
