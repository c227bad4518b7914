"""What changed between the table a mapping was made for and the table that came now."""

from dataclasses import dataclass, field
from typing import TypedDict

from kintsugi.engine.contract import header_key
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.headers import nearest
from kintsugi.engine.mapping.model import EntityMapping, Mapping, TableMapping, headers_of
from kintsugi.engine.mapping.signature import column_signatures, moved
from kintsugi.engine.snapshot import Snapshot
from kintsugi.engine.text import Text


class Shift(TypedDict):
    """A column whose content is of another kind than it was."""

    header: str
    was: str
    now: str
    #: Headers whose content used to look like what stands here now.
    looks_like: list[str]


@dataclass(frozen=True)
class TableDrift:
    """Differences of one table. Only missing and shifted columns block: they would load wrong
    values; an unknown column is kept in the snapshot and listed."""

    table: str
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    renamed: dict[str, list[str]] = field(default_factory=dict)
    shifted: list[Shift] = field(default_factory=list)

    @property
    def blocking(self) -> bool:
        return bool(self.missing or self.shifted)


@dataclass(frozen=True)
class Drift:
    """Differences of all mapped tables."""

    tables: list[TableDrift]
    missing_tables: list[str] = field(default_factory=list)

    @property
    def blocking(self) -> bool:
        return bool(self.missing_tables) or any(table.blocking for table in self.tables)


def find_table(snapshot: Snapshot, table: str | int) -> int | None:
    """The index of a table by its index or its name; None when it is not there."""
    for candidate in snapshot.tables:
        if candidate.index == table or candidate.name == table:
            return candidate.index
    # A CSV file has one table whose name is the file's; it may well be called otherwise next month.
    return 0 if len(snapshot.tables) == 1 and isinstance(table, str) else None


def drift(mapping: Mapping, snapshot: Snapshot) -> Drift:
    """Compare a mapping with the tables of a snapshot; column order plays no part."""
    found: list[TableDrift] = []
    absent: list[str] = []
    for table in mapping.tables:
        if not table.entities:
            continue
        index = find_table(snapshot, table.table)
        if index is None:
            absent.append(str(table.table))
        else:
            found.append(_table_drift(table, snapshot, index))
    return Drift(found, absent)


def mapped_headers(entities: tuple[EntityMapping, ...]) -> list[str]:
    """Every header path the entities read, once, in order."""
    read = [h for e in entities for x in e.columns.values() for h in headers_of(x)]
    return list(dict.fromkeys(read + [h for e in entities for h in (e.where or {})]))


def _table_drift(table: TableMapping, snapshot: Snapshot, index: int) -> TableDrift:
    now = column_signatures(snapshot, index)
    was = table.signatures
    read = mapped_headers(table.entities)
    missing = [h for h in read if h not in now]
    unknown = [h for h in now if h not in was and h not in read]
    renamed = {
        header: near
        for header in missing
        if (
            near := list(
                dict.fromkeys(
                    nearest(header, unknown)
                    + [u for u in unknown if was.get(header) == now[u] != "blank"]
                )
            )
        )
    }
    shifted = [
        Shift(
            header=header,
            was=was[header],
            now=now[header],
            looks_like=[h for h in was if h != header and was[h] == now[header]],
        )
        for header in read
        if header in now and header in was and _shifted(header, was, now)
    ]
    return TableDrift(snapshot.tables[index].name, missing, unknown, renamed, shifted)


def _shifted(header: str, was: dict[str, str], now: dict[str, str]) -> bool:
    if moved(was[header], now[header]):
        return True
    # Two columns that changed places: each now shows exactly what the other one showed.
    return was[header] != now[header] and any(
        was[other] == now[header] and now.get(other) == was[header]
        for other in was
        if other != header and "blank" not in (now.get(other), now[header], was[header])
    )


def refuse_drift(found: Drift, *, file: str) -> None:
    """Raise KintsugiError ``mapping.drift`` when the differences would load wrong values."""
    if not found.blocking:
        return
    zh: list[str] = [f"缺少工作表或数据表「{t}」" for t in found.missing_tables]
    en: list[str] = [f"the table “{t}” is missing" for t in found.missing_tables]
    for table in found.tables:
        for header in table.missing:
            near = table.renamed.get(header, [])
            zh.append(f"缺少列「{header}」" + (f"(可能改名为:{'、'.join(near)})" if near else ""))
            en.append(
                f"column “{header}” is missing"
                + (f" (perhaps renamed to {', '.join(near)})" if near else "")
            )
        for shift in table.shifted:
            like = shift["looks_like"]
            zh.append(
                f"列「{shift['header']}」的内容变了({shift['was']} → {shift['now']})"
                + (f",像「{'、'.join(like)}」" if like else "")
            )
            en.append(
                f"the content of “{shift['header']}” moved ({shift['was']} → {shift['now']})"
                + (f", it looks like {', '.join(like)}" if like else "")
            )
    raise KintsugiError(
        "mapping.drift",
        Text(
            f"{file} 与映射不符:" + ";".join(zh) + "。",
            f"{file} does not fit its mapping: " + "; ".join(en) + ".",
        ),
        Text(
            "请与来源方确认后更新映射;在此之前不会载入任何数据。",
            "Ask the owner of the source and update the mapping; nothing is loaded before.",
        ),
        file=file,
        missing=[h for t in found.tables for h in t.missing],
        shifted=[s["header"] for t in found.tables for s in t.shifted],
        missing_tables=found.missing_tables,
        renamed={h: n for t in found.tables for h, n in t.renamed.items()},
    )


def same_header(a: str, b: str) -> bool:
    """Whether two headers differ by habit only (width, case, spaces, punctuation)."""
    return header_key(a) == header_key(b)
