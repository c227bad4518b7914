"""Entry of documents with many lines: rows are added and pasted without losing what was typed.

Works without scripts: "add lines" and "take over" send the form, which comes back with everything
in it and more rows. Nothing is saved by that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from kintsugi.core.access import requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.parts import Words, read, say

ROWS_MAX = 500
ROWS_MORE = 10
PASTE_CHARS = 200_000


class RowForm(forms.Form):
    """One line; each field says which line it belongs to, for whoever does not see the table."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        number = str(self.prefix or "").rpartition("-")[2]
        said = str(int(number) + 1) if number.isdigit() else ""
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = f"{field.label} {said}".strip()
            if type(field) is forms.ChoiceField and field.initial is None:
                # A browser sends the first choice of an untouched line too: that is no change.
                choices: Any = field.choices
                field.initial = next(iter(choices))[0]


@dataclass(frozen=True)
class Rows:
    """A table of lines. ``form`` builds the form of one, of the page's record if ``is_of_record``;
    ``pasted`` names its columns in the order in which a spreadsheet has them."""

    name: str
    title: Words
    form: Callable[..., type[RowForm]]
    pasted: Sequence[str] = ()
    hint: Words = ""
    blank: int = 5
    is_of_record: bool = False

    def of(self, record: Any) -> "Rows":
        """The table on the page of a record."""
        return replace(self, form=partial(self.form, record)) if self.is_of_record else self


