"""Forms: fields from the data contract, a service that saves, and nothing typed is ever lost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kintsugi.core.access import requires
from kintsugi.core.errors import KintsugiError, StaleVersion
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.parts import (
    Words,
    contract_choices,
    contract_field,
    contract_label,
    language,
    plain,
    read,
    say,
)
from kintsugi.engine.contract import Field

LONG_TEXT = 400


def contract_form(entity: str, names: Sequence[str]) -> type[forms.Form]:
    """A form of these contract fields: label, unit, explanation, length, range, allowed values.

    Built for the language of the request. Raises KintsugiError for a name the contract lacks.
    """
    made: dict[str, forms.Field] = {}
    for name in names:
        known = contract_field(entity, name)
        assert known is not None, f"the contract of {entity} has no field {name}"
        made[name] = _form_field(known)
    return type("ContractForm", (forms.Form,), made)


def _form_field(known: Field) -> forms.Field:
    common: dict[str, Any] = {
        "label": contract_label(known),
        "help_text": known.description.get(language()),
        "required": known.required,
    }
    if known.allowed:
        choices = [("", "–"), *contract_choices(known)]
        return forms.ChoiceField(choices=choices, **common)
    if known.type == "integer":
        low, high = (None if b is None else int(b) for b in (known.minimum, known.maximum))
        return forms.IntegerField(min_value=low, max_value=high, **common)
    if known.type == "decimal":
        return forms.DecimalField(min_value=known.minimum, max_value=known.maximum, **common)
    if known.type == "boolean":
        return forms.BooleanField(**{**common, "required": False})
    if known.type == "date":
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.DateField(widget=widget, **common)
    long = known.max_length is not None and known.max_length > LONG_TEXT
    area = forms.Textarea(attrs={"rows": 3}) if long and known.type == "text" else None
    return forms.CharField(max_length=known.max_length, widget=area, **common)


@dataclass(frozen=True)
class FormScreen:
    """A page that changes a record through a service; ``permission`` opens it and saves.

    ``form``   a Form class, or a function that builds one for the request (``contract_form``)
    ``find``   as in DetailScreen; None makes a new record
    ``values`` the record's present values by form field; default: attributes of that name
    ``save``   ``save(user=…, record=…, version=…, **cleaned)`` → the saved record, or an answer of
               its own such as a file; a service that refuses with KintsugiError is shown at
               ``facts["field"]`` or above the form
    ``done``   address to go to, given the saved record

    Two people at once: the version read goes along; if the record moved on, the page shows what
    the other changed beside what was typed, and the next save counts as a decision.
    """

    title: Callable[[Any], str]
    form: type[forms.Form] | Callable[[], type[forms.Form]]
    save: Callable[..., Any]
    done: Callable[[Any], str]
    permission: str = ""
    find: Callable[..., Any] | None = None
    values: Callable[[Any], Mapping[str, Any]] | None = None
    saved: Words = ""
    submit: Words = ""
    cancel: Callable[[Any], str] | None = None
    breadcrumbs: Callable[[Any], Sequence[tuple[Words, str]]] | None = None
    template: str = "core/form.html"

    def as_view(self) -> Callable[..., HttpResponse]:
        """The view."""

        @require_http_methods(["GET", "HEAD", "POST"])
        def view(request: HttpRequest, **arguments: Any) -> HttpResponse:
            return self.respond(request, **arguments)

        return requires(self.permission)(view) if self.permission else view

    def respond(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Answer one request; a refused form comes back with 422 (or 409) and all that was typed,
        and the transaction of the request is rolled back."""
        try:
            record = self.find(request.user, **arguments) if self.find else None
        except ObjectDoesNotExist:
            raise Http404 from None
        kind = self._form_class()
        present = self._present(record, kind)
        if request.method != "POST":
            # A link may fill a form for something new; it never saves by itself.
            named = (
                {}
                if record is not None
                else {name: request.GET[name] for name in kind.base_fields if name in request.GET}
            )
            form = kind(initial={**present, **named})
            return self._page(request, record, form, read(record, "version"))
        form = kind(request.POST, request.FILES, initial=present)
        version = _whole(request.POST.get("version"))
        if not form.is_valid():
            return self._page(request, record, form, version, status=422)
        try:
            now = read(record, "version")
            if record is not None and now != version:
                raise StaleVersion(str(record), read=version or 0, now=now)
            result = self.save(
                user=request.user, record=record, version=version, **form.cleaned_data
            )
        except StaleVersion as error:
            # The next save is based on what the page shows now.
            fresh = self.find(request.user, **arguments) if self.find else None
            changes = self._differences(form, self._present(fresh, kind))
            return self._page(
                request,
                fresh,
                form,
                read(fresh, "version"),
                status=409,
                refused=error,
                changes=changes,
            )
        except KintsugiError as error:
            field = str(error.facts.get("field", ""))
            if field in form.fields:
                form.add_error(field, f"{say(error.message)} {say(error.remedy)}")
                status = status_of(error)
                return self._page(request, record, form, version, status=status, cause=error)
            return self._page(
                request, record, form, version, status=status_of(error), refused=error
            )
        if isinstance(result, HttpResponse):
            return result
        messages.success(request, say(self.saved) or gettext("Saved."))
        return HttpResponseRedirect(self.done(result))

    def _form_class(self) -> type[forms.Form]:
        if isinstance(self.form, type):
            return self.form
        return self.form()

    def _present(self, record: Any, kind: type[forms.Form]) -> dict[str, Any]:
        if record is None:
            return {}
        if self.values:
            return dict(self.values(record))
        return {name: read(record, name) for name in kind.base_fields}

    def _differences(
        self, form: forms.Form, now: Mapping[str, Any]
    ) -> list[tuple[str, object, object]]:
        """(label, what it is now, what was typed) where these differ."""
        found: list[tuple[str, object, object]] = []
        for name, field in form.fields.items():
            theirs, typed = plain(now.get(name)), plain(form.cleaned_data.get(name))
            if theirs != typed:
                found.append((str(field.label), theirs, typed))
        return found

    def _page(
        self,
        request: HttpRequest,
        record: Any,
        form: forms.Form,
        version: int | None,
        *,
        status: int = 200,
        refused: KintsugiError | None = None,
        cause: KintsugiError | None = None,
        changes: Sequence[tuple[str, object, object]] = (),
    ) -> HttpResponse:
        crumbs = self.breadcrumbs(record) if self.breadcrumbs else ()
        context = {
            "record": record,
            "form": form,
            "version": version,
            "refused": refused,
            "changes": changes,
            "page_title": self.title(record),
            "breadcrumbs": [(say(words), url) for words, url in crumbs],
            "submit": say(self.submit) or gettext("Save"),
            "cancel": self.cancel(record) if self.cancel else "",
        }
        response = render(request, self.template, context, status=status)
        response.refusal = cause or refused  # type: ignore[attr-defined]  # for the log of refused acts
        return response


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
