"""What the steps of one run share, and the record of each step that ended."""

import time
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from kintsugi.engine.backends import Backend
from kintsugi.engine.contract import Contract
from kintsugi.engine.pipeline import titles
from kintsugi.engine.pipeline.model import Progress, Progressed, Step
from kintsugi.engine.pipeline.project import ValueMaps
from kintsugi.engine.pipeline.store import Store
from kintsugi.engine.snapshot import Snapshot, SnapshotTable


@dataclass
class Run:
    """What the steps of one run share."""

    snapshot: Snapshot
    contracts: Map[str, Contract]
    value_maps: ValueMaps
    store: Store
    backend: Backend
    progress: Progress | None
    as_of: date | None
    total: int
    steps: list[Step] = field(default_factory=list)
    started: float = 0.0

    def begin(self) -> None:
        self.started = time.monotonic()

    def end(
        self,
        name: str,
        table: SnapshotTable,
        path: Path,
        *,
        entity: str | None = None,
        kind: str,
        text: str,
        rows: int | None = None,
        select: dict[str, str] | None = None,
        reused: bool = False,
    ) -> None:
        """Record a step that ended."""
        if rows is None:
            rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
        columns = list(select) if select else pl.scan_parquet(path).collect_schema().names()
        title = titles.STEPS[name]
        self.steps.append(
            Step.model_validate(
                {
                    "name": name,
                    "title": title,
                    "kind": kind,
                    "text": text,
                    "table": table.name,
                    "entity": entity,
                    "rows": rows,
                    "columns": columns,
                    "seconds": round(time.monotonic() - self.started, 4),
                    "path": path,
                    "select": select,
                    "reused": reused,
                }
            )
        )
        if self.progress is not None:
            done = len(self.steps)
            self.progress(Progressed(table.name, entity or "", name, title, rows, done, self.total))
        self.begin()
