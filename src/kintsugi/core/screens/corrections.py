"""The form in which a person says what is wrong with a record: present values, and a reason."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext

from kintsugi.core.masks import readable
from kintsugi.core.screens.parts import (
    contract_choices,
    contract_field,
    contract_label,
    language,
)
from kintsugi.engine.contract import Field

LONG_TEXT = 400
REASON_MAX = 400


def correction_form(entity: str, names: Sequence[str]) -> type[forms.Form]:
    """A form of these contract fields as text, for the request's language, with ``reason`` first.

    Values are typed as sources write them (``2023-05`` for a month, ``、`` between the items of a
    list); the contract's normaliser reads them. Fields that the person may not read are left out.
    """
    made: dict[str, forms.Field] = {
        "reason": forms.CharField(
            label=gettext("Why is it corrected?"),
            help_text=gettext(
                "What the right value rests on: name plate, contract, delivery note."
            ),
            max_length=REASON_MAX,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
    }
    for name in readable(entity, names):
        known = contract_field(entity, name)
        assert known is not None, f"the contract of {entity} has no field {name}"
        made[name] = _field(known)
    return type("CorrectionForm", (forms.Form,), made)


def _field(known: Field) -> forms.Field:
    common: dict[str, Any] = {
        "label": contract_label(known),
        "help_text": known.description.get(language()),
        "required": known.required,
    }
    if known.type == "enum":
        choices = [("", "–"), *contract_choices(known)]
        return forms.ChoiceField(choices=choices, **common)
    long = known.max_length is not None and known.max_length > LONG_TEXT
    attrs = {"placeholder": "YYYY-MM-DD"} if known.type == "date" else {}
    widget = forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput(attrs=attrs)
    return forms.CharField(widget=widget, max_length=known.max_length or 2000, **common)
