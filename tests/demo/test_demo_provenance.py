"""Every value made of a demo fragment can name the cell it was read from."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import kintsugi.demo
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import Const, Mapping
from kintsugi.engine.pipeline import PipelineResult, run_pipeline
from kintsugi.engine.reading import ReadHints, read_source

DEMO = Path(kintsugi.demo.__file__).parent
SOURCES = yaml.safe_load((DEMO / "sources.yaml").read_text("utf-8"))["sources"]


def run(entry: dict[str, Any], folder: Path) -> tuple[Mapping, PipelineResult]:
    hints = ReadHints(tables=tuple(entry["tables"])) if entry["kind"] == "database" else None
    mapping = Mapping.model_validate(entry["mapping"])
    snapshot = read_source(DEMO / "files" / entry["file"], into=folder / "snapshots", hints=hints)
    result = run_pipeline(
        snapshot=snapshot,
        mapping=mapping,
        contracts=load_contracts(),
        workdir=folder / "work",
        value_maps=entry["value_maps"],
    )
    return mapping, result


@pytest.mark.parametrize("entry", SOURCES, ids=[entry["code"] for entry in SOURCES])
def test_every_value_has_a_source_column_unless_the_mapping_gave_it(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    mapping, result = run(entry, tmp_path)
    given = [mapped for table in mapping.tables for mapped in table.entities]
    assert len(given) == len(result.entities)
    for mapped, entity in zip(given, result.entities, strict=True):
        assert mapped.entity == entity.entity
        records = pl.read_parquet(entity.records)
        assert records.height > 0
        for name in records.columns:
            field = name.removesuffix("__precision")
            if name.startswith("_") or records[name].null_count() == records.height:
                continue
            constant = isinstance(mapped.columns.get(field), Const)
            places = entity.columns.get(field, [])
            assert bool(places) is not constant, (entity.entity, name, places)