@dataclass(frozen=True)
class EntryScreen:
    """A page that writes a document with lines through a service.

    ``head`` builds the form above the lines. ``save(user=…, record=…, version=…, head=…, rows=…)``
    gets what was typed, lines by the name of their table without blank ones, and returns the saved
    record. A refusal whose facts name ``line`` and ``field`` is shown there.
    """

    title: Callable[[Any], str]
    head: Callable[[], type[forms.Form]]
    tables: Sequence[Rows]
    save: Callable[..., Any]
    done: Callable[[Any], str]
    permission: str
    find: Callable[..., Any] | None = None
    head_values: Callable[[Any], Mapping[str, Any]] | None = None
    row_values: Callable[[Any], Mapping[str, Sequence[Mapping[str, Any]]]] | None = None
    saved: Words = ""
    submit: Words = ""
    cancel: Callable[[Any], str] | None = None
    breadcrumbs: Callable[[Any], Sequence[tuple[Words, str]]] | None = None

    def as_view(self) -> Callable[..., HttpResponse]:
        """The view."""

        @require_http_methods(["GET", "HEAD", "POST"])
        def view(request: HttpRequest, **arguments: Any) -> HttpResponse:
            return self.respond(request, **arguments)

        return requires(self.permission)(view)

    def respond(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Answer one request; a refused form comes back with all that was typed."""
        try:
            record = self.find(request.user, **arguments) if self.find else None
        except ObjectDoesNotExist:
            raise Http404 from None
        return replace(self, tables=[one.of(record) for one in self.tables])._answer(
            request, record
        )

    def _answer(self, request: HttpRequest, record: Any) -> HttpResponse:
        if request.method != "POST":
            return self._page(request, record, *self._fresh(request, record))
        if "add" in request.POST or "take" in request.POST:
            return self._page(request, record, *self._longer(request.POST))
        head = self.head()(request.POST, request.FILES)
        sets = {one.name: self._set(one, request.POST) for one in self.tables}
        valid = head.is_valid()
        for made in sets.values():
            valid = made.is_valid() and valid
        if not valid:
            return self._page(request, record, head, sets, status=422)
        rows = {
            name: [form.cleaned_data for form in made if form.has_changed()]
            for name, made in sets.items()
        }
        version = request.POST.get("version", "")
        try:
            result = self.save(
                user=request.user, record=record, head=head.cleaned_data, rows=rows,
                version=int(version) if version.isascii() and version.isdigit() else None,
            )  # fmt: skip
        except KintsugiError as error:
            shown = None if self._placed(error, head, sets) else error
            return self._page(
                request, record, head, sets, status=status_of(error), refused=shown, cause=error
            )
        messages.success(request, say(self.saved) or gettext("Saved."))
        return HttpResponseRedirect(self.done(result))

    def _set(self, one: Rows, data: Any = None, initial: Any = None, blank: int = 0) -> Any:
        made = forms.formset_factory(
            one.form(), extra=blank, max_num=ROWS_MAX, absolute_max=ROWS_MAX
        )
        return made(data, prefix=one.name, initial=initial)

    def _fresh(self, request: HttpRequest, record: Any) -> tuple[Any, dict[str, Any]]:
        """The page as it opens: the record's values, or what a link says."""
        kind = self.head()
        values: dict[str, Any] = {}
        if record is not None and self.head_values:
            values = dict(self.head_values(record))
        values |= {name: request.GET[name] for name in kind.base_fields if name in request.GET}
        rows = self.row_values(record) if record is not None and self.row_values else {}
        sets = {
            one.name: self._set(one, initial=list(rows.get(one.name, ())), blank=one.blank)
            for one in self.tables
        }
        return kind(initial=values), sets

    def _longer(self, data: QueryDict) -> tuple[Any, dict[str, Any]]:
        """The page with all that was typed, and more rows: blank ones, or those of a paste."""
        head = self.head()(initial={name: data.get(name, "") for name in self.head().base_fields})
        sets = {}
        for one in self.tables:
            typed = [row for row in _typed(one, data) if any(row.values())]
            if data.get("take") == one.name:
                typed += pasted_rows(data.get(f"paste-{one.name}", ""), one.pasted)
            blank = ROWS_MORE if data.get("add") == one.name else one.blank
            sets[one.name] = self._set(one, initial=typed[:ROWS_MAX], blank=blank)
        return head, sets

    def _placed(self, error: KintsugiError, head: forms.Form, sets: Mapping[str, Any]) -> bool:
        """Put a refusal where it belongs; False when it belongs above the form."""
        field, line = str(error.facts.get("field", "")), error.facts.get("line")
        said = f"{say(error.message)} {say(error.remedy)}"
        if isinstance(line, int):
            filled = [form for form in next(iter(sets.values())) if form.has_changed()]
            if 0 < line <= len(filled):
                form = filled[line - 1]
                form.add_error(field if field in form.fields else next(iter(form.fields)), said)
                return True
        if field in head.fields:
            head.add_error(field, said)
            return True
        return False

    def _page(
        self, request: HttpRequest, record: Any, head: forms.Form, sets: Mapping[str, Any], *,
        status: int = 200, refused: KintsugiError | None = None,
        cause: KintsugiError | None = None,
    ) -> HttpResponse:  # fmt: skip
        crumbs = self.breadcrumbs(record) if self.breadcrumbs else ()
        typed = request.POST if request.method == "POST" else {}
        context = {
            "record": record,
            "form": head,
            "tables": [
                {
                    "name": one.name, "title": say(one.title), "hint": say(one.hint),
                    "set": sets[one.name], "columns": sets[one.name].empty_form.visible_fields(),
                    "pasted": bool(one.pasted),
                    # Where a line stands for each line of the record there can be no other.
                    "more": ROWS_MORE if one.blank else 0,
                }
                for one in self.tables
            ],
            "version": typed.get("version") or read(record, "version") or "",
            "refused": refused,
            "page_title": self.title(record),
            "breadcrumbs": [(say(words), url) for words, url in crumbs],
            "submit": say(self.submit) or gettext("Save"),
            "cancel": self.cancel(record) if self.cancel else "",
        }  # fmt: skip
        response = render(request, "sales/entry.html", context, status=status)
        response.refusal = cause or refused  # type: ignore[attr-defined]  # for the refused acts
        return response


def _typed(one: Rows, data: QueryDict) -> list[dict[str, str]]:
    """The rows of a table as they were typed."""
    total = data.get(f"{one.name}-TOTAL_FORMS", "")
    count = min(int(total), ROWS_MAX) if total.isascii() and total.isdigit() else 0
    names = list(one.form().base_fields)
    return [
        {name: data.get(f"{one.name}-{number}-{name}", "") for name in names}
        for number in range(count)
    ]


def pasted_rows(text: str, names: Sequence[str]) -> list[dict[str, str]]:
    """Rows out of a spreadsheet: cells apart by tabs, else by semicolons, commas or spaces. A head
    of the table, whose quantity is no number, is left out; numbers lose their thousands commas."""
    found: list[dict[str, str]] = []
    for line in text[:PASTE_CHARS].splitlines():
        cells = [cell.strip() for cell in _cells(line)]
        if not any(cells):
            continue
        row = dict(zip(names, cells, strict=False))
        for name in names[1:]:
            if _number(row.get(name, "")) is not None:
                row[name] = str(_number(row[name]))
        if found or len(names) < 2 or _number(row.get(names[1], "")) is not None:
            found.append(row)
    return found[:ROWS_MAX]


def _cells(line: str) -> list[str]:
    for mark in ("\t", ";", ";"):
        if mark in line:
            return line.split(mark)
    return line.replace(",", ",").split(",") if "," in line or "," in line else line.split()


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "").replace("¥", "").replace("¥", "").strip())
    except ArithmeticError:
        return None
    return found if found.is_finite() else None
