"""Forms of certificates, authorised products and first reviews."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.fields import (
    CodesField,
    choices_field,
    day_field,
    key_field,
    paper_field,
    reason_field,
)
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.parties import selectors as parties
from kintsugi.parties.services import Paper
from kintsugi.products import selectors, selectors_trade, services_trade
from kintsugi.products.kinds import CERTIFICATE_KINDS, REVIEW_ROLES
from kintsugi.products.models import Certificate, FirstReview
from kintsugi.products.services_trade import CertificateFacts
from kintsugi.products.trade_screens import certificate_url, review_url, reviewed
from kintsugi.products.views import now, today

PRODUCTS_MAX = 500


def products_called(codes: Sequence[str]) -> list[UUID]:
    """Products by their codes. Raises KintsugiError ``trade.unknown-product`` at the field
    ``products``, ``trade.too-many``."""
    if len(codes) > PRODUCTS_MAX:
        raise KintsugiError(
            "trade.too-many",
            Text(f"一次最多 {PRODUCTS_MAX} 个产品。", f"At most {PRODUCTS_MAX} products at once."),
            Text("分几次登记。", "Do it in several steps."),
            field="products",
        )
    wanted = [code.strip().upper() for code in codes]
    known = selectors.by_codes({*wanted, *codes})
    missing = [
        code for code, upper in zip(codes, wanted, strict=True)
        if code not in known and upper not in known
    ]  # fmt: skip
    if missing:
        raise KintsugiError(
            "trade.unknown-product",
            Text(f"没有产品 {'、'.join(missing[:5])}。",
                 f"There is no product {', '.join(missing[:5])}."),
            Text("核对产品编码。", "Look at the product codes again."),
            field="products",
            missing=missing,
        )  # fmt: skip
    return [(known.get(c) or known[u]).pk for c, u in zip(codes, wanted, strict=True)]


def party_called(name: str, field: str) -> UUID:
    """The one party of this name or credit code. Raises KintsugiError ``trade.unknown-party`` or
    ``trade.several-parties``."""
    found = parties.by_name(name)
    if len(found) == 1:
        return found[0].pk
    several = bool(found)
    raise KintsugiError(
        "trade.several-parties" if several else "trade.unknown-party",
        Text(f"“{name}”有 {len(found)} 个往来单位。", f"{len(found)} parties are called “{name}”."),
        Text("用统一社会信用代码指明。", "Name it by its credit code.")
        if several
        else Text("先建立往来单位。", "Register the party first."),
        field=field,
        value=name,
    )


# -- certificates ----------------------------------------------------------------------------------


def certificate_form() -> type[forms.Form]:
    """What stands on a certificate, and the products it is for."""
    made: dict[str, forms.Field] = {
        "number": forms.CharField(label=gettext("Certificate number"), max_length=50),
        "kind": forms.ChoiceField(label=gettext("Kind"), choices=choice_pairs(CERTIFICATE_KINDS)),
        "holder": forms.CharField(
            label=gettext("Holder"), max_length=300, help_text=gettext("Name or credit code."),
        ),
        "approved_on": day_field(gettext("Approved on"), required=False),
        "valid_from": day_field(gettext("Valid from")),
        "valid_to": day_field(
            gettext("Valid through"), required=False, help_text=gettext("Empty for a filing."),
        ),
        "products": CodesField(
            label=gettext("Products"), max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext("Product codes."),
        ),
        "file": paper_field(),
        "note": forms.CharField(label=gettext("Remark"), max_length=400, required=False),
        "key": key_field(),
    }  # fmt: skip
    return type("CertificateForm", (forms.Form,), made)


def _register(
    *, user: Any, record: Any, version: Any, holder: str, products: list[str], file: Any, key: str,
    **facts: Any,
) -> Certificate:  # fmt: skip
    return services_trade.register_certificate(
        actor=user, facts=CertificateFacts(holder=party_called(holder, "holder"), **facts),
        products=products_called(products), key=key, at=now(),
        paper=Paper(file.name, file.read()) if file else None,
    )  # fmt: skip


def _certificate_crumbs(_record: Any) -> list[tuple[Words, str]]:
    return [(_("Certificates"), reverse("products:certificates"))]


ADD_CERTIFICATE = FormScreen(
    permission="licence.create",
    title=lambda _record: gettext("Register a certificate"),
    form=certificate_form,
    save=_register,
    done=certificate_url,
    saved=_("Registered."),
    submit=_("Register"),
    cancel=lambda _record: reverse("products:certificates"),
    breadcrumbs=_certificate_crumbs,
)


def withdraw_form() -> type[forms.Form]:
    """Since when and why."""
    made = {
        "on": day_field(gettext("Withdrawn on"), initial=today),
        "reason": reason_field(
            hint=gettext("Nothing made under it is sold from that day on, for good.")
        ),
    }
    return type("WithdrawForm", (forms.Form,), made)


WITHDRAW_CERTIFICATE = FormScreen(
    permission="licence.edit",
    find=lambda _user, pk: selectors_trade.certificate(pk, on=today()),
    title=lambda record: (
        gettext("Declare %(certificate)s withdrawn") % {"certificate": record.number}
    ),
    form=withdraw_form,
    values=lambda _record: {},
    save=lambda *, user, record, version, on, reason: services_trade.withdraw_certificate(
        actor=user, certificate=record.pk, on=on, reason=reason, at=now()
    ),
    done=certificate_url,
    saved=pgettext_lazy("registration", "Withdrawn."),
    submit=_("Declare it withdrawn"),
    cancel=certificate_url,
    breadcrumbs=_certificate_crumbs,
)


def products_form() -> type[forms.Form]:
    """Products by their codes."""
    made = {
        "products": CodesField(
            label=gettext("Products"), max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext("Product codes."),
        ),
        "key": key_field(),
    }  # fmt: skip
    return type("ProductsForm", (forms.Form,), made)


def _authorise(*, user: Any, record: Any, version: Any, products: list[str], key: str) -> Any:
    services_trade.authorise_products(
        actor=user, licence=record.pk, products=products_called(products), key=key, at=now()
    )
    return record


def _licence_page(record: Any) -> str:
    return reverse("parties:licence", args=[record.pk])


AUTHORISE = FormScreen(
    permission="licence.create",
    find=lambda _user, pk: parties.licence(pk, on=today()),
    title=lambda record: gettext("Products of %(licence)s") % {"licence": record.number},
    form=products_form,
    values=lambda _record: {},
    save=_authorise,
    done=_licence_page,
    saved=_("Authorised."),
    submit=_("Authorise"),
    cancel=_licence_page,
    breadcrumbs=lambda record: [(record.number, _licence_page(record))],
)


# -- first reviews ---------------------------------------------------------------------------------


def _subject(_user: Any, role: str, pk: UUID) -> Any:
    """What a review is asked for, with its kind; it has no version of its own here."""
    found = reviewed(pk, role)
    return SimpleNamespace(role=role, pk=pk, name=str(found), version=None)


def ask_form() -> type[forms.Form]:
    """Why, and for which classes."""
    classes = [(one, one) for one in parties.DEVICE_CLASSES]
    made = {
        "classes": choices_field(
            gettext("Device classes"), classes, required=False,
            help_text=gettext("What is to be traded with a party; not asked for a product."),
        ),
        "reason": reason_field(hint=gettext("What it is needed for.")),
        "key": key_field(),
    }  # fmt: skip
    return type("ReviewForm", (forms.Form,), made)


def _ask(*, user: Any, record: Any, version: Any, **given: Any) -> FirstReview:
    return services_trade.ask_first_review(
        actor=user, role=record.role, subject=record.pk, at=now(), **given
    )


def _back(record: Any) -> str:
    page = "products:detail" if record.role == "product" else "parties:detail"
    return reverse(page, args=[record.pk])


ASK_REVIEW = FormScreen(
    permission="licence.create",
    find=_subject,
    title=lambda record: f"{say(REVIEW_ROLES[record.role])}: {record.name}",
    form=ask_form,
    values=lambda _record: {},
    save=_ask,
    done=review_url,
    saved=_("Written as a draft. Submit it to quality."),
    submit=_("Ask for it"),
    cancel=_back,
    breadcrumbs=lambda _record: [(_("First reviews"), reverse("products:reviews"))],
)


def plain_form() -> type[forms.Form]:
    """Nothing to fill in."""
    return type("PlainForm", (forms.Form,), {})


def reasoned_form() -> type[forms.Form]:
    """Why."""
    return type("ReasonedForm", (forms.Form,), {"reason": reason_field()})


def _step(
    permission: str, title: Words, submit: Words, save: Callable[..., FirstReview], *,
    reasoned: bool = True,
) -> FormScreen:  # fmt: skip
    def saved(*, user: Any, record: FirstReview, version: Any, reason: str = "") -> FirstReview:
        return save(user, record.pk, reason)

    return FormScreen(
        permission=permission,
        find=lambda _user, pk: selectors_trade.review(pk),
        title=lambda record: say(title) % {"review": record.number},
        form=reasoned_form if reasoned else plain_form,
        values=lambda _record: {},
        save=saved,
        done=review_url,
        submit=submit,
        cancel=review_url,
        breadcrumbs=lambda _record: [(_("First reviews"), reverse("products:reviews"))],
    )


def _closing(outcome: str) -> Callable[..., FirstReview]:
    return lambda user, pk, reason: services_trade.close_first_review(
        actor=user, review=pk, outcome=outcome, reason=reason, at=now()
    )


SUBMIT = _step(
    "licence.create", _("Submit %(review)s to quality"), _("Submit"),
    lambda user, pk, _reason: services_trade.submit_first_review(actor=user, review=pk, at=now()),
    reasoned=False,
)  # fmt: skip
CHECK = _step(
    "licence.approve", _("Quality review of %(review)s"), _("Papers are in order"),
    lambda user, pk, reason: services_trade.review_first(
        actor=user, review=pk, opinion=reason, at=now()
    ),
)  # fmt: skip
APPROVE = _step(
    "licence.approve", _("Approve %(review)s"), _("Approve"),
    lambda user, pk, reason: services_trade.approve_first_review(
        actor=user, review=pk, reason=reason, at=now()
    ),
)  # fmt: skip
REJECT = _step("licence.approve", _("Reject %(review)s"), _("Reject"), _closing("rejected"))
WITHDRAW = _step("licence.create", _("Withdraw %(review)s"), _("Withdraw"), _closing("withdrawn"))
END = _step("licence.approve", _("End %(review)s"), _("End"), _closing("ended"))
