"""The only writers of invoices, payments, matches and the journal."""

from kintsugi.billing.services.crediting import Taken, credit_invoice, credit_return, issue_credit
from kintsugi.billing.services.invoicing import (
    LINES_MAX,
    Billed,
    approve_invoice,
    billable,
    create_invoice,
    issue_invoice,
    send_back_invoice,
    set_due_day,
    void_invoice,
    worth,
)
from kintsugi.billing.services.journal import batch_file, export_journal, set_account
from kintsugi.billing.services.matching import Pair, match, propose, unmatch
from kintsugi.billing.services.paying import (
    STATEMENT_BYTES_MAX,
    assign_payment,
    parse_statement,
    read_statement,
    record_payment,
)

__all__ = [
    "LINES_MAX",
    "STATEMENT_BYTES_MAX",
    "Billed",
    "Pair",
    "Taken",
    "approve_invoice",
    "assign_payment",
    "batch_file",
    "billable",
    "create_invoice",
    "credit_invoice",
    "credit_return",
    "export_journal",
    "issue_credit",
    "issue_invoice",
    "match",
    "parse_statement",
    "propose",
    "read_statement",
    "record_payment",
    "send_back_invoice",
    "set_account",
    "set_due_day",
    "unmatch",
    "void_invoice",
    "worth",
]
