"""Forms of contracts and of the price list."""

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.offered import Offered
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.sales import services, typed
from kintsugi.sales.entry import EntryScreen, RowForm, Rows
from kintsugi.sales.forms_order import (
    LINES_TITLE,
    day_field,
    key_field,
    number_field,
    plain,
    reason_field,
    text_field,
)
from kintsugi.sales.kinds import CONTRACT_KINDS, COVERS, DUE_RULES, GROUPS, WARRANTY_STARTS
from kintsugi.sales.models import Contract, ListPrice
from kintsugi.sales.pages_contract import CONTRACTS_CRUMB, find_contract
from kintsugi.sales.screens import DUE, SIGNED, contract_url
from kintsugi.sales.selectors import contracts, orders
from kintsugi.sales.services import Words as Wording
from kintsugi.sales.views import now, today

FILE_BYTES = 50 * 1024 * 1024
ENDINGS = {"fulfilled": Text("履行完毕", "fulfilled"), "expired": Text("到期", "expired"),
           "terminated": Text("终止", "terminated")}  # fmt: skip


def _crumbs(record: Any) -> list[tuple[Words, str]]:
    found: list[tuple[Words, str]] = [(CONTRACTS_CRUMB[0], reverse(CONTRACTS_CRUMB[1]))]
    return [*found, (record.number, contract_url(record))] if record else found


def _terms() -> dict[str, forms.Field]:
    area = forms.Textarea(attrs={"rows": 3})
    return {
        "signed_on": day_field(say(SIGNED), required=False),
        "effective_on": day_field(gettext("Effective from"), initial=today),
        "expires_on": day_field(
            gettext("Expires"), required=False, help_text=gettext("Empty: no end was agreed.")
        ),
        "currency": forms.RegexField(
            r"^[A-Z]{3}$", label=gettext("Currency"), initial="CNY", max_length=3
        ),
        "warranty_start": forms.ChoiceField(
            label=gettext("Warranty begins"), choices=choice_pairs(WARRANTY_STARTS)
        ),
        "warranty_months": forms.IntegerField(
            label=gettext("Warranty, months"), min_value=0, max_value=600, initial=12
        ),
        "warranty_covers": forms.MultipleChoiceField(
            label=gettext("Covers"), choices=choice_pairs(COVERS), required=False,
            widget=forms.SelectMultiple(attrs={"size": len(COVERS)}),
        ),
        "exchange_inherits": forms.BooleanField(
            label=gettext("An exchanged unit inherits the rest of the warranty"), required=False,
            initial=True,
        ),
        "retention": number_field(
            gettext("Retention %"), low="0", high="100", initial="0", required=False
        ),
        "delivery_terms": forms.CharField(
            label=gettext("Delivery terms"), required=False, max_length=10_000, widget=area
        ),
        "acceptance_terms": forms.CharField(
            label=gettext("Acceptance terms"), required=False, max_length=10_000, widget=area
        ),
        "file": forms.FileField(
            label=gettext("Signed file"), required=False,
            help_text=gettext("Its hash is kept, not the file: keep the paper or scan yourself."),
        ),
        "file_sha256": forms.RegexField(
            r"^[0-9a-fA-F]{64}$", label=gettext("Hash of the file"), required=False,
            help_text=gettext("SHA-256, where the file is not at hand here."),
        ),
    }  # fmt: skip


def contract_head() -> type[forms.Form]:
    """What a new contract says beside its lines."""
    made: dict[str, forms.Field] = {
        "number": text_field(
            gettext("Contract number"), 60, help_text=gettext("Empty: the next of ours.")
        ),
        "title": text_field(gettext("Subject"), 200),
        "customer": text_field(
            gettext("Customer name or credit code"), 300, required=True,
            widget=Offered(typed.customer_names(), "customers"),
        ),
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(CONTRACT_KINDS)),
        **_terms(),
        "key": key_field(),
    }  # fmt: skip
    return type("ContractHead", (forms.Form,), made)


def contract_row() -> type[RowForm]:
    """One line of a contract."""
    made: dict[str, forms.Field] = {
        "product_code": text_field(gettext("Product code"), 60, required=True),
        "qty": number_field(gettext("Quantity"), low="0.0001"),
        "price": number_field(gettext("Price with tax"), low="0"),
        "tax_rate": number_field(gettext("Tax %"), low="0", high="100"),
        "discount": number_field(gettext("Discount %"), low="0", high="100", required=False),
        "due_on": day_field(say(DUE), required=False),
    }
    return type("ContractRow", (RowForm,), made)


def payment_row() -> type[RowForm]:
    """One payment."""
    rules = [("", "–"), *choice_pairs(DUE_RULES)]
    made: dict[str, forms.Field] = {
        "name": text_field(gettext("Payment"), 100, required=True),
        "share": number_field(gettext("Share %"), low="0.0001", high="100"),
        "due_rule": forms.ChoiceField(label=say(DUE), choices=rules),
        "due_days": forms.IntegerField(
            label=gettext("Days"), min_value=0, max_value=3650, required=False
        ),
        "due_on": day_field(gettext("Date"), required=False),
    }
    return type("PaymentRow", (RowForm,), made)


