"""What purchasing refuses, in words: code → HTTP status, what is wrong, what to do.

``refuse("serial-doubled", serial_no="SN1")`` makes the refusal ``purchasing.serial-doubled``; facts
in braces are filled in, and all facts travel with it. Rules of the database are put in words too.
"""

import contextlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import DatabaseError

from kintsugi.core.errors import KintsugiError, Text

#: code: (status, what in Chinese, what in English, remedy in Chinese, remedy in English)
WORDS: dict[str, tuple[int, str, str, str, str]] = {
    # -- documents --------------------------------------------------------------------------------
    "no-lines": (422, "没有明细行。", "There are no lines.", "至少添加一行。", "Add a line."),
    "too-many-lines": (
        422, "一次最多 {limit} 行。", "At most {limit} lines at a time.",
        "分成几张单据。", "Make several documents.",
    ),
    "quantity": (
        422, "第 {line} 行的数量不成立。", "The quantity of line {line} is none.",
        "数量须大于 0。", "Give more than 0.",
    ),
    "percent": (
        422, "第 {line} 行的百分比须在 0 与 100 之间。",
        "A percentage of line {line} is not between 0 and 100.",
        "更正税率或可超收比例。", "Correct the tax rate or what may be over.",
    ),
    "no-request": (
        422, "没有请购单“{value}”。", "There is no purchase request “{value}”.",
        "核对单号。", "Check the number.",
    ),
    "no-notice": (
        422, "没有到货通知“{value}”。", "There is no advance notice “{value}”.",
        "核对单号,或留空。", "Check the number, or leave it empty.",
    ),
    "reason-missing": (
        422, "没有写明原因。", "No reason was given.", "写明原因。", "Say why.",
    ),
    "same-person": (
        403, "{first}的人不能自己{second}。", "Who {first_en} cannot {second_en}.",
        "请另一位同事处理。", "Ask a colleague.",
    ),
    "not-a-supplier": (
        422, "{name} 不是供应商。", "{name} is no supplier.",
        "选择供应商,或先在往来单位中登记其供应商角色。",
        "Choose a supplier, or give the party that role first.",
    ),
    "not-passed": (
        409, "{failed} 项校验未通过:{why_zh}", "{failed} checks did not pass: {why_en}",
        "{remedy_zh}", "{remedy_en}",
    ),
    "may-not-be-placed": (
        409, "订单的资质校验未通过({reason})。", "A check of the order did not pass ({reason}).",
        "在订单页查看校验结果。", "See the checks on the order's page.",
    ),
    "other-order": (
        422, "该行不属于订单 {order}。", "The line is not one of order {order}.",
        "核对订单号与行。", "Check the order and its lines.",
    ),
    "notice-open": (
        409, "订单 {order} 有在途的到货通知 {notice}。",
        "Notice {notice} of order {order} is still on its way.",
        "先与供应商确认并取消到货通知,再取消订单。",
        "Agree with the supplier, cancel the notice, then the order.",
    ),
    "receipt-open": (
        409, "订单 {order} 有正在收货的 {receipt}。", "Receipt {receipt} of order {order} is open.",
        "先过账或取消该收货单。", "Post or cancel that receipt first.",
    ),
    "shipment-announced": (
        409, "供应商发货单 {shipment_no} 已登记为 {notice}。",
        "Shipment {shipment_no} is recorded as {notice} already.",
        "核对发货单号;有变化时先取消原通知。",
        "Check the number; cancel the old notice if it changed.",
    ),
    "announced-too-much": (
        422, "第 {line} 行通知 {qty},订单未到 {open}。",
        "Line {line} announces {qty}; {open} of the order is still to come.",
        "与供应商核对数量。", "Check the quantity with the supplier.",
    ),
    "serials-and-quantity": (
        422, "第 {line} 行的数量与序列号个数不符。",
        "The quantity of line {line} is not its number of serials.",
        "补齐序列号,或更正数量。", "Complete the serial numbers, or correct the quantity.",
    ),
    # -- receiving --------------------------------------------------------------------------------
    "no-order": (
        422, "没有采购订单“{order}”,不能收货。", "There is no purchase order “{order}”.",
        "将货物放到待处理区并联系采购;有已下单的订单才能收货。",
        "Set the goods apart and call purchasing: goods are received for an order only.",
    ),
    "order-not-open": (
        409, "订单 {order} 的状态为“{status_zh}”,不能收货。",
        "Order {order} is {status_en}: nothing is received for it.",
        "核对订单号,或联系采购。", "Check the number, or call purchasing.",
    ),
    "receipt-closed": (
        409, "收货单 {receipt} 已不在收货中。", "Receipt {receipt} is not open any more.",
        "漏收的货物另开一张收货单。", "Open another receipt for goods that were missed.",
    ),
    "nothing-scanned": (
        409, "收货单 {receipt} 还没有扫描任何货物。", "Nothing was scanned into receipt {receipt}.",
        "逐件扫描后再过账。", "Scan the goods, then post.",
    ),
    "late-reason": (
        422, "到货日 {day} 早于今天。", "The goods arrived on {day}, before today.",
        "写明补录原因。", "Say why it is recorded late.",
    ),
    "day-to-come": (
        422, "{day} 还没到。", "{day} has not come yet.", "填写实际到货日。",
        "Give the day the goods arrived.",
    ),
    "temperature-missing": (
        422, "{product_code} 需冷链,但未填写到货温度或运输时长。",
        "{product_code} is kept cold; temperature on arrival or hours of transport are missing.",
        "读取温度记录仪并填写。", "Read the recorder and fill both in.",
    ),
    "other-product": (
        422, "输入的产品是 {product_code},标签上是 {labelled}。",
        "{product_code} was typed, the label is of {labelled}.",
        "核对标签。", "Look at the label.",
    ),
    "package-size": (
        422, "{product_code} 的这种包装内装多少未登记。",
        "How many of {product_code} this package holds is not on record.",
        "补全产品的包装关系,或扫描单件标签。",
        "Complete the product's package levels, or scan the single labels.",
    ),
    "unknown-product": (
        422, "没有“{value}”对应的产品。", "No product has “{value}”.",
        "放到待处理区;由主数据登记该标识后再收。",
        "Set it apart; master data records the identifier first.",
    ),
    "not-ordered": (
        409, "{product_code} 不在订单 {order} 上。", "{product_code} is not on order {order}.",
        "放到待处理区并联系采购,或改用正确的订单收货。",
        "Set it apart and call purchasing, or receive it for its own order.",
    ),
    "lot-missing": (
        422, "{product_code} 缺批号。", "{product_code} needs a lot number.",
        "扫描含批号的条码,或手工输入。", "Scan the code that carries it, or type it.",
    ),
    "serial-missing": (
        422, "{product_code} 缺序列号。", "{product_code} needs a serial number.",
        "扫描含序列号的条码,或手工输入。", "Scan the code that carries it, or type it.",
    ),
    "expiry-missing": (
        422, "{product_code} 缺有效期。", "{product_code} needs an expiry date.",
        "照标签输入有效期。", "Type the date from the label.",
    ),
    "package-of-serials": (
        422, "这是 {qty} 件的包装,{product_code} 要逐件登记序列号。",
        "This is a package of {qty}; {product_code} is recorded piece by piece.",
        "打开包装,逐件扫描。", "Open it and scan every piece.",
    ),
    "serial-doubled": (
        409, "序列号 {serial_no} 在本单中已扫描。",
        "Serial {serial_no} was scanned into this receipt already.",
        "无需再扫;若实物另有一台,核对两个标签。",
        "Nothing to do; if there is a second thing, compare both labels.",
    ),
    "serial-ours": (
        409, "序列号 {serial_no} 已在本公司登记{where_zh}。",
        "Serial {serial_no} is on record already{where_en}.",
        "核对标签;放到待处理区并联系质量。", "Look at the label; set it apart and call quality.",
    ),
    "lot-differs": (
        409, "批号 {lot_no} 的有效期原为 {known},标签为 {read}。",
        "Lot {lot_no} expires on {known} by the record, on {read} by this label.",
        "核对标签;放到待处理区并联系质量。", "Look at the label; set it apart and call quality.",
    ),
    "expired": (
        409, "已过有效期({expiry})。", "It expired on {expiry}.",
        "拒收,并在随货单上注明。", "Refuse it and say so on the delivery note.",
    ),
    "made-after-expiry": (
        422, "生产日期晚于有效期。", "It was made after its expiry.",
        "核对标签。", "Look at the label.",
    ),
    "near-expiry": (
        409, "剩余效期 {days} 天,订单要求至少 {least} 天。",
        "{days} days to expiry; the order wants {least} at least.",
        "联系采购;同意后由采购改单,否则拒收。",
        "Call purchasing; without their consent it is refused.",
    ),
    "over-receipt": (
        409, "{product_code} 还可收 {open},本次扫描为 {qty}。",
        "{open} of {product_code} may still be received; this scan is {qty}.",
        "多出的放到待处理区并联系采购。", "Set what is over apart and call purchasing.",
    ),
    "lines-moved-on": (
        409, "收货单 {receipt} 的货物已验收或已移动。",
        "Goods of receipt {receipt} were inspected or moved.",
        "已验收的用退供应商处理。", "Return what was accepted to the supplier instead.",
    ),
    "no-location": (
        409, "仓库 {warehouse} 没有合适的{zone_zh}。",
        "Warehouse {warehouse} has no fit {zone_en}.",
        "先新增库位。", "Add a location first.",
    ),
    # -- acceptance and put-away ------------------------------------------------------------------
    "not-to-inspect": (
        409, "收货单 {receipt} 不在待验状态。", "Receipt {receipt} is not to be inspected.",
        "核对单号与状态。", "Check the number and its state.",
    ),
    "bought-it": (
        403, "采购员不能验收自己采购的货物({receipt})。",
        "Who bought the goods of {receipt} does not accept them.",
        "请验收员或质量人员验收。", "Ask an inspector or somebody of quality.",
    ),
    "received-it": (
        403, "收货人不能验收自己收的货物({receipt})。",
        "Who received {receipt} does not accept it.",
        "请另一位验收员验收。", "Ask another inspector.",
    ),
    "inspected-already": (
        409, "第 {line} 行已验收。", "Line {line} was inspected already.",
        "只验收其余各行。", "Inspect the other lines only.",
    ),
    "sum-differs": (
        422, "第 {line} 行:合格 {qualified} + 不合格 {rejected} ≠ 到货 {arrived}。",
        "Line {line}: {qualified} qualified, {rejected} rejected: not the {arrived} that arrived.",
        "更正数量,使两者之和等于到货数量。", "Correct the numbers until they add up.",
    ),
    "sample": (
        422, "第 {line} 行的抽样数不成立。", "The sample of line {line} is not possible.",
        "抽样数大于 0 且不超过到货数;与方案不同须写明原因;植入类和有序列号的须全检。",
        "Between 1 and what arrived; another number than planned needs a reason; implants and "
        "serialised goods are inspected one by one.",
    ),
    "checks-missing": (
        422, "第 {line} 行有检查项没有填写。", "Checks of line {line} are missing.",
        "逐项填写。", "Answer each of them.",
    ),
    "reject-reason": (
        422, "第 {line} 行有不合格数量,没有写明原因。", "Line {line} rejects without a reason.",
        "选择原因。", "Choose the reason.",
    ),
    "failed-but-qualified": (
        422, "第 {line} 行有检查项不合格,但没有不合格数量,也没有说明。",
        "A check of line {line} failed, but nothing is rejected and nothing is said about it.",
        "填写不合格数量,或写明为何仍可接受。", "Reject what failed, or say why it is acceptable.",
    ),
    "finding-unanswered": (
        422, "第 {line} 行到货时有异常:{finding}",
        "Line {line} had a finding on arrival: {finding}",
        "在备注中写明判断依据,或判为不合格。",
        "Say in the note what the decision rests on, or reject it.",
    ),
    "qualifies-expired": (
        409, "第 {line} 行已过有效期 {expiry},不能判为合格。",
        "Line {line} expired on {expiry} and cannot be qualified.",
        "判为不合格。", "Reject it.",
    ),
    "serials-rejected": (
        422, "第 {line} 行须指明不合格的序列号,共 {rejected} 个。",
        "Name the {rejected} serial numbers of line {line} that are rejected.",
        "扫描不合格的那几件。", "Scan those that are rejected.",
    ),
    "not-of-line": (
        422, "序列号 {serial_no} 不属于第 {line} 行。", "Serial {serial_no} is not of line {line}.",
        "核对标签。", "Look at the label.",
    ),
    "nothing-to-put-away": (
        409, "第 {line} 行可上架 {open},本次为 {qty}。",
        "{open} of line {line} can be put away; this is {qty}.",
        "核对数量。", "Check the quantity.",
    ),
    "no-shelf-yet": (
        422, "还没有扫描库位。", "No shelf was scanned yet.",
        "先扫描库位标签,再扫描货物。", "Scan the shelf, then the goods.",
    ),
    "not-waiting": (
        409, "“{value}”不是本单待上架的货物。",
        "“{value}” is not among what waits for a shelf here.",
        "核对收货单;不合格的不上架。", "Check the receipt; what was rejected is not put away.",
    ),
    "several-lots": (
        422, "“{value}”在本单有几行。", "“{value}” is on several lines of this receipt.",
        "扫描含批号的条码,或手工选择行。", "Scan the code with the lot, or type the line.",
    ),
    "wrong-place": (
        422, "“{place}”不是仓库 {warehouse} 的合格品库位。",
        "“{place}” is no shelf for qualified goods of warehouse {warehouse}.",
        "扫描建议库位的标签。", "Scan the label of the shelf that was proposed.",
    ),
    # -- going back and paying --------------------------------------------------------------------
    "returns-too-much": (
        409, "第 {line} 行最多可退 {open}。", "At most {open} of line {line} can go back.",
        "核对数量。", "Check the quantity.",
    ),
    "other-supplier": (
        422, "各行须属于同一供应商和同一仓库。",
        "The lines must be of one supplier and one warehouse.",
        "分成几张退货单。", "Make several returns.",
    ),
    "invoice-known": (
        409, "该供应商的发票 {invoice_no} 已录入为 {number}。",
        "Invoice {invoice_no} of this supplier is entered as {number}.",
        "核对发票号。", "Check the number.",
    ),
    "line-twice": (
        422, "订单第 {line} 行在发票中出现两次。", "Line {line} of the order is there twice.",
        "合并为一行。", "Make one line of it.",
    ),
    "differences-open": (
        409, "还有 {open} 行差异没有处理。", "{open} differences are not resolved.",
        "重新匹配后逐行处理差异,或退票。",
        "Match it again and resolve each, or send the invoice back.",
    ),
    "no-difference": (
        409, "第 {line} 行没有待处理的差异。", "Line {line} has no open difference.",
        "无需处理。", "There is nothing to resolve.",
    ),
    # -- rules of the database, for what goes round the services ----------------------------------
    "not-what-arrived": (
        409, "验收与收货单不符,或已验收。", "The inspection is not of what arrived.",
        "按收货单逐行验收。", "Inspect the receipt line by line.",
    ),
    "counted": (
        409, "到货与验收数量由数据库计算。",
        "What arrived and was accepted is counted by the database.",
        "用收货单或验收单更改。", "Change it by a receipt or an acceptance.",
    ),
    "not-accepted": (
        409, "待验货物未经验收不能转为合格。", "Nothing becomes qualified without an acceptance.",
        "先验收。", "Inspect it first.",
    ),
}  # fmt: skip

