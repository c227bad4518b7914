"""GS1's own cases for its Syntax Engine and its linters, where the shared data is at hand.

How each group of the engine's cases is asked of this package stands in ``GROUPS``. The engine has
switches that the cases' text does not show; ``switched`` names the source lines they belong to.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.engine.gs1 import Carrier, GS1Error, Options, associations, faults
from kintsugi.engine.gs1 import elements as form
from kintsugi.engine.gs1 import link as links
from kintsugi.engine.gs1.linters import LINTERS
from kintsugi.engine.gs1.symbols import read_symbol, write_symbol
from tools import gs1_dictionary

DATA = Path(os.environ.get("KINTSUGI_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
DICTIONARY = DATA / "gs1" / "gs1-syntax-dictionary.txt"

CARRIERS = {
    "QR": Carrier.QR,
    "DM": Carrier.DATA_MATRIX,
    "DotCode": Carrier.DOT_CODE,
    "DataBarExpanded": Carrier.DATABAR_EXPANDED,
    "DataBarOmni": Carrier.DATABAR_OMNI,
    "DataBarLimited": Carrier.DATABAR_LIMITED,
    "GS1_128_CCA": Carrier.GS1_128,
    "GS1_128_CCC": Carrier.GS1_128,
    "EAN13": Carrier.EAN_13,
    "EAN8": Carrier.EAN_8,
    "UPCA": Carrier.UPC_A,
    "UPCE": Carrier.UPC_E,
}
UNKNOWN = Options(unknown_ais=True)
Case = dict[str, Any]


def _json(name: str) -> Any:
    path = DATA / "gs1" / name
    if not path.is_file():
        pytest.skip(f"{name} is not here; set KINTSUGI_TEST_DATA to the folder that holds it")
    return json.loads(path.read_text(encoding="utf-8"))


def _line(case: Case) -> int:
    return int(case["src"].split(":")[1])


def _or_refused(make: Callable[[], Any], refused: Any) -> Any:
    try:
        return make()
    except GS1Error:
        return refused


# -- the groups: each returns what the package says and what the case expects ----------------------

# The engine's three samples for this group; the text of the cases names them only.
SAMPLES = {
    "dataStr1": "01",
    "dataStr2": "95 96 97 98",
    "dataStr3": "01 235 8002",
}


def _exists(case: Case) -> tuple[Any, Any]:
    expected, sample, pattern, besides, code = case["args"]
    elements = [form.Element(ai, "", "") for ai in SAMPLES[sample["_expr"]].split()]
    found = associations.find(elements, pattern, besides=besides or "")
    return (found is not None, found if code else None), (expected, code)


def _bracketed(case: Case) -> tuple[Any, Any]:
    _expected, text, plain = case["args"]
    return _or_refused(lambda: form.unbracketed(form.parse_bracketed(text)), ""), plain


def _markup(case: Case) -> tuple[Any, Any]:
    text, marked = case["args"]
    with pytest.raises(GS1Error) as caught:
        form.parse_bracketed(text)
    return caught.value.facts["marked"], marked


def _unbracketed(case: Case) -> tuple[Any, Any]:
    expected, text = case["args"]
    return _or_refused(lambda: bool(form.parse_unbracketed(text)), False), expected


RULES: dict[str, Callable[[Any], object]] = {
    "validateAIrepeats": associations.distinct,
    "validateAImutex": associations.check_exclusive,
    "validateAIrequisites": associations.check_required,
    "validateDigSigRequiresSerialisedKey": associations.check_signature,
}


def _associated(case: Case) -> tuple[Any, Any]:
    expected, rule, text = case["args"]
    elements = form.parse_bracketed(text, UNKNOWN)

    def accepted() -> bool:
        RULES[rule["_expr"]](elements)
        return True

    return _or_refused(accepted, False), expected


SHORT_GTINS = {1449, 1459, 1469, 1484, 1494, 1635, 1641, 1669, 1679, 1689, 1699}
NAMES = {1437, 1438, 1439, 1440, 1441}
UNKNOWN_IN_LINK = {1767, 2206}


def _switched(case: Case) -> Options:
    line = _line(case)
    return Options(
        unknown_ais=line in UNKNOWN_IN_LINK, short_gtins=line in SHORT_GTINS, names=line in NAMES
    )


def _link(case: Case) -> tuple[Any, Any]:
    _expected, uri, plain = case["args"]
    options = _switched(case)
    return _or_refused(lambda: form.unbracketed(links.parse_link(uri, options)), ""), plain


def _written_link(case: Case) -> tuple[Any, Any]:
    _expected, stem, text, uri = case["args"]
    options = _switched(case)
    elements = form.parse_bracketed(text, UNKNOWN)
    return _or_refused(lambda: links.write_link(elements, stem=stem, options=options), ""), uri


def _unescaped(case: Case) -> tuple[Any, Any]:
    text, path, query = case["args"]
    return (links.unescape_path(text), links.unescape_query(text)), (path, query)


def _escaped(case: Case) -> tuple[Any, Any]:
    text, path, query = case["args"]
    return (links.escape_path(text), links.escape_query(text)), (path, query)


ADDED_CHECK_DIGIT = {804}


def _written_symbol(case: Case) -> tuple[Any, Any]:
    name, message, data = case["args"]
    carrier = CARRIERS.get(name["_expr"])
    if carrier is None:  # the engine's NONE: here a carrier is always one
        return None, data
    add = _line(case) in ADDED_CHECK_DIGIT
    return _or_refused(lambda: write_symbol(carrier, message, add_check_digit=add), None), data


def _read_symbol(case: Case) -> tuple[Any, Any]:
    _expected, data, name, message = case["args"]
    found = _or_refused(lambda: read_symbol(data)[:2], (None, ""))
    return found, (CARRIERS.get(name["_expr"]), message)


def _official(error: GS1Error) -> str:
    return "GS1_LINTER_" + error.code.removeprefix(faults.PREFIX).upper().replace("-", "_")


def _content(case: Case) -> tuple[Any, Any]:
    text, verdict = case["args"]
    try:
        form.parse_bracketed(text)
    except GS1Error as error:
        return _official(error), _spelt(verdict)
    return "GS1_LINTER_OK", verdict


def _spelt(name: str) -> str:
    """The official name with its one misspelling mended."""
    return name.replace("EXIPIRATION", "EXPIRATION")


GROUPS: dict[str, Callable[[Case], tuple[Any, Any]]] = {
    "test_existsInAIdata": _exists,  # associations.find
    "test_parseAIdata": _bracketed,  # elements.parse_bracketed, .unbracketed
    "test_errMarkup": _markup,  # GS1Error.facts["marked"]
    "test_processAIdata": _unbracketed,  # elements.parse_unbracketed
    "test_validateAIs": _associated,  # associations
    "test_parseDLuri": _link,  # link.parse_link
    "test_URIunescape": _unescaped,  # link.unescape_…
    "test_URIescape": _escaped,  # link.escape_…
    "test_testGenerateDLuri": _written_link,  # link.write_link
    "test_testGenerateScanData": _written_symbol,  # symbols.write_symbol
    "test_testProcessScanData": _read_symbol,  # symbols.read_symbol
    "ai_linters": _content,  # elements.parse_bracketed and its error's code
}


@pytest.mark.parametrize("group", GROUPS)
def test_every_case_of_the_engine_is_answered_as_gs1_does(group: str) -> None:
    cases = _json("engine_vectors.json")[group]
    answers = [(case, *GROUPS[group](case)) for case in cases]
    assert [(c, said, want) for c, said, want in answers if said != want] == []


def test_no_group_of_the_engine_is_left_out() -> None:
    assert set(_json("engine_vectors.json")) == set(GROUPS)


# GS1's linters can be linked with somebody's register of company prefixes. These cases were run
# with registers that refuse everything or cannot be reached; without one the same data is sound,
# and two of the three coupons are sound in other cases of the same file. The linter's own
# definition says so: without a look-up service only the form of a prefix can be checked.
NEED_A_REGISTER = {
    ("gcppos2", "I1234567"),
    ("couponcode", "012345612345611110123"),
    ("couponcode", "012345612345611110123611234567"),
    ("couponcode", "012345612345611110123101101230123456"),
}
REGISTER_FAULTS = {"GS1_LINTER_INVALID_GCP_PREFIX", "GS1_LINTER_GCP_DATASOURCE_OFFLINE"}


def test_every_case_of_the_linters_is_answered_with_gs1s_fault_at_gs1s_place() -> None:
    cases = _json("linter_vectors_half.json")
    differing, explained = [], 0
    for case in cases:
        data = case["data"]
        found = LINTERS[case["linter"]](data)
        if case.get("error") in REGISTER_FAULTS and (case["linter"], data) in NEED_A_REGISTER:
            explained += 1
            assert found is None
            continue
        if found is None:
            said: tuple[str | None, str | None] = None, None
        else:
            end = found.start + found.length
            said = (
                "GS1_LINTER_" + found.fault.upper().replace("-", "_"),
                f"{data[: found.start]}*{data[found.start : end]}*{data[end:]}",
            )
        error = case.get("error")
        if said != (error and _spelt(error), case.get("marked")):
            differing.append((case, said))
    assert differing == []
    assert explained == 5
    assert len(cases) == 2835


def test_the_table_is_the_official_dictionarys() -> None:
    if not DICTIONARY.is_file():
        pytest.skip("the dictionary is not here; set KINTSUGI_TEST_DATA to the shared data")
    text = DICTIONARY.read_text("utf-8")
    assert gs1_dictionary.TABLE.read_text("utf-8") == gs1_dictionary.table(text)
    assert len(re.findall(r"^[0-9]", text, re.M)) == 224
