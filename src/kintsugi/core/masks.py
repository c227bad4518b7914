"""Personal data is masked for whoever has no permission to read it: one rule for lists, records,
exports, API, evidence, history and source cells.

Which fields are personal stands in the data contracts (``personal: true``).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from kintsugi.core.access import PERSONAL, may
from kintsugi.engine.contract import header_key, load_contract, load_contracts

HIDDEN = "**"


@cache
def personal_fields(entity: str) -> Mapping[str, str]:
    """The personal fields of an entity, each with how it is masked: phone, email or name."""
    if entity not in load_contracts():
        return {}
    return {
        field.name: field.norm if field.norm in ("phone", "email") else "name"
        for field in load_contract(entity).fields
        if field.personal
    }


@cache
def personal_headers() -> Mapping[str, str]:
    """Headers under which sources keep personal data, mapped or not: key of the header → style."""
    found: dict[str, str] = {}
    for entity, contract in load_contracts().items():
        styles = personal_fields(entity)
        for header, fields in contract.headers().items():
            for name in fields:
                if name in styles:
                    found.setdefault(header, styles[name])
    return found


def style_of_header(header: str) -> str | None:
    """How texts under this header are masked; None where they are not personal."""
    return personal_headers().get(header_key(header))


def masked(value: Any, style: str) -> Any:
    """A value with what identifies a person left out: ``138****8001``, ``w***@example.com``,
    ``王**``. Lists keep their length; nothing stays nothing."""
    if value is None or value == "":
        return value
    if isinstance(value, (list, tuple)):
        return [masked(one, style) for one in value]
    text = str(value)
    if style == "phone":
        return _phone(text)
    if style == "email" and "@" in text:
        return f"{text[0]}***@{text.rpartition('@')[2]}"
    return text[0] + HIDDEN


def _phone(text: str) -> str:
    """Each number without the four digits before its last four; short ones wholly hidden."""
    numbers = [part for part in re.split(r"[,;、/\s\[\]\"']+", text) if part]
    shown = [
        f"{one[:-8]}****{one[-4:]}" if len(re.sub(r"\D", "", one)) > 8 else "****"
        for one in numbers
    ]
    return ", ".join(shown) or HIDDEN


def mask(entity: str, field: str, value: Any) -> Any:
    """The value as whoever is at work may see it."""
    style = personal_fields(entity).get(field) if entity else None
    return value if style is None or may(PERSONAL) else masked(value, style)


def readable(entity: str, names: Sequence[str]) -> list[str]:
    """Those of the fields that whoever is at work may read as they are."""
    hidden = {} if may(PERSONAL) else personal_fields(entity)
    return [name for name in names if name not in hidden]


def mask_text(style: str | None, value: Any) -> Any:
    """The same for a text whose style is known, such as that of a source column."""
    return value if style is None or may(PERSONAL) else masked(value, style)


def mask_unplaced(entity: str, value: Any) -> Any:
    """The same for a value of an entity of which nobody knows the field."""
    return mask_text("name" if personal_fields(entity) else None, value)