STATUS = {f"purchasing.{code}": words[0] for code, words in WORDS.items()}

#: The database's codes and constraints, and what they are called here.
RULES = {
    "KT120": "bought-it",
    "KT121": "not-what-arrived",
    "KT122": "counted",
    "KT123": "differences-open",
    "KT124": "not-accepted",
    "KT125": "may-not-be-placed",
    "purchase_not_over_received": "over-receipt",
    "scan_of_serial_once": "serial-doubled",
}


class _Facts(dict[str, Any]):
    """Facts for a sentence; one that the database did not tell is a dash."""

    def __missing__(self, key: str) -> Any:
        return _Dash()


class _Dash:
    def __format__(self, _spec: str) -> str:
        return "–"


def refuse(code: str, **facts: Any) -> KintsugiError:
    """The refusal ``purchasing.<code>`` with its words filled in."""
    _status, zh, en, remedy_zh, remedy_en = WORDS[code]
    known = _Facts({name: _plain(value) for name, value in facts.items()})
    return KintsugiError(
        f"purchasing.{code}",
        Text(zh.format_map(known), en.format_map(known)),
        Text(remedy_zh.format_map(known), remedy_en.format_map(known)),
        **facts,
    )


def _plain(value: Any) -> Any:
    """Quantities as people write them: 4, not 4.0000."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """A block whose refusal by a rule of purchasing's tables is raised in words."""
    try:
        yield
    except DatabaseError as error:
        found = _refusal_of(error)
        if found is None:
            raise
        raise found from error


def _refusal_of(error: DatabaseError) -> KintsugiError | None:
    cause = error.__cause__
    diag = getattr(cause, "diag", None)
    state = str(getattr(cause, "sqlstate", None) or "")
    code = RULES.get(state) or RULES.get(str(getattr(diag, "constraint_name", None) or ""))
    if code is None:
        return None
    facts: dict[str, Any] = {}
    with contextlib.suppress(ValueError, TypeError):
        facts = json.loads(getattr(diag, "message_detail", None) or "{}")
    if code == "bought-it" and not facts.get("bought", True):
        code = "received-it"
    return refuse(code, **{name: value for name, value in facts.items() if name != "code"})
