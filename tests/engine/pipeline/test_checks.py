"""Checks: a SELECT returns the offending rows, no others."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from kintsugi.engine.backends import DuckDbBackend
from kintsugi.engine.checks import compile_checks, one_scan
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.values.rules import RULES


@pytest.fixture
def backend(tmp_path: Path):
    with DuckDbBackend(temp_directory=tmp_path) as engine:
        yield engine


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def found(backend, tmp_path, contract, frame: pl.DataFrame) -> set[tuple[int, str, str]]:
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    backend.register("t", path)
    checks = compile_checks(contract, frame.columns)
    queries = [one_scan(checks, "t"), *(c.select("t") for c in checks if c.scope == "group")]
    rows = [row for q in queries for row in backend.rows(q, limit=1000)]
    return {(r["_row"], r["field"], r["rule"]) for r in rows}


def test_each_rule_finds_its_rows_and_missing_values_pass(backend, tmp_path, contracts):
    frame = pl.DataFrame(
        {
            "_row": pl.Series([2, 3, 4, 5], dtype=pl.Int32),
            "serial_no": ["A1", None, "x" * 61, "A4"],
            "purchase_price": ["-1.00", "0", "not a number", None],
            "status": ["installed", "flying", None, "retired"],
            "mfg_date": [day("2024-01-02"), day("2024-01-02"), None, day("2024-01-02")],
            "expiry_date": [day("2024-01-01"), None, day("2020-01-01"), day("2024-01-02")],
        }
    )
    assert found(backend, tmp_path, contracts["device"], frame) == {
        (3, "serial_no", "check.required"),
        (4, "serial_no", "check.max-length"),
        (2, "purchase_price", "check.range"),
        (3, "status", "check.allowed"),
        (2, "expiry_date", "check.date-order"),
    }


def test_rules_between_fields(backend, tmp_path, contracts):
    party = pl.DataFrame(
        {
            "_row": pl.Series([2, 3, 4], dtype=pl.Int32),
            "roles": ['["supplier"]', '["supplier", "customer"]', None],
            "customer_type": ["hospital", "clinic", None],
        }
    )
    assert found(backend, tmp_path, contracts["party"], party) == {(2, "roles", "check.companion")}
    identifier = pl.DataFrame(
        {
            "_row": pl.Series([2, 3, 4], dtype=pl.Int32),
            "device_identifier": ["00841542101691", "H123ABC1", "00841542101691"],
            "issuer": ["GS1", "GS1", "HIBCC"],
            "contains_identifier": ["00841542101691", None, None],
            "quantity": pl.Series([None, None, 1], dtype=pl.Int64),
        }
    )
    assert found(backend, tmp_path, contracts["udi_identifier"], identifier) == {
        (2, "quantity", "check.companion"),
        (3, "device_identifier", "udi.issuer-form"),
        (4, "device_identifier", "udi.issuer-form"),
    }


def test_one_scan_finds_what_each_check_finds_alone(backend, tmp_path, contracts):
    frame = pl.DataFrame(
        {
            "_row": pl.Series(range(50), dtype=pl.Int32),
            "serial_no": [None if i % 7 == 0 else f"S{i}" for i in range(50)],
            "purchase_price": [str(i - 5) for i in range(50)],
        }
    )
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    backend.register("t", path)
    checks = [c for c in compile_checks(contracts["device"], frame.columns) if c.scope == "row"]
    together = backend.frame(one_scan(checks, "t")).sort(pl.all())
    alone = pl.concat([backend.frame(check.select("t")) for check in checks]).sort(pl.all())
    assert together.equals(alone)
    assert together.height == 8 + 5


def test_a_unique_field_beside_the_key_is_compared_across_rows(backend, tmp_path, contracts):
    contract = contracts["party"]
    fields = [
        f.model_copy(update={"unique": True}) if f.name == "uscc" else f for f in contract.fields
    ]
    strict = contract.model_copy(update={"fields": fields})
    frame = pl.DataFrame(
        {
            "_row": pl.Series([2, 3, 4, 5, 6], dtype=pl.Int32),
            "party_key": ["a", "b", "c", "d", "d"],
            "uscc": ["X", "X", "Y", None, None],
        }
    )
    unique = {hit for hit in found(backend, tmp_path, strict, frame) if hit[2] == "check.unique"}
    # The key itself is not checked: rows of one key are merged.
    assert unique == {(2, "uscc", "check.unique"), (3, "uscc", "check.unique")}


def test_every_rule_a_check_may_name_has_words_for_it(contracts):
    for contract in contracts.values():
        for check in compile_checks(contract, contract.names):
            assert RULES[check.rule].title.zh
            assert check.title.zh
            assert check.title.en


def test_the_backend_pages_explains_and_refuses_a_full_disk(backend, tmp_path):
    assert backend.rows("SELECT * FROM range(10) AS r(i)", limit=3, offset=8) == [
        {"i": 8},
        {"i": 9},
    ]
    assert backend.explain("SELECT 1")
    with pytest.raises(KintsugiError) as caught:
        backend.materialise("SELECT 1 AS a", Path("/dev/full/x.parquet"))
    assert caught.value.code == "pipeline.no-room"
    assert caught.value.retryable
