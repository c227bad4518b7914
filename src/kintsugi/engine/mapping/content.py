"""What the cells of a table tell a proposal: classes, choices, periods, parts of UDIs."""

from dataclasses import dataclass

from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.mapping.signature import SAMPLE_ROWS, signature
from kintsugi.engine.snapshot import Snapshot, table_frame
from kintsugi.engine.udi import UdiError, parse_udi
from kintsugi.engine.values import norm

#: A period written in one cell: 2023.5-2026.5, 2023年5月至2026年5月.
PERIOD = (
    r"^(.*(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}.*?\s*(?:-|~|～|—|–|至|到|to)\s*"
    r"(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}.*)$"
)
_CHOICES = 200
_UDIS = 200


@dataclass(frozen=True)
class Content:
    """Per header: its signature class; distinct texts (capped); whether periods stand in it; which
    fields most of its full UDIs can supply."""

    kinds: dict[str, str]
    choices: dict[str, list[str]]
    periods: frozenset[str]
    udi_parts: dict[str, tuple[str, ...]]


def read_content(snapshot: Snapshot, table: int) -> Content:
    """Look at the first rows of a table, column by column."""
    sample = table_frame(snapshot, table).head(SAMPLE_ROWS).collect()
    kinds: dict[str, str] = {}
    choices: dict[str, list[str]] = {}
    periods: set[str] = set()
    udi_parts: dict[str, tuple[str, ...]] = {}
    for column in snapshot.tables[table].columns:
        cells = sample[column.key]
        kinds[column.name] = signature(cells)
        distinct = cells.filter(cells != "").unique(maintain_order=True)
        choices[column.name] = distinct.head(_CHOICES).to_list()
        if cells.str.contains(PERIOD).any():
            periods.add(column.name)
        if kinds[column.name] == "udi":
            udi_parts[column.name] = _parts(distinct.head(_UDIS).to_list())
    return Content(kinds, choices, frozenset(periods), udi_parts)


def recognised(texts: list[str], field: Field) -> float:
    """The share of distinct texts that an enum field knows, 1 when there are none."""
    if not texts:
        return 1.0
    read = [norm(field.norm, text, **field.norm_args) for text in texts]
    said = [found for found in read if found.value is not None or found.issue is not None]
    return sum(found.value is not None for found in said) / len(said) if said else 1.0


def spans(contract: Contract) -> list[tuple[str, str]]:
    """Pairs of date fields that are start and end of one thing (warranty_start, warranty_end)."""
    return [
        (dependency.fields[0], dependency.fields[1])
        for dependency in contract.dependencies
        if len(dependency.fields) == 2
        and all(contract.field(name).type == "date" for name in dependency.fields)
        and len({name.split("_")[0] for name in dependency.fields}) == 1
    ]


def _parts(texts: list[str]) -> tuple[str, ...]:
    """Fields that at least half of the readable UDIs carry."""
    found = {"product": 0, "serial_no": 0, "lot_no": 0, "mfg_date": 0, "expiry_date": 0}
    readable = 0
    for text in texts:
        try:
            udi = parse_udi(text)
        except UdiError:
            continue
        readable += 1
        parts = (udi.di, udi.serial, udi.lot, udi.mfg, udi.expiry)
        for name, part in zip(found, parts, strict=True):
            found[name] += part is not None
    return tuple(name for name, count in found.items() if count and 2 * count >= readable)
