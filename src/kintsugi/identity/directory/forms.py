"""The forms of the directory, made for the language of the request."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from kintsugi.core import scope_names
from kintsugi.core.access import current
from kintsugi.core.screens.parts import say
from kintsugi.identity.duties import TOKEN_DAYS_MAX
from kintsugi.identity.matrix import ROLES, SCOPES, permissions, words
from kintsugi.identity.models import GrantReview, Person, User

LINES_MAX = 500


def _date(label: str, *, required: bool = False, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, required=required, help_text=help_text)


def _reason() -> forms.CharField:
    return forms.CharField(label=_("Reason"), max_length=400)


def midnight(day: dt.date | None) -> dt.datetime | None:
    """The beginning of a day here."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time())) if day else None


def after(day: dt.date | None) -> dt.datetime | None:
    """The end of a day here: the beginning of the next."""
    return midnight(day + dt.timedelta(days=1)) if day else None


def _make(name: str, fields: dict[str, Any], **methods: Any) -> type[forms.Form]:
    return type(name, (forms.Form,), {**fields, **methods})


def _grant_fields() -> dict[str, forms.Field]:
    return {
        "role": forms.ChoiceField(
            label=_("Role"), choices=[("", "–"), *((r.name, say(r.title)) for r in ROLES.values())]
        ),
        "scope_kind": forms.ChoiceField(
            label=_("Rows"), choices=[(kind, say(name)) for kind, name in SCOPES.items()]
        ),
        "scope_values": forms.CharField(
            label=_("Regions or customers"),
            required=False,
            widget=forms.Textarea(attrs={"rows": 3}),
            max_length=20_000,
            help_text=_("One a line: a division code of 2, 4 or 6 digits, or a customer's name."),
        ),
        "valid_to": _date(_("Until"), help_text=_("The last day; empty: for good.")),
    }


def _clean_values(form: Any) -> list[str]:
    """The typed lines as values of the chosen kind; a name nobody or several have is refused."""
    kind = form.data.get("scope_kind", "")
    values: list[str] = []
    lines = form.cleaned_data["scope_values"].splitlines()[:LINES_MAX]
    for line in filter(None, (line.strip() for line in lines)):
        found = scope_names.find(kind, line)
        if len(found) != 1:
            nobody, several = _("Nobody is called “%(name)s”."), _("Several are called “%(name)s”.")
            said = several if found else nobody
            raise ValidationError(said % {"name": line})
        values.append(found[0])
    return values


def grant_form() -> type[forms.Form]:
    """A role for a person."""
    fields = {**_grant_fields(), "valid_from": _date(_("From"), help_text=_("Empty: now."))}
    fields["reason"] = _reason()
    return _make("GrantForm", fields, clean_scope_values=_clean_values)


def move_form() -> type[forms.Form]:
    """Another job: what there was ends, this begins."""
    fields = {**_grant_fields(), "valid_from": _date(_("On"), help_text=_("Empty: now."))}
    fields["reason"] = _reason()
    return _make("MoveForm", fields, clean_scope_values=_clean_values)


def join_form() -> type[forms.Form]:
    """A new person with an account and a first role."""
    fields = {
        "name": forms.CharField(label=_("Name"), max_length=120),
        "kind": forms.ChoiceField(label=_("Kind"), choices=Person.Kind.choices),
        "emp_no": forms.CharField(label=_("Employee number"), max_length=20, required=False),
        "username": forms.CharField(label=_("User name"), max_length=80),
        "password": forms.CharField(
            label=_("First password"),
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            help_text=_("At least 12 characters; told to the person on another way."),
        ),
        "language": forms.ChoiceField(label=_("Language"), choices=User.Language.choices),
        **_grant_fields(),
        "reason": _reason(),
    }
    return _make("JoinForm", fields, clean_scope_values=_clean_values)


def reason_form() -> type[forms.Form]:
    """Only why."""
    return _make("ReasonForm", {"reason": _reason()})


def end_form() -> type[forms.Form]:
    """When a grant ends."""
    return _make("EndForm", {"until": _date(_("Until"), help_text=_("The last day; empty: now."))})


def delegate_form() -> type[forms.Form]:
    """Who stands in, and when."""
    people = Person.objects.filter(is_void=False, left_on=None).exclude(kind="service")
    return _make(
        "DelegateForm",
        {
            "person": forms.ModelChoiceField(people, label=_("Stand-in")),
            "valid_from": _date(_("From"), required=True),
            "until": _date(_("Until"), required=True, help_text=_("The last day.")),
            "reason": _reason(),
        },
    )


def review_form() -> type[forms.Form]:
    """Keep or end, and why."""
    return _make(
        "ReviewForm",
        {
            "decision": forms.ChoiceField(
                label=_("Decision"), choices=GrantReview.Decision.choices
            ),
            "reason": _reason(),
        },
    )


def token_form() -> type[forms.Form]:
    """A token of one's own: what for, what it may do, until when."""
    mine = [one for one in permissions() if current().may(one) and not one.startswith("token.")]
    return _make(
        "TokenForm",
        {
            "name": forms.CharField(label=_("What for"), max_length=80),
            "scopes": forms.MultipleChoiceField(
                label=_("May do"),
                choices=[(one, say(words(one))) for one in mine],
                widget=forms.SelectMultiple(attrs={"size": 12}),
                help_text=_("At most what you may do yourself, at the moment of use."),
            ),
            "expires_on": _date(
                _("Expires"),
                required=True,
                help_text=_("The last day; at most %(n)s days from today.") % {"n": TOKEN_DAYS_MAX},
            ),
        },
    )
