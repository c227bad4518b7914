"""What was planted where: rows on their way into a file, and the record of the truth."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from kintsugi.demo.world import Device, World

Expect = Literal["fixed", "asked", "quarantined", "excluded"]
Fate = Literal["loaded", "excluded", "quarantined", "any"]
#: How a row leads to its device: by key, as a candidate that must wait for a person, by a key that
#: may be repaired without one, or not at all before a question is answered.
Link = Literal["key", "candidate", "either", "held"]


@dataclass
class Plant:
    """Dirt put into one cell (or, without ``column``, into the row) before the row is placed."""

    dirt: int
    column: str | None
    correct: str | None
    expect: Expect
    field: str | None = None
    entity: str = "device"
    key: str | None = None
    raw: str | None = None


@dataclass
class Row:
    """A row of a fragment: header → cell; ``cells`` hold text or what the writer makes of it."""

    cells: dict[str, Any]
    device: Device | None = None
    plants: list[Plant] = field(default_factory=list)
    fate: Fate = "loaded"
    link: Link = "key"

    def plant(
        self,
        dirt: int,
        column: str,
        cell: Any,
        *,
        correct: str | None,
        expect: Expect,
        field: str | None = None,
    ) -> None:
        """Replace a cell by a dirty one and remember what it should become."""
        self.cells[column] = cell
        key = self.device.key if self.device else None
        self.plants.append(Plant(dirt, column, correct, expect, field, key=key))


def is_free(row: Row, column: str) -> bool:
    """Whether nothing was planted in the cell yet: one cell carries one kind of dirt."""
    return row.fate == "loaded" and all(p.column not in (column, None) for p in row.plants)


@dataclass(frozen=True)
class CellTruth:
    """One line of ``cells.jsonl.gz``."""

    file: str
    table: str
    row: int | None
    column: str | None
    dirt: int
    raw: str | None
    correct: str | None
    expect: Expect
    entity: str
    field: str | None
    key: str | None


@dataclass
class Truth:
    """Everything that is known about the fragments, collected while they are written."""

    cells: list[CellTruth] = field(default_factory=list)
    fragments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    fates: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def place(
        self, row: Row, *, file: str, table: str, number: int, raws: Mapping[str, str]
    ) -> None:
        """Record a row where it came to stand. ``raws``: header → text of the cell as read."""
        for p in row.plants:
            raw = p.raw if p.raw is not None else raws.get(p.column or "")
            self.cells.append(
                CellTruth(
                    file,
                    table,
                    number,
                    p.column,
                    p.dirt,
                    raw,
                    p.correct,
                    p.expect,
                    p.entity,
                    p.field,
                    p.key,
                )
            )
        self.fate(file=file, table=table, number=number, fate=row.fate)
        if row.device is not None and row.fate != "excluded":
            self.fragments.setdefault(row.device.number, []).append(
                {"file": file, "table": table, "row": number, "link": row.link}
            )

    def fate(self, *, file: str, table: str, number: int, fate: Fate) -> None:
        self.fates.setdefault((file, table), Counter())[fate] += 1
        if fate in ("excluded", "quarantined"):
            self.rows.append({"file": file, "table": table, "row": number, "fate": fate})

    def note(
        self,
        *,
        file: str,
        table: str,
        row: int | None,
        column: str | None,
        dirt: int,
        raw: str | None,
        correct: str | None,
        expect: Expect,
        entity: str = "device",
        field: str | None = None,
        key: str | None = None,
    ) -> None:
        """Record dirt that belongs to no data row: the file itself, headers, totals."""
        self.cells.append(
            CellTruth(file, table, row, column, dirt, raw, correct, expect, entity, field, key)
        )


def write_truth(truth: Truth, world: World, out: Path) -> None:
    """Write the truth files into ``out``; same input, same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    cells = sorted(truth.cells, key=lambda c: (c.file, c.table, c.row or 0, c.column or "", c.dirt))
    _lines(out / "cells.jsonl.gz", (asdict(c) for c in cells))
    _lines(
        out / "devices.jsonl.gz",
        (
            {
                "id": d.number,
                "key": d.key,
                "product_code": d.product.di,
                "serial_no": d.serial,
                "fields": d.values,
                "fragments": truth.fragments.get(d.number, []),
            }
            for d in world.devices
        ),
    )
    _lines(
        out / "parties.jsonl.gz",
        (
            {
                "code": h.code,
                "name": h.name,
                "city": h.city,
                "uscc": h.uscc,
                "phones": h.phones,
                "spellings": [h.name, *h.aliases],
            }
            for h in world.hospitals
        ),
    )
    _lines(out / "rows.jsonl.gz", truth.rows)
    kinds = Counter(c.dirt for c in cells)
    counts = {
        "seed": world.seed,
        "devices": len(world.devices),
        "devices_in_fragments": len(truth.fragments),
        "parties": len(world.hospitals),
        "planted": len(cells),
        "kinds": {str(k): kinds[k] for k in sorted(kinds)},
        "rows": {
            file: {
                t: dict(sorted(c.items())) for (f, t), c in sorted(truth.fates.items()) if f == file
            }
            for file in sorted({f for f, _ in truth.fates})
        },
    }
    text = json.dumps(counts, ensure_ascii=False, indent=2) + "\n"
    (out / "counts.json").write_text(text, encoding="utf-8")


def _lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