TABLES = (
    Rows("lines", LINES_TITLE, contract_row, ("product_code", "qty", "price", "tax_rate"),
         _("Blank lines are left out.")),
    Rows("payments", _("Payment plan"), payment_row, hint=_("The shares make 100 %."), blank=3),
)  # fmt: skip


def wording(head: dict[str, Any], old: Any = None) -> Wording:
    """The terms as services take them; a file's hash is that of its bytes, and stays where no file
    comes with a change. Raises KintsugiError ``sales.file-too-large``."""
    name, mark = (old.file_name, old.file_sha256) if old is not None else ("", "")
    if head["file_sha256"]:
        mark = head["file_sha256"].lower()
    given = head["file"]
    if given:
        if given.size > FILE_BYTES:
            raise KintsugiError(
                "sales.file-too-large",
                Text("文件超过 50 MB。", "The file is larger than 50 MB."),
                Text("压缩后上传,或只填哈希。", "Make it smaller, or type its hash."),
                field="file",
            )
        digest = hashlib.sha256()
        for chunk in given.chunks():
            digest.update(chunk)
        name, mark = given.name[:300], digest.hexdigest()
    return Wording(
        effective_on=head["effective_on"], expires_on=head["expires_on"],
        signed_on=head["signed_on"], currency=head["currency"],
        delivery_terms=head["delivery_terms"], acceptance_terms=head["acceptance_terms"],
        warranty_start=head["warranty_start"], warranty_months=head["warranty_months"],
        warranty_covers=tuple(head["warranty_covers"]),
        exchange_inherits=head["exchange_inherits"],
        retention_share=(head["retention"] or Decimal(0)) / 100, file_name=name, file_sha256=mark,
    )  # fmt: skip


def _write(*, user: Any, record: Any, version: Any, head: dict[str, Any], rows: Any) -> Contract:
    return services.create_contract(
        actor=user, customer=typed.customer(head["customer"]), kind=head["kind"],
        number=head["number"], title=head["title"], words=wording(head),
        lines=typed.contract_lines(rows["lines"]), payments=typed.payments(rows["payments"]),
        key=head["key"], at=now(),
    )  # fmt: skip


WRITE = EntryScreen(
    title=lambda _record: gettext("Write a contract"),
    permission="contract.create",
    head=contract_head,
    tables=TABLES,
    save=_write,
    done=contract_url,
    saved=_("The contract is a draft. Submit it for approval."),
    submit=_("Save as a draft"),
    cancel=lambda _record: reverse("sales:contracts"),
    breadcrumbs=_crumbs,
)


def vary_head() -> type[forms.Form]:
    """The terms of the next version, and why there is one."""
    made = {
        **_terms(),
        "reason": reason_field(
            required=False, hint=gettext("Needed for a change of a contract in force.")
        ),
        "key": key_field(),
    }
    return type("VaryHead", (forms.Form,), made)


def _head_values(record: Any) -> dict[str, Any]:
    shown = record.waiting or record.shown
    names = ("signed_on", "effective_on", "expires_on", "currency", "warranty_start",
             "warranty_months", "warranty_covers", "exchange_inherits", "delivery_terms",
             "acceptance_terms", "file_sha256")  # fmt: skip
    return {
        **{name: getattr(shown, name) for name in names},
        "retention": plain(shown.retention_share * 100),
        "reason": shown.reason if record.waiting else "",
    }


def _row_values(record: Any) -> dict[str, list[dict[str, Any]]]:
    shown = record.waiting or record.shown
    return {
        "lines": [
            {
                "product_code": one.product.product_code,
                "qty": plain(one.qty),
                "price": plain(one.price),
                "tax_rate": plain(one.tax_rate * 100),
                "discount": plain(one.discount * 100),
                "due_on": one.due_on or "",
            }
            for one in contracts.lines_of(shown)
        ],
        "payments": [
            {
                "name": node.name,
                "share": plain(node.share * 100),
                "due_rule": node.due_rule,
                "due_days": node.due_days,
                "due_on": node.due_on or "",
            }
            for node, _cents in contracts.payments_of(shown)
        ],
    }


def _vary(*, user: Any, record: Any, version: Any, head: dict[str, Any], rows: Any) -> Contract:
    return services.vary_contract(
        actor=user, contract=record.pk, words=wording(head, record.waiting or record.shown),
        lines=typed.contract_lines(rows["lines"]), payments=typed.payments(rows["payments"]),
        reason=head["reason"], key=head["key"], at=now(),
    )  # fmt: skip


VARY = EntryScreen(
    title=lambda record: gettext("Change %(contract)s") % {"contract": record.number},
    permission="contract.edit",
    find=find_contract,
    head=vary_head,
    head_values=_head_values,
    tables=TABLES,
    row_values=_row_values,
    save=_vary,
    done=contract_url,
    saved=_("Written. The version in force stays until this one is approved."),
    cancel=contract_url,
    breadcrumbs=_crumbs,
)


