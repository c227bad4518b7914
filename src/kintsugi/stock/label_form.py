"""The page that prints labels: codes go in, a PDF comes out."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.printing import LABELS_MAX, LAYOUTS, SIZES, print_labels
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.parts import choice_pairs, language
from kintsugi.stock import selectors
from kintsugi.stock.labelling import labels_of, place_codes_of
from kintsugi.stock.pages import crumbs
from kintsugi.stock.views import now, today

COPIES_MAX = 100
WAREHOUSES_OFFERED = 500
#: A code is rarely longer than this; longer ones make room for fewer.
CODE_CHARS = 120


def label_form() -> type[forms.Form]:
    """What gets a label, how large, on what."""
    houses = selectors.warehouses().order_by("code")[:WAREHOUSES_OFFERED]
    made: dict[str, forms.Field] = {
        "what": forms.CharField(
            label=gettext("What gets a label"),
            required=False,
            max_length=LABELS_MAX * CODE_CHARS,
            widget=forms.Textarea(attrs={"rows": 6, "autofocus": True, "spellcheck": "false"}),
            help_text=gettext(
                "One on each line, scanned or typed: a serial number, a lot, a location, an SSCC, "
                "a whole UDI."
            ),
        ),
        "warehouse": forms.ChoiceField(
            label=gettext("All locations of a warehouse"),
            required=False,
            choices=[("", "–"), *((str(one.pk), str(one)) for one in houses)],
        ),
        "size": forms.ChoiceField(
            label=gettext("Size"),
            choices=[(name, f"{w} × {h} mm") for name, (w, h) in SIZES.items()],
        ),
        "layout": forms.ChoiceField(label=gettext("On what"), choices=choice_pairs(LAYOUTS)),
        "copies": forms.IntegerField(
            label=gettext("Copies of each"), initial=1, min_value=1, max_value=COPIES_MAX
        ),
    }
    return type("LabelForm", (forms.Form,), made)


def _print(
    *, user: Any, record: Any, version: Any, what: str, warehouse: str, size: str, layout: str,
    copies: int,
) -> HttpResponse:  # fmt: skip
    texts = [one for one in (line.strip(" \t\r") for line in what.split("\n")) if one]
    if warehouse:
        texts += place_codes_of(forms.UUIDField().clean(warehouse))
    if not texts:
        raise KintsugiError(
            "label.none",
            Text("没有要打印的标签。", "There is no label to print."),
            Text(
                "写出至少一个编号,或选择仓库。", "Name one thing at least, or choose a warehouse."
            ),
            field="what",
        )  # fmt: skip
    made = print_labels(
        labels_of(texts, on=today(), language=language(), copies=copies),
        size=size,
        layout=layout,
        at=now(),
        language=language(),
    )
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="labels.pdf"'},
    )


LABELS = FormScreen(
    permission="stock.read",
    title=lambda _record: gettext("Print labels"),
    form=label_form,
    save=_print,
    done=lambda _made: reverse("stock:labels"),
    submit=_("Print"),
    cancel=lambda _record: reverse("stock:list"),
    breadcrumbs=lambda _record: crumbs(),
)
