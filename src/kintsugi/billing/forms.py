"""Forms of billing: each step with what it needs to know."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.billing import services, typed
from kintsugi.billing.kinds import CHARGES, DIRECTIONS, INVOICE_KINDS, ROLES
from kintsugi.billing.models import Instalment, Invoice, Match, Payment
from kintsugi.billing.pages import BATCHES_CRUMB, INVOICES_CRUMB, PAYMENTS_CRUMB
from kintsugi.billing.screens import ACCOUNT, ROLE, batch_url, invoice_url, payment_url
from kintsugi.billing.selectors import invoices
from kintsugi.billing.services import Pair, Taken
from kintsugi.billing.services.journal import accounts
from kintsugi.billing.views import now, today
from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.offered import Offered
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.sales.selectors import returns

Fields = dict[str, forms.Field]


def _key() -> forms.Field:
    """Made with the page: the same form sent twice acts once."""
    return forms.CharField(widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex)


def _text(label: str, chars: int, *, required: bool = True, **options: Any) -> forms.Field:
    return forms.CharField(label=label, max_length=chars, required=required, **options)


def _day(label: str, **options: Any) -> forms.Field:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


def _amount(label: str, **options: Any) -> forms.Field:
    return forms.DecimalField(
        label=label, max_digits=18, decimal_places=2, localize=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **options,
    )  # fmt: skip


def _customer(**options: Any) -> forms.Field:
    return _text(
        gettext("Customer name or credit code"), 300,
        widget=Offered(typed.customer_names(), "customers"), **options,
    )  # fmt: skip


def _screen(
    label: Words, fields: Callable[[], Fields], save: Callable[..., Any], permission: str, *,
    done: Callable[[Any], str], saved: Words, find: Callable[..., Any] | None = None,
    crumb: tuple[Words, str] = INVOICES_CRUMB, back: Callable[[Any], str] | None = None,
) -> FormScreen:  # fmt: skip
    """A page that asks for some fields and does one thing, once."""

    def form() -> type[forms.Form]:
        return type("BillingForm", (forms.Form,), {**fields(), "key": _key()})

    def act(*, user: Any, record: Any, version: Any, **given: Any) -> Any:
        return save(user, record, given)

    def crumbs(record: Any) -> list[tuple[Words, str]]:
        found: list[tuple[Words, str]] = [(crumb[0], reverse(crumb[1]))]
        return [*found, (str(record), back(record))] if record and back else found

    return FormScreen(
        permission=permission, find=find,
        title=lambda record: f"{label} · {record}" if record else str(label),
        form=form, values=(lambda _record: {"key": uuid7().hex}) if find else None,
        save=act, done=done, saved=saved, submit=label,
        cancel=back or (lambda _record: reverse(crumb[1])), breadcrumbs=crumbs,
    )  # fmt: skip


# -- invoices --------------------------------------------------------------------------------------


def _find_invoice(_user: Any, pk: UUID) -> Invoice:
    return invoices.invoice(pk)


def _on_invoice(
    label: Words, command: Callable[..., Invoice], permission: str, saved: Words,
    fields: Callable[[], Fields] = dict,
) -> FormScreen:  # fmt: skip
    def save(user: Any, record: Invoice, given: dict[str, Any]) -> Invoice:
        return command(actor=user, invoice=record.pk, at=now(), **given)

    return _screen(label, fields, save, permission, done=invoice_url, saved=saved,
                   find=_find_invoice, back=invoice_url)  # fmt: skip


def _reason() -> Fields:
    return {"reason": _text(gettext("Reason"), 400)}


def _tax_invoice() -> Fields:
    return {
        "tax_number": _text(gettext("Tax invoice"), 30,
                            help_text=gettext("The number that the tax system gave it.")),
        "tax_code": _text(gettext("Code of the tax invoice"), 20, required=False,
                          help_text=gettext("Empty for fully digital invoices.")),
        "invoiced_on": _day(gettext("Invoiced on"), initial=today),
    }  # fmt: skip


def _new_invoice() -> Fields:
    return {
        "customer": _customer(),
        "kind": forms.ChoiceField(
            label=gettext("Kind"), choices=choice_pairs({k: INVOICE_KINDS[k] for k in CHARGES})
        ),
        "order": _text(gettext("Order number"), 40, required=False,
                       help_text=gettext("Empty: all orders of the customer.")),
        "until": _day(gettext("Signed up to"), required=False,
                      help_text=gettext("The last day of a month, for example.")),
        "note": _text(gettext("Note"), 400, required=False),
    }  # fmt: skip


def _write(user: Any, _record: Any, given: dict[str, Any]) -> Invoice:
    return services.create_invoice(
        actor=user, customer=typed.customer(given["customer"]), kind=given["kind"],
        order=typed.order(given["order"]), until=given["until"], note=given["note"],
        key=given["key"], at=now(),
    )  # fmt: skip


WRITE = _screen(
    _("Write an invoice"), _new_invoice, _write, "invoice.create", done=invoice_url,
    saved=_("A draft: somebody else approves it."),
)  # fmt: skip
APPROVE = _on_invoice(_("Approve"), services.approve_invoice, "invoice.approve", _("Approved."))
SEND_BACK = _on_invoice(_("Send back"), services.send_back_invoice, "invoice.approve",
                        _("It is a draft again."), _reason)  # fmt: skip
VOID = _on_invoice(_("Void"), services.void_invoice, "invoice.create",
                   _("Voided: its goods can be invoiced again."), _reason)  # fmt: skip
ISSUE = _on_invoice(_("Issue"), services.issue_invoice, "invoice.create", _("Issued."),
                    _tax_invoice)  # fmt: skip
ISSUE_CREDIT = _on_invoice(_("Issue"), services.issue_credit, "invoice.create", _("Issued."),
                           _tax_invoice)  # fmt: skip


def _credit_fields() -> Fields:
    return {
        "line": forms.IntegerField(
            label=gettext("Line"), min_value=1, required=False,
            help_text=gettext("Empty: all that is left of the invoice."),
        ),
        "qty": forms.DecimalField(
            label=gettext("Quantity"), min_value=0, max_digits=18, decimal_places=4, required=False,
            help_text=gettext("Empty or 0: only the price is corrected."),
        ),
        "gross": _amount(gettext("Amount with tax"), min_value=0, required=False,
                         help_text=gettext("Empty: what the quantity is worth.")),
        "reason": _text(gettext("Reason"), 400),
    }  # fmt: skip


def _credit(user: Any, record: Invoice, given: dict[str, Any]) -> Invoice:
    lines = []
    if given["line"]:
        line = invoices.lines_of(record.pk).filter(line_no=given["line"]).first()
        if line is None:
            raise typed.no_line(given["line"])
        lines = [Taken(line.pk, given["qty"] or Decimal(0), given["gross"])]
    return services.credit_invoice(
        actor=user, invoice=record.pk, lines=lines, reason=given["reason"], key=given["key"],
        at=now(),
    )  # fmt: skip


CREDIT = _screen(_("Credit note"), _credit_fields, _credit, "invoice.create", done=invoice_url,
                 saved=_("A draft: somebody else approves it."), find=_find_invoice,
                 back=invoice_url)  # fmt: skip


def _credit_return(user: Any, record: Invoice, given: dict[str, Any]) -> Invoice:
    back = typed.one_of(
        returns.returns().filter(customer=record.customer_id),
        given["returned"],
        "returned",
        "退货单",
        "return",
    )
    return services.credit_return(
        actor=user, returned=back.pk, invoice=record.pk, key=given["key"], at=now()
    )


CREDIT_RETURN = _screen(
    _("Credit note of a return"), lambda: {"returned": _text(gettext("Return number"), 40)},
    _credit_return, "invoice.create", done=invoice_url,
    saved=_("A draft: somebody else approves it."), find=_find_invoice, back=invoice_url,
)  # fmt: skip


def _due_day(user: Any, record: Instalment, given: dict[str, Any]) -> Instalment:
    return services.set_due_day(actor=user, instalment=record.pk, at=now(), **given)


DUE_DAY = _screen(
    _("Say when it falls due"),
    lambda: {"due_on": _day(gettext("Due on")), "reason": _text(gettext("Reason"), 400)},
    _due_day, "invoice.approve", done=lambda made: invoice_url(made.invoice), saved=_("Saved."),
    find=lambda _user, pk: invoices.instalment(pk), back=lambda made: invoice_url(made.invoice),
)  # fmt: skip

# -- payments --------------------------------------------------------------------------------------


def _find_payment(_user: Any, pk: UUID) -> Payment:
    return invoices.payment(pk)


def _new_payment() -> Fields:
    return {
        "direction": forms.ChoiceField(label=gettext("Direction"),
                                       choices=choice_pairs(DIRECTIONS)),
        "customer": _customer(required=False),
        "amount": _amount(gettext("Amount")),
        "currency": forms.RegexField(r"^[A-Z]{3}$", label=gettext("Currency"), initial="CNY"),
        "paid_on": _day(gettext("Date"), initial=today),
        "account": _text(gettext("Bank account"), 60),
        "bank_ref": _text(gettext("Bank reference"), 100,
                          help_text=gettext("As on the slip: it is recorded once.")),
        "payer": _text(gettext("Payer"), 300, required=False),
        "text": _text(gettext("Text"), 400, required=False),
    }  # fmt: skip


def _record(user: Any, _none: Any, given: dict[str, Any]) -> Payment:
    said = given.pop("customer")
    return services.record_payment(
        actor=user, customer=typed.customer(said) if said else None, at=now(), **given
    )


RECORD = _screen(_("Record a payment"), _new_payment, _record, "invoice.create", done=payment_url,
                 saved=_("Recorded."), crumb=PAYMENTS_CRUMB)  # fmt: skip


def _statement_fields() -> Fields:
    return {
        "account": _text(gettext("Bank account"), 60),
        "file": forms.FileField(
            label=gettext("Statement (CSV)"),
            help_text=gettext("Columns date, amount (below zero: paid back), reference; payer, "
                              "text and currency if there are any. At most 5,000 rows."),
        ),
    }  # fmt: skip


def _read(user: Any, _none: Any, given: dict[str, Any]) -> Any:
    file = given["file"]
    data = file.read(services.STATEMENT_BYTES_MAX + 1)
    return services.read_statement(
        actor=user, account=given["account"], file_name=file.name, data=data, key=given["key"],
        at=now(),
    )  # fmt: skip


STATEMENT = _screen(
    _("Read a bank statement"), _statement_fields, _read, "invoice.create",
    done=lambda _made: reverse("billing:payments"),
    saved=_("Read. Movements that were known already are left as they are."), crumb=PAYMENTS_CRUMB,
)  # fmt: skip


def _assign(user: Any, record: Payment, given: dict[str, Any]) -> Payment:
    return services.assign_payment(
        actor=user, payment=record.pk, customer=typed.customer(given["customer"]),
        key=given["key"], at=now(),
    )  # fmt: skip


ASSIGN = _screen(_("Say whose it is"), lambda: {"customer": _customer()}, _assign,
                 "invoice.create", done=payment_url, saved=_("Saved."), find=_find_payment,
                 crumb=PAYMENTS_CRUMB, back=payment_url)  # fmt: skip


def _match_fields() -> Fields:
    return {
        "invoice": _text(gettext("Invoice or tax invoice"), 40),
        "amount": _amount(gettext("Amount"), required=False,
                          help_text=gettext("Empty: as much as is open on both sides.")),
    }  # fmt: skip


def _paired(user: Any, key: str, pairs: list[Pair]) -> None:
    services.match(actor=user, pairs=pairs, key=key, at=now())


def _match(user: Any, record: Payment, given: dict[str, Any]) -> Payment:
    found = typed.invoice(given["invoice"])
    amount = typed.open_or(given["amount"], record.open_amount, found.open_amount)
    _paired(user, given["key"], [Pair(amount, payment=record.pk, invoice=found.pk)])
    return record


def _match_proposed(user: Any, record: Payment, given: dict[str, Any]) -> Payment:
    pairs = [
        Pair(one.amount, payment=record.pk, invoice=one.invoice.pk)
        for one in services.propose(record)
    ]
    _paired(user, given["key"], pairs)
    return record


def _match_out(user: Any, record: Payment, given: dict[str, Any]) -> Payment:
    said = given["source"]
    note = invoices.invoices().filter(number="".join(said.split()).upper()).first()
    source = note or typed.one_of(invoices.payments(), said, "source", "收款或红字发票",
                                  "payment or credit note")  # fmt: skip
    amount = typed.open_or(given["amount"], record.open_amount, source.open_amount)
    sides: dict[str, Any] = {"credit_note": source.pk} if note else {"payment": source.pk}
    _paired(user, given["key"], [Pair(amount, paid_back=record.pk, **sides)])
    return record


def _match_credit(user: Any, record: Invoice, given: dict[str, Any]) -> Invoice:
    found = typed.invoice(given["invoice"])
    amount = typed.open_or(given["amount"], record.open_amount, found.open_amount)
    _paired(user, given["key"], [Pair(amount, credit_note=record.pk, invoice=found.pk)])
    return record


def _source_fields() -> Fields:
    return {
        "source": _text(gettext("Payment or credit note"), 40),
        "amount": _match_fields()["amount"],
    }


MATCHED = _("Matched.")
MATCH = _screen(_("Match with one invoice"), _match_fields, _match, "invoice.create",
                done=payment_url, saved=MATCHED, find=_find_payment, crumb=PAYMENTS_CRUMB,
                back=payment_url)  # fmt: skip
MATCH_PROPOSED = _screen(_("Match as proposed"), dict, _match_proposed, "invoice.create",
                         done=payment_url, saved=MATCHED, find=_find_payment, crumb=PAYMENTS_CRUMB,
                         back=payment_url)  # fmt: skip
MATCH_OUT = _screen(_("Match"), _source_fields, _match_out, "invoice.create", done=payment_url,
                    saved=MATCHED, find=_find_payment, crumb=PAYMENTS_CRUMB,
                    back=payment_url)  # fmt: skip
MATCH_CREDIT = _screen(_("Match"), _match_fields, _match_credit, "invoice.create",
                       done=invoice_url, saved=MATCHED, find=_find_invoice,
                       back=invoice_url)  # fmt: skip


def _sided(record: Match) -> str:
    if record.invoice is not None:
        return invoice_url(record.invoice)
    assert record.paid_back is not None, "a match covers something"
    return payment_url(record.paid_back)


def _unmatch(user: Any, record: Match, given: dict[str, Any]) -> Match:
    return services.unmatch(actor=user, matched=record.pk, at=now(), **given)


UNMATCH = _screen(_("Undo the match"), _reason, _unmatch, "invoice.create", done=_sided,
                  saved=_("Undone."), find=lambda _user, pk: invoices.matched(pk),
                  back=_sided)  # fmt: skip

# -- the general ledger ----------------------------------------------------------------------------


def _export(user: Any, _none: Any, given: dict[str, Any]) -> Any:
    return services.export_journal(actor=user, at=now(), **given)


EXPORT = _screen(
    _("Export"), lambda: {"until": _day(gettext("Up to"), initial=today)}, _export, "ledger.create",
    done=batch_url, saved=_("Exported."), crumb=BATCHES_CRUMB,
)  # fmt: skip


def _role_fields() -> Fields:
    now_set = accounts()
    return {
        "role": forms.ChoiceField(
            label=say(ROLE),
            choices=[(code, f"{name} ({now_set[code]})") for code, name in
                     choice_pairs({role: words for role, (words, _usual) in ROLES.items()})],
        ),
        "account": _text(say(ACCOUNT), 40,
                         help_text=gettext("Lines that left keep the account they had.")),
    }  # fmt: skip


def _set_account(user: Any, _none: Any, given: dict[str, Any]) -> Any:
    return services.set_account(actor=user, **given)


ACCOUNTS = _screen(
    _("Ledger accounts"), _role_fields, _set_account, "ledger.edit",
    done=lambda _made: reverse("billing:accounts"), saved=_("Saved."), crumb=BATCHES_CRUMB,
)  # fmt: skip
