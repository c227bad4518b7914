"""What lists, details and forms share: labels from the contract, values as text, small parts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from kintsugi.core.access import may_open
from kintsugi.core.states import StateMachine
from kintsugi.engine.contract import Field, load_contract
from kintsugi.engine.text import Text

#: A label or sentence: translated lazily by Django, or in both languages from the engine.
Words = str | Promise | Text
Kind = Literal["text", "code", "number", "date", "moment", "state", "flag", "size"]
#: Codes and their names: a state machine, a mapping, or pairs.
Choices = StateMachine | Mapping[str, Words] | list[tuple[str, Words]]


def language() -> str:
    """The language of the page being drawn."""
    return translation.get_language() or "zh-hans"


def say(words: Words) -> str:
    """Words in the language of the page."""
    return words.get(language()) if isinstance(words, Text) else str(words)


def choice_pairs(choices: Choices) -> list[tuple[str, str]]:
    """(code, name in the page's language) in declared order."""
    if isinstance(choices, StateMachine):
        choices = dict(choices.states)
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    return [(code, say(name)) for code, name in pairs]


def contract_field(entity: str, name: str) -> Field | None:
    """What the data dictionary says about a field; None when it says nothing."""
    if not entity:
        return None
    contract = load_contract(entity)
    return contract.field(name) if name in contract.names else None


def contract_label(field: Field) -> str:
    """The field's name in the page's language, with its unit."""
    label = field.zh if language().startswith("zh") else field.en
    return f"{label} ({field.unit})" if field.unit else label


def contract_choices(field: Field | None) -> list[tuple[str, str]]:
    """The allowed values of a field by code, in the page's language."""
    if field is None:
        return []
    chinese = language().startswith("zh")
    return [(value.code, value.zh if chinese else value.en) for value in field.allowed]


def read(row: Any, path: str) -> Any:
    """The value at ``a__b`` of a row: attributes or mapping keys, called when callable; None when
    something on the way is missing."""
    for part in path.split("__"):
        if row is None:
            return None
        row = row.get(part) if isinstance(row, Mapping) else getattr(row, part, None)
        if callable(row):
            row = row()
    return row


def plain(value: Any) -> str:
    """A value as text without decoration, for exports and comparisons: ISO dates, yes/no words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        return ("、" if language().startswith("zh") else ", ").join(plain(item) for item in value)
    return say(value) if isinstance(value, Text) else str(value)


@dataclass(frozen=True)
class Action:
    """A button in a page's header. ``url`` may depend on the record shown."""

    label: Words
    url: str | Callable[[Any], str]
    icon: str = ""
    primary: bool = False
    post: bool = False  # changes something: sent as a form

    def drawn(self, record: Any = None) -> dict[str, Any]:
        """For the template."""
        return {
            "label": say(self.label),
            "url": self.url(record) if callable(self.url) else self.url,
            "icon": self.icon,
            "primary": self.primary,
            "post": self.post,
        }


def drawn_actions(actions: Iterable[Action], record: Any = None) -> list[dict[str, Any]]:
    """Those of the buttons that lead to what the person may do."""
    drawn = [action.drawn(record) for action in actions]
    return [one for one in drawn if may_open(one["url"], "POST" if one["post"] else "GET")]


@dataclass(frozen=True)
class Empty:
    """What belongs in an empty list and the first step to fill it, for who may take it."""

    title: Words
    text: Words = ""
    icon: str = "box"
    action: Words = ""
    url: str | Callable[[], str] = ""

    def drawn(self) -> dict[str, str]:
        """For the template."""
        url = self.url() if callable(self.url) else self.url
        opens = bool(url) and may_open(url)
        return {
            "title": say(self.title),
            "text": say(self.text),
            "icon": self.icon,
            "action": say(self.action) if opens else "",
            "url": url if opens else "",
        }
