"""Pages of billing."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kintsugi.billing import files, forms
from kintsugi.billing.kinds import GROUPINGS
from kintsugi.billing.pages import BATCH_PAGE, INVOICE_PAGE, PAYMENT_PAGE
from kintsugi.billing.reports import DUE, MARGIN
from kintsugi.billing.screens import BATCHES, INVOICES, PAYMENTS


class GroupingConverter(StringConverter):
    """What a margin is of."""

    regex = "|".join(GROUPINGS)


register_converter(GroupingConverter, "billing_grouping")

app_name = "billing"
INVOICE = "invoices/<uuid:pk>/"
PAYMENT = "payments/<uuid:pk>/"
urlpatterns = [
    path("invoices/", INVOICES.as_view(), name="invoices"),
    path("invoices/new/", forms.WRITE.as_view(), name="write"),
    path(INVOICE, INVOICE_PAGE.as_view(), name="invoice"),
    path(f"{INVOICE}print/", files.print_invoice, name="invoice-pdf"),
    path(f"{INVOICE}approve/", forms.APPROVE.as_view(), name="approve"),
    path(f"{INVOICE}send-back/", forms.SEND_BACK.as_view(), name="send-back"),
    path(f"{INVOICE}void/", forms.VOID.as_view(), name="void"),
    path(f"{INVOICE}issue/", forms.ISSUE.as_view(), name="issue"),
    path(f"{INVOICE}issue-credit/", forms.ISSUE_CREDIT.as_view(), name="issue-credit"),
    path(f"{INVOICE}credit/", forms.CREDIT.as_view(), name="credit"),
    path(f"{INVOICE}credit-return/", forms.CREDIT_RETURN.as_view(), name="credit-return"),
    path(f"{INVOICE}match/", forms.MATCH_CREDIT.as_view(), name="match-credit"),
    path("instalments/<uuid:pk>/", forms.DUE_DAY.as_view(), name="due-day"),
    path("due/", DUE.as_view(), name="due"),
    path("payments/", PAYMENTS.as_view(), name="payments"),
    path("payments/new/", forms.RECORD.as_view(), name="record"),
    path("payments/statement/", forms.STATEMENT.as_view(), name="statement"),
    path(PAYMENT, PAYMENT_PAGE.as_view(), name="payment"),
    path(f"{PAYMENT}assign/", forms.ASSIGN.as_view(), name="assign"),
    path(f"{PAYMENT}match/", forms.MATCH.as_view(), name="match"),
    path(f"{PAYMENT}match-proposed/", forms.MATCH_PROPOSED.as_view(), name="match-proposed"),
    path(f"{PAYMENT}match-out/", forms.MATCH_OUT.as_view(), name="match-out"),
    path("matches/<uuid:pk>/undo/", forms.UNMATCH.as_view(), name="unmatch"),
    path("ledger/", BATCHES.as_view(), name="batches"),
    path("ledger/export/", forms.EXPORT.as_view(), name="export"),
    path("ledger/accounts/", forms.ACCOUNTS.as_view(), name="accounts"),
    path("ledger/<uuid:pk>/", BATCH_PAGE.as_view(), name="batch"),
    path("ledger/<uuid:pk>/file/", files.download_batch, name="batch-file"),
    path("margin/<billing_grouping:by>/", MARGIN.as_view(), name="margin"),
]
