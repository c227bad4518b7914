"""The forms of projects, built for the language of the request."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kintsugi.core.screens.fields import day_field, key_field, reason_field
from kintsugi.core.screens.parts import Words, choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.onboarding.selectors import runs_of_sources, sources
from kintsugi.projects.checks import CHECKS
from kintsugi.projects.kinds import (
    CATEGORIES,
    DIRECTIONS,
    IMPACTS,
    LIMITS,
    MONEY,
    PROBABILITIES,
    RESPONSES,
    RISK,
    ROLES,
    SIDES,
)
from kintsugi.projects.metrics import METRICS
from kintsugi.projects.models import Contingency, Kpi, Risk
from kintsugi.projects.plans import plans
from kintsugi.projects.typed import typed_params

Fields = dict[str, forms.Field]
CODE = r"^[A-Za-z0-9][A-Za-z0-9-]*$"
BY_HAND = Text("人工录入", "entered by hand")
BOTH = Text("一行一条;中英文用竖线隔开:中文 | English", "One a line; in both: 中文 | English")


class MonthField(forms.DateField):
    """A month, as its first day."""

    widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m", "%Y-%m-%d"], **options)

    def clean(self, value: Any) -> Any:
        """The first day of the month."""
        found = super().clean(value)
        return found.replace(day=1) if isinstance(found, dt.date) else found


def made(fields: Mapping[str, forms.Field]) -> type[forms.Form]:
    """A form of these fields."""
    return type("ProjectForm", (forms.Form,), dict(fields))


def _line(label: str, *, most: int = 200, required: bool = True, hint: str = "") -> forms.Field:
    return forms.CharField(label=label, max_length=most, required=required, help_text=hint)


def _text(label: str, *, most: int = 400, required: bool = False, hint: str = "") -> forms.Field:
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=hint,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def _lines(label: str) -> forms.Field:
    return forms.CharField(
        label=label, max_length=20_000, required=False, help_text=say(BOTH),
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip


def _choice(
    label: str, choices: Mapping[Any, Words], *, empty: Words = "", required: bool = True
) -> forms.Field:
    pairs = choice_pairs({str(code): words for code, words in choices.items()})
    first = [("", say(empty) or "–")] if empty or not required else []
    return forms.ChoiceField(label=label, choices=[*first, *pairs], required=required)


def _scale(label: str, names: Mapping[int, Text]) -> forms.Field:
    pairs = [(number, f"{number} · {say(words)}") for number, words in names.items()]
    return forms.TypedChoiceField(label=label, choices=pairs, coerce=int)


def _titles() -> Fields:
    return {
        "title_zh": _line(_("Name (Chinese)")),
        "title_en": _line(_("Name (English)")),
    }


def _money(label: str, *, required: bool = False) -> forms.Field:
    return forms.DecimalField(
        label=label, min_value=0, max_digits=18, decimal_places=2, required=required
    )


def _value(label: str, *, required: bool = True, hint: str = "") -> forms.Field:
    return forms.DecimalField(
        label=label, max_digits=20, decimal_places=4, required=required, help_text=hint
    )


def step_form() -> type[forms.Form]:
    """Why."""
    return made({"reason": reason_field(), "key": key_field()})


def new_project() -> type[forms.Form]:
    """A project, empty or from a ready plan."""
    ready = {one.name: one.title for one in plans()}
    return made(
        {
            "code": forms.RegexField(
                CODE, label=_("Code"), max_length=40,
                help_text=_("Letters, digits and hyphens, such as REGISTER-2027."),
            ),
            "template": _choice(_("Ready plan"), ready, empty=Text("空白项目", "empty project"),
                                required=False),
            **_titles(),
            "sponsor_name": _line(_("Sponsor"), required=False),
            "planned_start": day_field(_("Planned start")),
            "planned_end": day_field(
                _("Planned end"), required=False,
                help_text=_("Left empty: as long as the ready plan takes."),
            ),
            "key": key_field(),
        }
    )  # fmt: skip


def project_form() -> type[forms.Form]:
    """What may change of a project."""
    return made(
        {
            **_titles(),
            "goal_zh": _text(_("Goal (Chinese)"), most=1000),
            "goal_en": _text(_("Goal (English)"), most=1000),
            "sponsor_name": _line(_("Sponsor"), required=False),
            "owner_name": _line(_("Owner")),
            "planned_start": day_field(_("Planned start")),
            "planned_end": day_field(_("Planned end")),
            "currency": forms.RegexField(r"^[A-Z]{3}$", label=_("Currency"), max_length=3),
            "rate_pct": forms.DecimalField(
                label=_("Discount rate, % a year"), min_value=0, max_value=100, max_digits=6,
                decimal_places=3,
            ),
            "inside": _lines(_("In scope")),
            "outside": _lines(_("Out of scope")),
            "never": _lines(_("Must not happen")),
        }
    )  # fmt: skip


def sources_form() -> type[forms.Form]:
    """Which sources it is about."""
    known = [(one.code, f"{one.code} · {one.name_zh}") for one in sources().order_by("code")[:500]]
    return made(
        {
            "codes": forms.MultipleChoiceField(
                label=_("Sources"), choices=known, required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        }
    )  # fmt: skip


def member_form() -> type[forms.Form]:
    """Who takes part."""
    return made({"name": _line(_("Name")), "role": _choice(_("Role"), ROLES), "key": key_field()})


def milestone_form() -> type[forms.Form]:
    """A new milestone."""
    return made(
        {**_titles(), "due_on": day_field(pgettext("milestone", "Due")),
         "owner_name": _line(_("Owner"), required=False), "key": key_field()}
    )  # fmt: skip


def edit_milestone_form() -> type[forms.Form]:
    """What may change of a milestone."""
    return made(
        {
            **_titles(),
            "due_on": day_field(pgettext("milestone", "Due")),
            "owner_name": _line(_("Owner"), required=False),
            "reason": reason_field(
                required=False, hint=_("Needed where the day moves; the first plan stays.")
            ),
        }
    )


def criterion_form() -> type[forms.Form]:
    """A criterion: checked by the system or signed by a person."""
    signed = Text("由人签署", "signed by a person")
    hint = "; ".join(
        f"{say(one.title)}: {typed_params(one.params) or '–'}" for one in CHECKS.values()
    )
    return made(
        {
            **_titles(),
            "check_name": _choice(
                _("Checked by"), {n: c.title for n, c in CHECKS.items()}, empty=signed,
                required=False,
            ),
            "params": _line(_("Parameters"), most=400, required=False, hint=hint),
            "key": key_field(),
        }
    )  # fmt: skip


def sign_form() -> type[forms.Form]:
    """A person's word on a criterion."""
    return made(
        {
            "holds": _choice(
                _("It holds"), {"yes": Text("是", "yes"), "no": Text("否", "no")}
            ),
            "evidence": _text(
                _("Evidence"), required=True,
                hint=_("Where it can be seen: minutes, a file number, a photo."),
            ),
        }
    )  # fmt: skip


