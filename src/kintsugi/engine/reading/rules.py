"""Rules under which the readers put rows aside or mark cells, in the engine's one registry."""

from typing import Final

from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import Rule, register

READING_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "row.header-repeated",
        "warn",
        Text("表头在数据中重复出现", "The header is repeated among the data"),
        Text("无需处理：该行已排除并计数。", "Nothing to do: the row was excluded and counted."),
        (10,),
    ),
    Rule(
        "row.title-repeated",
        "warn",
        Text("标题行在数据中重复出现", "A title row is repeated among the data"),
        Text("无需处理：该行已排除并计数。", "Nothing to do: the row was excluded and counted."),
        (10,),
    ),
    Rule(
        "row.total",
        "warn",
        Text("合计或小计行", "A total or subtotal row"),
        Text(
            "该行已排除；请核对其数值与明细之和。",
            "The row was excluded; compare its figures with the sum of the details.",
        ),
        (11,),
    ),
    Rule(
        "row.footer",
        "warn",
        Text("制表人、打印时间等表尾行", "A footer row (prepared by, printed on …)"),
        Text("无需处理：该行已排除并计数。", "Nothing to do: the row was excluded and counted."),
        (11,),
    ),
    Rule(
        "row.section",
        "warn",
        Text("横跨整表的分组标题行", "A section title across the table"),
        Text(
            "该行已排除；若它说明了以下各行所属科室，请补入相应列。",
            "The row was excluded; if it names the department of the rows below, add it to them.",
        ),
        (7,),
    ),
    Rule(
        "row.ragged",
        "block",
        Text("该行的列数与表头不符", "The line does not have as many fields as the header"),
        Text(
            "请在来源中检查该行的分隔符和引号，更正后重新导入。",
            "Check the separators and quotes of this line in the source, then import again.",
        ),
        (5,),
    ),
    Rule(
        "paper.unconfirmed",
        "ask",
        Text(
            "关键单元格由识别得出，尚无人核对", "A cell that matters was recognised, not confirmed"
        ),
        Text(
            "请对照图片核对，并用 --confirmed 交回。",
            "Compare it with the picture and hand the answer in with --confirmed.",
        ),
    ),
    Rule(
        "row.cell-too-long",
        "block",
        Text("单元格内容超过长度上限", "A cell is longer than the limit"),
        Text(
            "请检查该行是否缺少引号或换行，更正后重新导入。",
            "Check whether a quote or a line end is missing here, then import again.",
        ),
        (5,),
    ),
    Rule(
        "cell.mojibake",
        "block",
        Text("乱码，原文已不可恢复", "Garbled text that cannot be recovered"),
        Text(
            "请从原系统以 UTF-8 重新导出，或由人工补录。",
            "Export again from the original system as UTF-8, or enter the value by hand.",
        ),
        (3,),
    ),
    Rule(
        "cell.mojibake-reversible",
        "ask",
        Text("乱码，可以还原", "Garbled text that can be restored"),
        Text("请确认建议的还原文本。", "Confirm the proposed text."),
        (3,),
    ),
    Rule(
        "cell.error",
        "block",
        Text("单元格是错误值（如 #N/A）", "The cell holds an error such as #N/A"),
        Text("请在工作簿中修正公式后重新导入。", "Mend the formula in the workbook, import again."),
        (14,),
    ),
    Rule(
        "cell.formula-uncached",
        "block",
        Text("公式没有保存计算结果", "The formula has no stored result"),
        Text(
            "请用 Excel 打开并保存该工作簿，然后重新导入。",
            "Open and save the workbook in Excel, then import again.",
        ),
        (14,),
    ),
    Rule(
        "cell.precision-lost",
        "block",
        Text("长数字已丢失精度", "A long number has lost digits"),
        Text(
            "请在来源中把该列设为文本格式并重新录入完整号码。",
            "Format the column as text in the source and enter the full number again.",
        ),
        (19,),
    ),
)

for _rule in READING_RULES:
    register(_rule)
