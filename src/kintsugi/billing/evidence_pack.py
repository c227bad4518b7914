"""Evidence packs, retention and the auditor's desk: what the record knows of invoices."""

from kintsugi.audit.selectors import (
    Chapter,
    Clause,
    PackColumn,
    PackTable,
    RetentionRule,
    Scope,
    Section,
    name_commands,
    record_kind,
    register_retention,
    register_section,
    too_large,
)
from kintsugi.billing.kinds import DIRECTIONS, INVOICE, INVOICE_KINDS
from kintsugi.billing.models import Invoice
from kintsugi.billing.selectors import invoices
from kintsugi.core.errors import Text

TITLE = Text("发票与收付款", "Invoices and payments")
FOUND_MAX = 20
COMMANDS = {
    f"billing.{name}": words
    for name, words in {
        "create-invoice": Text("开具发票草稿", "Write an invoice"),
        "approve-invoice": Text("批准发票", "Approve an invoice"),
        "send-back-invoice": Text("退回发票", "Send an invoice back"),
        "void-invoice": Text("作废发票草稿", "Void a draft of an invoice"),
        "issue-invoice": Text("开出发票", "Issue an invoice"),
        "set-due-day": Text("确定到期日", "Say when an amount falls due"),
        "credit-invoice": Text("红冲发票", "Write a credit note"),
        "credit-return": Text("为退货开红字", "Write the credit note of a return"),
        "issue-credit": Text("开出红字发票", "Issue a credit note"),
        "record-payment": Text("登记收付款", "Record a payment"),
        "assign-payment": Text("认领款项", "Say whose a payment is"),
        "read-statement": Text("读入银行对账单", "Read a bank statement"),
        "match": Text("核销", "Match payments"),
        "unmatch": Text("撤销核销", "Undo a match"),
        "set-account": Text("设定科目", "Set a ledger account"),
        "export-journal": Text("导出总账凭证", "Export the journal"),
    }.items()
}


def collect(scope: Scope, limit: int) -> Chapter | None:
    """Invoices and payments of the customers a pack is about. Raises ``pack.too-large``."""
    parties = [one.id for one in scope.subjects if one.entity == "party" and not one.related]
    if not parties:
        return None
    asked = list(invoices.invoices().filter(customer__in=parties).order_by("number")[: limit + 1])
    paid = list(invoices.payments().filter(customer__in=parties).order_by("number")[: limit + 1])
    if len(asked) + len(paid) > limit:
        raise too_large("billing-documents", rows=len(asked) + len(paid), limit=limit)
    if not asked and not paid:
        return None
    number = PackColumn("number", Text("编号", "Number"), "code", 1.4)
    currency = PackColumn("currency", Text("币种", "Currency"), "code")
    return Chapter(
        [
            PackTable(
                "invoices",
                Text("发票", "Invoices"),
                (number, PackColumn("kind", Text("类型", "Kind")),
                 PackColumn("state", Text("状态", "State")),
                 PackColumn("tax_number", Text("发票号码", "Tax invoice"), "code"),
                 PackColumn("invoiced", Text("开票日期", "Invoiced on"), "code"),
                 PackColumn("gross", Text("价税合计", "Total with tax"), "code"),
                 PackColumn("settled", Text("已结", "Settled"), "code"), currency,
                 PackColumn("written", Text("开单人", "Written by")),
                 PackColumn("approved", Text("批准人", "Approved by"))),
                [
                    (one.number, INVOICE_KINDS[one.kind], INVOICE.states[one.status],
                     one.tax_number, str(one.invoiced_on or ""), f"{one.gross:.2f}",
                     f"{one.settled:.2f}", one.currency, one.written_by_name, one.approved_by_name)
                    for one in asked
                ],
            ),
            PackTable(
                "payments",
                Text("收付款", "Payments"),
                (number, PackColumn("date", Text("日期", "Date"), "code"),
                 PackColumn("direction", Text("方向", "Direction")),
                 PackColumn("amount", Text("金额", "Amount"), "code"), currency,
                 PackColumn("bank_ref", Text("流水号", "Bank reference"), "code"),
                 PackColumn("recorded", Text("登记人", "Recorded by"))),
                [
                    (one.number, one.paid_on.isoformat(), DIRECTIONS[one.direction],
                     f"{one.amount:.2f}", one.currency, one.bank_ref, one.recorded_by_name)
                    for one in paid
                ],
            ),
        ]
    )  # fmt: skip


def register() -> None:
    """Add billing to packs, retention and the auditor's desk, and name its commands."""
    name_commands(COMMANDS)
    register_section(Section("billing", TITLE, collect, 20))
    register_retention(
        RetentionRule(
            "billing",
            TITLE,
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text("会计凭证的依据。", "What the accounts rest on."),
                )
            ],
            order=20,
        )
    )
    record_kind(
        "billing_invoice",
        page="billing:invoice",
        find=lambda text: Invoice.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
