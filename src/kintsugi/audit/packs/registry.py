"""What a pack may be about, and what goes into it. Owning apps register both from ``ready``.

Audit lies below the apps whose records it packs: it knows scopes and sections by name only.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from kintsugi.core.errors import KintsugiError, NotFound, Text

#: Rows of all tables of a pack together; beyond that it is refused with its counts.
ROWS_MAX = 100_000
#: Bytes of original files in a pack; what does not fit is named with its hash.
FILE_BYTES_MAX = 256 * 1024**2
#: Devices of one lot.
SUBJECTS_MAX = 500

NOTHING = Text("没有。", "None.")
CellKind = Literal["text", "code", "number", "moment", "gold", "value"]


@dataclass(frozen=True)
class Subject:
    """A business row the pack is about. ``related`` rows are shown with it, without their
    history: the product and the customer of a device."""

    entity: str
    id: UUID
    title: str
    related: bool = False


@dataclass(frozen=True)
class Scope:
    """What one pack is about: rows, a run, or a span of time (``since`` ≤ t < ``until``)."""

    kind: str
    key: str
    title: Text
    subjects: Sequence[Subject] = ()
    run_id: UUID | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    facts: Sequence[tuple[Text, str]] = ()

    @property
    def ids(self) -> list[UUID]:
        """The rows whose history belongs into the pack."""
        return [one.id for one in self.subjects if not one.related]


@dataclass(frozen=True)
class PackColumn:
    """A column of a table: ``width`` is its share of the page; 0 keeps it off the page (it is in
    the data files all the same)."""

    name: str
    title: Text
    kind: CellKind = "text"
    width: float = 1


@dataclass(frozen=True)
class PackTable:
    """Rows of one kind, in an order that does not change. Values are text, numbers, times, ids,
    JSON objects, None, or ``Text`` (written in the language of the pack)."""

    name: str
    title: Text
    columns: Sequence[PackColumn]
    rows: Sequence[Sequence[Any]]
    empty: Text = NOTHING


@dataclass(frozen=True)
class PackFile:
    """A file as it is: its bytes, or where they lie. ``path`` is its place in the pack."""

    path: str
    title: Text
    content: bytes | Path

    @property
    def size(self) -> int:
        """Bytes."""
        if isinstance(self.content, bytes):
            return len(self.content)
        return self.content.stat().st_size


@dataclass
class Chapter:
    """What a section found: tables, files, and remarks for the reader."""

    tables: list[PackTable] = field(default_factory=list)
    files: list[PackFile] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(len(table.rows) for table in self.tables)


@dataclass(frozen=True)
class Section:
    """A part of a pack. ``collect(scope, limit)`` reads at most ``limit`` rows a table in a
    bounded number of queries and raises ``too_large`` beyond; None where the scope has no such
    part."""

    name: str
    title: Text
    collect: Callable[[Scope, int], Chapter | None]
    order: int = 100


@dataclass(frozen=True)
class ScopeKind:
    """A kind of thing packs are made of. ``resolve(key)`` raises NotFound or a KintsugiError
    that says how to write the key; ``hint`` says it on the form."""

    name: str
    title: Text
    hint: Text
    resolve: Callable[[str], Scope]
    order: int = 100


SECTIONS: dict[str, Section] = {}
SCOPES: dict[str, ScopeKind] = {}


def register_section(section: Section) -> None:
    """Add a part; called from ``AppConfig.ready``. A name twice is a mistake of ours."""
    assert section.name not in SECTIONS, f"pack section {section.name} registered twice"
    SECTIONS[section.name] = section


def register_scope(kind: ScopeKind) -> None:
    """Add a kind of scope; called from ``AppConfig.ready``. A name twice is a mistake of ours."""
    assert kind.name not in SCOPES, f"pack scope {kind.name} registered twice"
    SCOPES[kind.name] = kind


def sections() -> list[Section]:
    """All parts in the order they are printed."""
    return sorted(SECTIONS.values(), key=lambda one: (one.order, one.name))


def scope_kinds() -> list[ScopeKind]:
    """All kinds of scope in the order they are offered."""
    return sorted(SCOPES.values(), key=lambda one: (one.order, one.name))


def resolve_scope(kind: str, key: str) -> Scope:
    """The scope that a person named. Raises KintsugiError ``pack.unknown-scope``, NotFound, or
    what the kind's own resolver refuses."""
    known = SCOPES.get(kind)
    if known is None:
        names = [one.name for one in scope_kinds()]
        raise KintsugiError(
            "pack.unknown-scope",
            Text(f"没有“{kind}”这种证据包。", f"There is no evidence pack of a “{kind}”."),
            Text(f"可用:{'、'.join(names)}。", f"Use one of: {', '.join(names)}."),
            field="kind",
            kind=kind,
            kinds=names,
        )
    text = " ".join(key.split())
    if not text or "\x00" in text:
        raise NotFound(known.title, text.replace("\x00", ""))
    return known.resolve(text)


def too_large(section: str, *, rows: int, limit: int = ROWS_MAX) -> KintsugiError:
    """The refusal of a pack nobody could read; ``rows`` is what was counted."""
    return KintsugiError(
        "pack.too-large",
        Text(
            f"证据包最多 {limit:,} 行;“{section}”部分至少有 {rows:,} 行。",
            f"A pack holds at most {limit:,} rows; its part “{section}” has at least {rows:,}.",
        ),
        Text(
            "请缩小范围:较短的时段、单台设备,或分成几个证据包。",
            "Narrow it: a shorter period, a single device, or several packs.",
        ),
        section=section,
        rows=rows,
        limit=limit,
    )


def named(mapping: Mapping[str, Any], language: str) -> str:
    """One of ``{"zh": …, "en": …}`` in a language, whichever there is."""
    first, second = ("zh", "en") if language.startswith("zh") else ("en", "zh")
    return str(mapping.get(first) or mapping.get(second) or "")