def kpi_form() -> type[forms.Form]:
    """A new key figure."""
    hint = "; ".join(
        f"{say(one.title)}: {typed_params(one.params)}" for one in METRICS.values() if one.params
    )
    return made(
        {
            "code": forms.RegexField(CODE, label=_("Code"), max_length=60),
            **_titles(),
            **_units(),
            "direction": _choice(_("Direction"), DIRECTIONS),
            "baseline": _baseline(),
            "target": _value(_("Target")),
            "metric": _choice(
                _("Measured by"), {n: m.title for n, m in METRICS.items()}, empty=BY_HAND,
                required=False,
            ),
            "params": _line(_("Parameters"), most=200, required=False, hint=hint),
            "owner_name": _line(_("Owner"), required=False),
            "key": key_field(),
        }
    )  # fmt: skip


def edit_kpi_form() -> type[forms.Form]:
    """What may change of a key figure."""
    return made(
        {**_titles(), **_units(), "baseline": _baseline(), "target": _value(_("Target")),
         "owner_name": _line(_("Owner"), required=False)}
    )  # fmt: skip


def _units() -> Fields:
    return {
        "unit_zh": _line(_("Unit (Chinese)"), most=20, required=False),
        "unit_en": _line(_("Unit (English)"), most=20, required=False),
    }


def _baseline() -> forms.Field:
    return _value(
        _("Baseline"), required=False, hint=_("Left empty where nobody knows: unknown, not 0.")
    )


def value_form() -> type[forms.Form]:
    """A value by hand."""
    return made(
        {
            "value": _value(_("Value")),
            "as_of": forms.DateTimeField(
                label=_("As of"),
                widget=forms.DateTimeInput(
                    attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
                ),
            ),
            "evidence": _text(_("Source and evidence"), required=True),
            "key": key_field(),
        }
    )


