"""Requests: what changes a licence of an approved party, a certificate of an approved product, or
merges products, written as an act that another person approves."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core import files
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
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import draft_typed
from kintsugi.parties import selectors as parties
from kintsugi.products import selectors, selectors_trade
from kintsugi.products.acts import CERTIFICATE, LICENCE, Recorded
from kintsugi.products.acts import MERGE as MERGING
from kintsugi.products.views import now, today

WRITTEN = _("The request is written as a draft. Submit it; another person approves it.")


def _fields(of: Recorded, *, file: bool) -> dict[str, forms.Field]:
    made: dict[str, forms.Field] = {
        "reason": reason_field(hint=gettext("What it rests on: the paper, a notice, a letter."))
    }
    for name, label in of.labels.items():
        words = say(label).capitalize()
        if name == "kind":
            made[name] = forms.ChoiceField(label=words, choices=choice_pairs(dict(of.kinds)))
        elif name in of.days:
            made[name] = day_field(words, required=name == "valid_from")
        elif name == "classes":
            pairs = [(one, one) for one in parties.DEVICE_CLASSES]
            made[name] = choices_field(words, pairs, required=False)
        elif name in of.lists:
            made[name] = CodesField(label=words, max_length=2000, required=False)
        elif not name.startswith("file_"):
            made[name] = forms.CharField(label=words, max_length=400, required=name == "number")
    made["products"] = CodesField(
        label=gettext("Products to add"), max_length=20_000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=gettext("Product codes."),
    )  # fmt: skip
    if file:
        made["file"] = paper_field()
    made["key"] = key_field()
    return made


def _typed(given: dict[str, Any]) -> dict[str, str | None]:
    """What was filled in, as one types it."""
    made: dict[str, str | None] = {}
    for name, value in given.items():
        made[name] = " ".join(value) if isinstance(value, list) else str(value or "")
    return made


def _request(
    of: Recorded, *, title: Words, find: Callable[..., Any], subject: Callable[[Any], Any],
    is_change: bool, back: Callable[[Any], str],
) -> FormScreen:  # fmt: skip
    takes_file = "file_sha256" in of.labels

    def values(record: Any) -> dict[str, Any]:
        if not is_change:
            return {}
        return {name: getattr(record, name, None) for name in of.labels}

    def save(
        *, user: Any, record: Any, version: Any, reason: str, key: str, file: Any = None,
        **given: Any,
    ) -> Act:  # fmt: skip
        typed = _typed(given)
        if is_change:
            typed["id"] = str(record.pk)
        if file:
            typed |= {"file_sha256": files.keep(file.read()),
                      "file_name": files.clean_name(file.name)}  # fmt: skip
        return draft_typed(
            kind=of.name, subject_id=subject(record), typed=typed, reason=reason, account=user,
            at=now(), key=key,
        )  # fmt: skip

    return FormScreen(
        permission="act.create",
        find=find,
        title=lambda record: f"{say(title)}: {record}",
        form=lambda: type("RequestForm", (forms.Form,), _fields(of, file=takes_file)),
        values=values,
        save=save,
        done=lambda act: reverse("acts:detail", args=[act.pk]),
        saved=WRITTEN,
        submit=_("Write the request"),
        cancel=back,
        breadcrumbs=lambda record: [(str(record), back(record))],
    )


def _first_product(certificate: Any) -> Any:
    """The product that an act about a certificate is about."""
    return selectors_trade.covered_by(certificate.pk).values_list("product_id", flat=True)[0]


REQUEST_LICENCE = _request(
    LICENCE,
    title=_("Licence by request"),
    find=lambda _user, pk: parties.party(pk),
    subject=lambda party: party.pk,
    is_change=False,
    back=lambda party: reverse("parties:detail", args=[party.pk]),
)
CHANGE_LICENCE = _request(
    LICENCE,
    title=_("Change by request"),
    find=lambda _user, pk: parties.licence(pk, on=today()),
    subject=lambda licence: licence.party_id,
    is_change=True,
    back=lambda licence: reverse("parties:licence", args=[licence.pk]),
)
REQUEST_CERTIFICATE = _request(
    CERTIFICATE,
    title=_("Certificate by request"),
    find=lambda _user, pk: selectors.product(pk),
    subject=lambda product: product.pk,
    is_change=False,
    back=lambda product: reverse("products:detail", args=[product.pk]),
)
CHANGE_CERTIFICATE = _request(
    CERTIFICATE,
    title=_("Change by request"),
    find=lambda _user, pk: selectors_trade.certificate(pk, on=today()),
    subject=_first_product,
    is_change=True,
    back=lambda certificate: reverse("products:certificate", args=[certificate.pk]),
)


def merge_form() -> type[forms.Form]:
    """Which other record is the same product, and how one knows."""
    made = {
        "drop": forms.CharField(
            label=gettext("The duplicate"), max_length=200,
            help_text=gettext("Product code or id of the record that goes."),
        ),
        "reason": reason_field(hint=gettext("How one knows that both are the same.")),
        "key": key_field(),
    }  # fmt: skip
    return type("MergeForm", (forms.Form,), made)


def _merge(*, user: Any, record: Any, version: Any, drop: str, reason: str, key: str) -> Act:
    return draft_typed(
        kind=MERGING.name, subject_id=record.pk, typed={"drop": drop}, reason=reason,
        account=user, at=now(), key=key,
    )  # fmt: skip


MERGE = FormScreen(
    permission="act.create",
    find=lambda _user, pk: selectors.product(pk),
    title=lambda product: gettext("Merge a duplicate into %(product)s") % {"product": product},
    form=merge_form,
    values=lambda _product: {},
    save=_merge,
    done=lambda act: reverse("acts:detail", args=[act.pk]),
    saved=WRITTEN,
    submit=_("Write the merge"),
    cancel=lambda product: reverse("products:detail", args=[product.pk]),
    breadcrumbs=lambda product: [(_("Products"), reverse("products:list"))],
)
