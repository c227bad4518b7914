"""Columns of a list: what is read, how it is drawn, exported, sorted and explained."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django_tables2
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kintsugi.core.access import may_open
from kintsugi.core.masks import mask
from kintsugi.core.screens.parts import (
    Choices,
    Kind,
    Words,
    choice_pairs,
    contract_choices,
    contract_field,
    contract_label,
    language,
    plain,
    read,
    say,
)
from kintsugi.core.templatetags import kintsugi as tags

NOTHING = SafeString('<span class="k-none">–</span>')


@dataclass(frozen=True)
class Column:
    """One column. ``name`` is the path of the value (``product__name``).

    Label and help come from the data contract's field of that name (or ``field``) unless given.
    ``sort`` names the ORM fields to order by; empty means the value is computed and not sortable;
    by default ``name``. ``link`` and ``gold`` give an address for a row: the record, and the source
    cell of the value. ``value`` computes what to show from the row instead of reading ``name``.
    """

    name: str
    label: Words = ""
    kind: Kind = "text"
    help: Words = ""
    field: str = ""
    sort: Sequence[str] | None = None
    link: Callable[[Any], str] | None = None
    gold: Callable[[Any], str | None] | None = None
    value: Callable[[Any], Any] | None = None
    choices: Choices = dataclasses.field(default_factory=dict)
    tones: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def heading(self, entity: str) -> tuple[str, str]:
        """Label and explanation in the page's language."""
        known = contract_field(entity, self.field or self.name)
        label = say(self.label) or (contract_label(known) if known else self.name)
        help_text = say(self.help) or (known.description.get(language()) if known else "")
        return label, help_text

    def names(self, entity: str) -> dict[str, str]:
        """Names of codes: the column's own, else the contract's allowed values."""
        if self.choices:
            return dict(choice_pairs(self.choices))
        return dict(contract_choices(contract_field(entity, self.field or self.name)))

    def raw(self, row: Any, entity: str = "") -> Any:
        """The value of this column in a row, personal data masked for whoever may not read it."""
        value = self.value(row) if self.value else read(row, self.name)
        return mask(entity, self.field or self.name, value)

    def text(self, row: Any, names: Mapping[str, str], entity: str = "") -> str:
        """The value as the export writes it."""
        value = self.raw(row, entity)
        return names.get(value, plain(value)) if isinstance(value, str) else plain(value)

    def draw(self, row: Any, names: Mapping[str, str], entity: str = "") -> SafeString | str:
        """The cell."""
        value = self.raw(row, entity)
        shown = self._shown(value, names)
        if self.link and shown is not NOTHING and (url := self.link(row)) and may_open(url):
            shown = format_html('<a href="{}">{}</a>', url, shown)
        if self.gold and (source := self.gold(row)) and may_open(source):
            mark = render_to_string("core/parts/gold.html", tags.gold(source))
            shown = format_html('<span class="k-joined">{} {}</span>', shown, SafeString(mark))
        return shown

    def _shown(self, value: Any, names: Mapping[str, str]) -> SafeString | str:
        if value is None or value == "":
            return NOTHING
        if self.kind == "state":
            tone = self.tones.get(str(value), "")
            return tags.pill(names.get(str(value), plain(value)), tone)
        if self.kind == "code":
            return format_html('<span class="k-code">{}</span>', value)
        if self.kind == "number":
            return tags.number(value)
        if self.kind == "size":
            return tags.size(value)
        if self.kind in ("date", "moment") and not isinstance(value, str):
            return tags.moment(value)
        return names.get(value, plain(value)) if isinstance(value, str) else plain(value)


class ScreenColumn(django_tables2.Column):  # type: ignore[misc]
    """django-tables2's side of a Column: drawing and sorting."""

    def __init__(self, column: Column, entity: str) -> None:
        self.spec = column
        self.names = column.names(entity)
        self.entity = entity
        label, self.help_text = column.heading(entity)
        self.numeric = column.kind in ("number", "size")
        sort = (column.name,) if column.sort is None else tuple(column.sort)
        self.sort_fields = () if column.value and column.sort is None else sort
        super().__init__(
            verbose_name=label,
            accessor=column.name,
            orderable=bool(self.sort_fields),
            empty_values=(),
        )

    def render(self, record: Any) -> SafeString | str:
        """The cell of a row."""
        return self.spec.draw(record, self.names, self.entity)

    def order(self, queryset: QuerySet[Any], is_descending: bool) -> tuple[QuerySet[Any], bool]:
        """Ordered by this column, ties by primary key, so that pages never overlap."""
        sign = "-" if is_descending else ""
        return queryset.order_by(*(f"{sign}{name}" for name in self.sort_fields), "pk"), True


def table_class(columns: Sequence[Column], entity: str) -> type[Any]:
    """A django-tables2 table of these columns in the language of this request."""
    made = {column.name: ScreenColumn(column, entity) for column in columns}
    return type("ScreenTable", (django_tables2.Table,), made)