def risk_form(project: Any, *, is_new: bool) -> type[forms.Form]:
    """A risk; its assessment has a form of its own once it stands."""
    figures = {str(one.pk): one.title for one in Kpi.objects.filter(project=project, is_void=False)}
    fields: Fields = {**_titles(), "category": _choice(_("Category"), CATEGORIES)}
    if is_new:
        fields |= {
            "probability": _scale(_("Probability"), PROBABILITIES),
            "impact": _scale(_("Impact"), IMPACTS),
        }
    fields |= {
        "response": _choice(_("Response"), RESPONSES),
        "owner_name": _line(_("Owner"), required=False),
        "trigger_zh": _text(_("Trigger (Chinese)")),
        "trigger_en": _text(_("Trigger (English)")),
        "plan_zh": _text(_("Measures (Chinese)")),
        "plan_en": _text(_("Measures (English)")),
        "kpi": _choice(_("Raised by the figure"), figures, required=False),
        "limit": _choice(_("when it is"), LIMITS, required=False),
        "threshold": _value(_("this value"), required=False),
    }
    if is_new:
        fields |= {"review_on": day_field(_("Next review"), required=False), "key": key_field()}
    return made(fields)


def assess_form(risk: Risk) -> type[forms.Form]:
    """A new assessment: the states that may follow, and the present one."""
    states = {name: RISK.states[name] for name in (risk.status, *RISK.next(risk.status))}
    return made(
        {
            "probability": _scale(_("Probability"), PROBABILITIES),
            "impact": _scale(_("Impact"), IMPACTS),
            "status": _choice(_("State"), states),
            "review_on": day_field(_("Next review"), required=False),
            "note": reason_field(_("What was seen")),
        }
    )


def contingency_form(project: Any) -> type[forms.Form]:
    """A contingency plan; its way back may name an import of the project's sources."""
    ids = project.sources.filter(is_void=False).values_list("source_id", flat=True)
    runs = {
        str(one.pk): Text(one.number, one.number)
        for one in runs_of_sources(list(ids)).order_by("-created_at")[:50]
    }
    return made(
        {
            **_titles(),
            "decider_name": _line(_("Who decides"), required=False),
            "limit_min": forms.IntegerField(
                label=_("Time limit, minutes"), min_value=1, max_value=100_000
            ),
            "back_zh": _text(_("Way back (Chinese)")),
            "back_en": _text(_("Way back (English)")),
            "run": _choice(_("Import that is rolled back"), runs, required=False),
            "steps": _lines(_("Steps")),
            "key": key_field(),
        }
    )


def contact_form() -> type[forms.Form]:
    """Somebody to call."""
    phone = forms.RegexField(
        r"^[0-9+()\- ]{3,60}$", label=_("Telephone"), max_length=60,
        help_text=_("Digits, blanks, + ( ) -; masked for who may not read personal data."),
    )  # fmt: skip
    return made(
        {"name": _line(_("Name")), "role": _choice(_("Role"), ROLES), "phone": phone,
         "key": key_field()}
    )  # fmt: skip


def drill_form(plan: Contingency) -> type[forms.Form]:
    """What a drill came to."""
    return made(
        {
            "held_on": day_field(_("Held")),
            "minutes": forms.IntegerField(label=_("Minutes"), min_value=0, max_value=100_000),
            "steps_done": forms.IntegerField(
                label=_("Steps done"), min_value=0, max_value=len(plan.steps),
                help_text=_("of %(n)s") % {"n": len(plan.steps)},
            ),
            "findings": _text(_("Findings")),
            "key": key_field(),
        }
    )  # fmt: skip


def line_form(project: Any) -> type[forms.Form]:
    """A cost or a benefit."""
    figures = {
        str(one.pk): one.title
        for one in Kpi.objects.filter(project=project, is_void=False, baseline__isnull=False)
    }
    per_cent: dict[str, Any] = {"min_value": 0, "max_value": 1000, "initial": 100}
    return made(
        {
            "side": _choice(_("Side"), SIDES),
            "category": _choice(_("Kind"), MONEY),
            **_titles(),
            "first_month": MonthField(label=_("First month")),
            "months": forms.IntegerField(label=_("Months"), min_value=1, max_value=120, initial=1),
            "amount": _money(_("Amount a month")),
            "kpi": _choice(_("or by the figure"), figures, required=False),
            "unit_value": _money(_("Value of one unit a month")),
            "best_pct": forms.IntegerField(label=_("Best case, %"), **per_cent),
            "worst_pct": forms.IntegerField(label=_("Worst case, %"), **per_cent),
            "basis": _text(_("Basis of the estimate")),
            "key": key_field(),
        }
    )


def actual_form() -> type[forms.Form]:
    """What a month came to."""
    return made(
        {
            "month": MonthField(label=_("Month")),
            "amount": _money(_("Amount"), required=True),
            "evidence": _text(_("Source and evidence"), required=True),
            "key": key_field(),
        }
    )
