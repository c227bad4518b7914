"""The database's refusals of billing in words: which rule, which row, what to do."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Facts, Refusals, Words


def _not_billable(f: Facts) -> tuple[str, Text, Text]:
    left, asked = max(float(f["left_qty"]), 0), float(f["qty"])
    return (
        "billing.more-than-signed",
        Text(f"第 {f['line_no']} 行 {f['product_code']}:已签收、未退、未开票的还有 {left:g},"
             f"要开 {asked:g}。",
             f"Line {f['line_no']}, {f['product_code']}: {left:g} is signed for, not returned and"
             f" not invoiced; {asked:g} was asked."),
        Text("减少数量;若别人刚开过票,刷新后再看。",
             "Invoice less; if somebody else has just invoiced it, load the page again."),
    )  # fmt: skip


def _credit_beyond(f: Facts) -> tuple[str, Text, Text]:
    left, money = max(float(f["left_qty"]), 0), max(float(f["left_gross"]), 0)
    return (
        "billing.credit-beyond",
        Text(f"原发票 {f['number']} 该行还可红冲数量 {left:g}、金额 {money:.2f}"
             f"(第 {f['line_no']} 行要 {float(f['qty']):g}、{float(f['gross']):.2f})。",
             f"That line of {f['number']} has {left:g} and {money:.2f} left to credit"
             f" (line {f['line_no']} asks {float(f['qty']):g} and {float(f['gross']):.2f})."),
        Text("减少数量或金额。", "Credit less."),
    )  # fmt: skip


STATES: dict[str, Words] = {
    "KT160": _not_billable,
    "KT161": lambda f: (
        "billing.fixed",
        Text(f"{f['number']} 已{f['status']},内容不能再改。",
             f"{f['number']} is {f['status']}; its content stays."),
        Text("草稿可作废重开;已开票的用红字发票更正。",
             "Void a draft and write another; correct an issued one with a credit note."),
    ),
    "KT162": _credit_beyond,
    "KT163": lambda f: (
        "billing.counted",
        Text(f"{f['number']} 的金额由明细和核销得出。",
             f"The amounts of {f['number']} follow from its lines and matches."),
        Text("不要手工改金额。", "Do not type amounts."),
    ),
    "KT164": lambda f: (
        "billing.line-strange",
        Text(f"{f['number']} 第 {f['line_no']} 行与签收单、订单或原发票不一致。",
             f"Line {f['line_no']} of {f['number']} is not what its receipt, order or original"
             " says."),
        Text("从待开票清单中重新选择。", "Choose again from what can be invoiced."),
    ),
    "KT165": lambda f: (
        "billing.state-differs",
        Text(f"{f['number']} 的金额表明其状态应为“{f['said']}”。",
             f"The amounts of {f['number']} say “{f['said']}”."),
        Text("状态由金额得出;金额为 0 的发票不能批准。",
             "The state follows from the amounts; an invoice over nothing is not approved."),
    ),
    "KT166": lambda f: (
        "billing.payment-fixed",
        Text(f"{f['number']} 已登记,不能再改。", f"{f['number']} was recorded and stays."),
        Text("登记错的,退回或另记一笔。", "If it was wrong, record what puts it right."),
    ),
    "KT167": lambda f: (
        "billing.not-together",
        Text(f"{f['takes']} 不能核销 {f['covers']}。", f"{f['takes']} cannot cover {f['covers']}."),
        Text("同一客户、同一币种,且发票已开、款项方向相符才能核销。",
             "Both are of one customer and currency, the invoice is issued, the payment goes the"
             " right way."),
    ),
    "KT168": lambda f: (
        "billing.entry-differs",
        Text(f"{f['document_no']} 借贷不平。", f"The sides of {f['document_no']} differ."),
        Text("请联系支持人员。", "Ask support."),
    ),
    "KT169": lambda f: (
        "billing.entry-fixed",
        Text(f"{f['document_no']} 的凭证行已导出或已写定。",
             f"A journal line of {f['document_no']} is fixed."),
        Text("用新的单据更正。", "Correct it with another document."),
    ),
}  # fmt: skip

_TOO_MUCH = (
    Text("核销金额大于未结金额。", "More would be matched than is open."),
    Text("减少金额;若别人刚核销过,刷新后再看。",
         "Match less; if somebody else has just matched it, load the page again."),
)  # fmt: skip
CONSTRAINTS: dict[str, tuple[str, Text, Text, str]] = {
    "invoice_settled_within": ("billing.too-much", *_TOO_MUCH, "amount"),
    "payment_not_overspent": ("billing.too-much", *_TOO_MUCH, "amount"),
    "billing_match_undoes_id_key": (
        "billing.undone",
        Text("此核销已撤销。", "This match was undone already."),
        Text("无需再做。", "There is nothing to do."),
        "",
    ),
    "invoice_tax_number_once": (
        "billing.number-taken",
        Text("该发票号已登记。", "An invoice has this number already."),
        Text("核对发票代码和号码。", "Look at the code and the number again."),
        "tax_number",
    ),
    "invoice_return_credited_once": (
        "billing.return-credited",
        Text("该退货单已有红字发票。", "This return has a credit note already."),
        Text("打开那张红字发票。", "Open that credit note."),
        "",
    ),
    "invoice_approved_by_another": (
        "billing.same-person",
        Text("开单人不能批准自己的发票。", "Who wrote an invoice cannot approve it."),
        Text("请另一位有权限的同事批准。", "Ask a colleague who may do this."),
        "",
    ),
}

_REFUSALS = Refusals(STATES, CONSTRAINTS)
explained = _REFUSALS.explained