def _step(
    name: str, label: Any, command: Callable[..., Contract], permission: str, *, saved: Any,
    hint: Any = "", reason: bool = True, more: Callable[[], dict[str, forms.Field]] | None = None,
) -> FormScreen:  # fmt: skip
    """A page that asks for a reason, where one is needed, and does one step of a contract."""

    def form() -> type[forms.Form]:
        made = more() if more else {}
        if reason:
            made["reason"] = reason_field(hint=str(hint))
        made["key"] = key_field()
        return type(f"{name.title()}Form", (forms.Form,), made)

    def save(*, user: Any, record: Contract, version: Any, **given: Any) -> Contract:
        return command(actor=user, contract=record.pk, at=now(), **given)

    return FormScreen(
        permission=permission,
        find=lambda _user, pk: contracts.contract(pk),
        title=lambda record: f"{label} · {record.number}",
        form=form,
        values=lambda _record: {"key": uuid7().hex},
        save=save,
        done=contract_url,
        saved=saved,
        submit=label,
        cancel=contract_url,
        breadcrumbs=_crumbs,
    )


def _how() -> dict[str, forms.Field]:
    return {"how": forms.ChoiceField(label=gettext("How it ends"), choices=choice_pairs(ENDINGS))}


SUBMIT_CONTRACT = _step(
    "submit", _("Submit"), services.submit_contract, "contract.edit", reason=False,
    saved=_("It waits for approval."),
)  # fmt: skip
APPROVE_CONTRACT = _step(
    "approve", _("Approve"), services.approve_contract, "contract.approve", reason=False,
    saved=_("It is in force."),
)  # fmt: skip
REFUSE_CONTRACT = _step(
    "refuse", _("Refuse"), services.refuse_contract, "contract.approve", saved=_("Refused."),
)  # fmt: skip
DROP_VARIATION = _step(
    "drop", _("Give the change up"), services.drop_variation, "contract.edit",
    saved=_("The version in force goes on."),
)  # fmt: skip
END_CONTRACT = _step(
    "end", _("End the contract"), services.end_contract, "contract.approve", more=_how,
    hint=_("Orders that were taken go on."), saved=_("Ended."),
)  # fmt: skip


# -- prices ----------------------------------------------------------------------------------------


def price_form() -> type[forms.Form]:
    """What one of a product costs whom, from when."""
    groups = [(code, name) for code, name in choice_pairs(GROUPS)]
    made: dict[str, forms.Field] = {
        "product_code": text_field(gettext("Product code"), 60, required=True),
        "group": forms.ChoiceField(label=gettext("Customers"), choices=groups, required=False),
        "price": number_field(gettext("Price with tax"), low="0.0001"),
        "floor": number_field(
            gettext("Lowest price"), low="0",
            help_text=gettext("With tax, after the discount. Below it an order is not approved."),
        ),
        "tax_rate": number_field(gettext("Tax %"), low="0", high="100", initial="13"),
        "currency": forms.RegexField(
            r"^[A-Z]{3}$", label=gettext("Currency"), initial="CNY", max_length=3
        ),
        "valid_from": day_field(gettext("From"), initial=today),
        "valid_to": day_field(gettext("To"), required=False),
        "key": key_field(),
    }  # fmt: skip
    return type("PriceForm", (forms.Form,), made)


def _set_price(
    *, user: Any, record: Any, version: Any, product_code: str, tax_rate: Decimal, **given: Any
) -> ListPrice:
    [product] = typed.products([{"product_code": product_code}])
    return services.set_price(actor=user, product=product, tax_rate=tax_rate / 100, **given)


def _price_crumbs(_record: Any) -> list[tuple[Words, str]]:
    return [(_("Price list"), reverse("sales:prices"))]


SET_PRICE = FormScreen(
    permission="contract.approve",
    title=lambda _record: gettext("Set a price"),
    form=price_form,
    save=_set_price,
    done=lambda _price: reverse("sales:prices"),
    saved=_("The price is set."),
    cancel=lambda _record: reverse("sales:prices"),
    breadcrumbs=_price_crumbs,
)


def end_price_form() -> type[forms.Form]:
    """The last day of a price."""
    made = {"valid_to": day_field(gettext("Last day")), "key": key_field()}
    return type("EndPriceForm", (forms.Form,), made)


def _find_price(_user: Any, pk: UUID) -> ListPrice:
    return orders.price(pk)


END_PRICE = FormScreen(
    permission="contract.approve",
    find=_find_price,
    title=lambda price: (
        gettext("End the price of %(product)s") % {"product": price.product.product_code}
    ),
    form=end_price_form,
    values=lambda price: {"valid_to": price.valid_to or today(), "key": uuid7().hex},
    save=lambda *, user, record, version, **given: services.end_price(
        actor=user, price=record.pk, **given
    ),
    done=lambda _price: reverse("sales:prices"),
    saved=_("The price ends."),
    cancel=lambda _price: reverse("sales:prices"),
    breadcrumbs=_price_crumbs,
)
