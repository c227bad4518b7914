"""What invoices, payments and journal lines there are, in both languages."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

INVOICE_KINDS: dict[str, Text] = {
    "vat_special": Text("增值税专用发票", "special VAT invoice"),
    "vat_general": Text("增值税普通发票", "general VAT invoice"),
    "credit": Text("红字发票", "credit note"),
}
#: Kinds of invoices that ask for money; a credit note gives it back.
CHARGES = ("vat_special", "vat_general")
DIRECTIONS: dict[str, Text] = {
    "in": Text("收款", "received"),
    "out": Text("退款", "paid back"),
}
PAYMENT_STATES: dict[str, Text] = {
    "unmatched": Text("未核销", "not matched"),
    "part": Text("部分核销", "partly matched"),
    "matched": Text("已核销", "matched"),
}
#: Why an amount falls due on a day; ``credit`` is the customer's term, the others are the plan's.
DUE_RULES: dict[str, Text] = {
    "credit": Text("账期", "credit term"),
    "signed": Text("合同签订后", "after signing"),
    "shipped": Text("发货后", "after shipment"),
    "delivered": Text("签收后", "after delivery"),
    "accepted": Text("安装验收后", "after acceptance"),
    "warranty_end": Text("质保期满后", "after the warranty"),
    "date": Text("固定日期", "on a date"),
}
#: How late an open amount is: the last day of each band, in days; the last band has no end.
AGES: dict[str, Text] = {
    "undated": Text("未定日", "no day yet"),
    "not_due": Text("未到期", "not due"),
    "d30": Text("逾期 1–30 天", "1–30 days late"),
    "d60": Text("逾期 31–60 天", "31–60 days late"),
    "d90": Text("逾期 61–90 天", "61–90 days late"),
    "older": Text("逾期 90 天以上", "over 90 days late"),
}
#: Accounts of a general ledger by what they are for, with the number that the Chinese chart of
#: accounts commonly gives them; a house sets its own.
ROLES: dict[str, tuple[Text, str]] = {
    "receivable": (Text("应收账款", "receivables"), "1122"),
    "revenue": (Text("主营业务收入", "revenue"), "6001"),
    "vat_output": (Text("应交增值税(销项)", "output VAT"), "22210107"),
    "inventory": (Text("库存商品", "inventory"), "1405"),
    "cogs": (Text("主营业务成本", "cost of goods sold"), "6401"),
    "bank": (Text("银行存款", "bank"), "1002"),
    "suspense": (Text("待查款项", "receipts not yet assigned"), "2241"),
}
#: Documents that the journal knows.
DOCUMENTS: dict[str, Text] = {
    "invoice": Text("发票", "invoice"),
    "credit_note": Text("红字发票", "credit note"),
    "payment": Text("收付款", "payment"),
    "assignment": Text("款项认领", "assignment of a payment"),
}
GROUPINGS: dict[str, Text] = {
    "customer": Text("客户", "customer"),
    "order": Text("订单", "order"),
    "product": Text("产品", "product"),
}

INVOICE = StateMachine(
    name="billing.invoice",
    table="billing_invoice",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "approved": Text("已批准", "approved"),
        "issued": Text("已开票", "issued"),
        "part_paid": Text("部分结清", "partly settled"),
        "paid": Text("已结清", "settled"),
        "reversed": Text("已红冲", "reversed"),
        "voided": Text("作废", "voided"),
    },
    steps=frozenset(
        {
            ("draft", "approved"),
            ("approved", "draft"),
            ("draft", "voided"),
            ("approved", "issued"),
            ("issued", "reversed"),
            ("part_paid", "reversed"),
            ("paid", "reversed"),
        }
        # Both ways: a match is undone.
        | {
            (one, other)
            for one in ("issued", "part_paid", "paid")
            for other in ("issued", "part_paid", "paid")
            if one != other
        }
    ),
)
#: States that were issued: nothing of their content changes any more.
ISSUED = ("issued", "part_paid", "paid", "reversed")
TONES = {
    "draft": "",
    "approved": "live",
    "issued": "warn",
    "part_paid": "warn",
    "paid": "good",
    "reversed": "bad",
    "voided": "bad",
    "unmatched": "warn",
    "part": "warn",
    "matched": "good",
}
