"""GS1's own test vectors and the identifiers of the FDA's database, where they are at hand."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kintsugi.engine.udi import check_identifiers, gs1

DATA = Path(os.environ.get("KINTSUGI_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")


def _file(name: str) -> Path:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not here; set KINTSUGI_TEST_DATA to the folder that holds it")
    return path


def _json(name: str) -> Any:
    return json.loads(_file(name).read_text(encoding="utf-8"))


def _accepted(text: str, *, scanned: bool) -> bool:
    try:
        gs1.parse_scanned(text) if scanned else gs1.parse_bracketed(text)
    except gs1.Gs1Error:
        return False
    return True


def _known(text: str) -> bool:
    return all(code in gs1.AIS for code in re.findall(r"(?<!\\)\(([0-9]+)\)", text))


def test_of_25394_identifiers_exactly_the_four_unsound_ones_are_reported() -> None:
    table = pl.read_csv(_file("gudid/gudid_identifiers_1_25000.csv.gz"), infer_schema=False)
    verdicts = check_identifiers(table["device_id"], table["agency"])
    assert verdicts.height == 25_394
    reported = {row["di"]: row for row in verdicts.filter(~pl.col("ok")).to_dicts()}
    assert {di: row["rule"] for di, row in reported.items()} == {
        "00841518100003": "udi.check-digit",
        "00840118105406": "udi.check-digit",
        "0013964672053": "udi.gtin-length",
        "00841523106431": "udi.issuer-form",
    }
    assert reported["00841518100003"]["expected"] == "0"
    assert reported["00840118105406"]["expected"] == "8"
    assert reported["0013964672053"]["proposal"] == "00013964672053"


def test_bracketed_strings_are_accepted_and_refused_as_gs1_says() -> None:
    vectors = _json("gs1/engine_vectors.json")["test_parseAIdata"]
    tried = 0
    for vector in vectors:
        accept, text, plain = vector["args"]
        if accept and not _known(text):
            continue
        tried += 1
        assert _accepted(text, scanned=False) is accept, text
        if accept:
            written = gs1.parse_bracketed(text).scanned().replace(gs1.FNC1, "^")
            assert "^" + written == plain
    assert tried >= 20


def test_scanned_strings_are_accepted_and_refused_as_gs1_says() -> None:
    tried = 0
    for vector in _json("gs1/engine_vectors.json")["test_processAIdata"]:
        accept, text = vector["args"]
        # A missing FNC1 in front is the scanner's habit, not an error of the label.
        if text and not text.startswith("^"):
            continue
        if accept and not re.match(r"\^(?:99|01|242|10|7230|235)", text):
            continue
        tried += 1
        assert _accepted(text, scanned=True) is accept, text
    assert tried >= 50


def test_contents_are_judged_as_gs1_says() -> None:
    for vector in _json("gs1/engine_vectors.json")["ai_linters"]:
        text, verdict = vector["args"]
        if verdict == "GS1_LINTER_OK" and not _known(text):
            continue
        assert _accepted(text, scanned=False) is (verdict == "GS1_LINTER_OK"), text


def test_a_repeated_identifier_must_repeat_its_value() -> None:
    tried = 0
    for vector in _json("gs1/engine_vectors.json")["test_validateAIs"]:
        accept, rule, text = vector["args"]
        if rule != {"_expr": "validateAIrepeats"} or not _known(text):
            continue
        tried += 1
        assert _accepted(text, scanned=False) is accept, text
    assert tried >= 5


def test_check_digits_dates_and_characters_pass_the_official_linter_cases() -> None:
    tried = dict.fromkeys(("csum", "yymmd0", "cset82"), 0)
    for vector in _json("gs1/linter_vectors_half.json"):
        linter, data, valid = vector["linter"], vector["data"], vector["valid"]
        if linter == "csum":
            found = gs1.has_check_digit(data)
        elif linter == "yymmd0":
            found = gs1.day_of(data) is not None
        elif linter == "cset82":
            found = bool(re.fullmatch(f"{gs1.CSET82}*", data))
        else:
            continue
        tried[linter] += 1
        assert found is valid, (linter, data)
    assert min(tried.values()) >= 9
