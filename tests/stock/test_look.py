"""The page “Look at a thing” and the API behind scans."""

import datetime as dt
from typing import Any

from tests.stock.test_scanning import MONITOR, STENT, labelled

__all__ = ["labelled"]

FETCH = {"X-Requested-With": "fetch"}


def looked(client: Any, raw: str) -> Any:
    answer = client.post("/stock/scan/", {"raw": raw}, headers=FETCH)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_good_scan_says_what_and_where_and_what_next(labelled: Any) -> None:
    found = looked(labelled.of("warehouse"), f"01{MONITOR}21SN-A")
    assert (found["tone"], found["part"]) == ("good", False)
    assert "SN-A" in found["what"]
    assert str(labelled.shelf) in found["html"]
    assert f"/stock/units/{labelled.sn_a.pk}/" in found["html"]
    assert f"/stock/move/?product_code={labelled.monitor.product_code}" in found["html"]


def test_a_bad_scan_says_why_and_what_to_do(labelled: Any) -> None:
    client = labelled.of("warehouse")
    found = looked(client, f"(01){STENT}(17)200101(10)OLD")
    assert found["tone"] == "bad"
    assert found["what"].startswith("It expired on 2020-01-01")
    assert found["remedy"].startswith("Take another lot")
    assert looked(client, "NOBODY")["tone"] == "bad"
    assert looked(client, "")["tone"] == "bad"


def test_half_a_label_asks_for_the_other_half(labelled: Any) -> None:
    client = labelled.of("warehouse")
    half = looked(client, "]C117300131\x1d10SOON".replace("\x1d", ""))
    assert (half["tone"], half["part"]) == ("warn", True)
    whole = looked(client, f"]C11730013110SOON\n]C101{STENT}")
    assert whole["part"] is False
    assert "SOON" in whole["html"]


def test_what_scans_say_is_escaped(labelled: Any) -> None:
    found = looked(labelled.of("warehouse"), f"(01){STENT}(10)<b>x</b>")
    assert "<b>" not in found["html"]


def test_a_location_tells_what_lies_there(labelled: Any) -> None:
    found = looked(labelled.of("warehouse"), f"LOC:{labelled.shelf}")
    assert found["tone"] == "good"
    assert f"{labelled.gloves.product_code}: 95" in found["html"]


def test_without_script_the_page_shows_the_answer(labelled: Any) -> None:
    client = labelled.of("warehouse")
    assert b"data-scan-form" in client.get("/stock/scan/").content
    page = client.post("/stock/scan/", {"raw": f"(01){STENT}(17)200101(10)OLD"})
    assert b"It expired on 2020-01-01" in page.content
    assert b'role="alert"' in page.content


def test_who_may_not_read_stock_may_not_scan(labelled: Any) -> None:
    assert labelled.of("it_operations").post("/stock/scan/", {"raw": "SN-A"}).status_code == 403


def test_somebody_limited_sees_only_what_he_may(labelled: Any) -> None:
    client = labelled.by(labelled.limited)
    assert looked(client, "SN-A")["tone"] == "good"
    assert looked(client, "SN-B")["tone"] == "bad"


def test_the_api_answers_many_scans_and_names_each_fault(labelled: Any) -> None:
    raws = [
        f"]d201{MONITOR}21SN-A",
        "SN-B",
        f"(01){STENT}(17)200101(10)OLD",
        f"LOC:{labelled.shelf}",
    ]
    answer = labelled.of("warehouse").post(
        "/api/v1/stock/scan", {"raws": raws}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    unit, other, old, place = answer.json()["items"]
    assert unit["unit_id"] == str(labelled.sn_a.pk)
    assert unit["unit_location"]["code"] == str(labelled.shelf)
    assert [one["ai"] for one in unit["elements"]] == ["01", "21"]
    assert other["unit_id"] == str(labelled.sn_b.pk)
    assert old["faults"][0]["code"] == "scan.expired"
    assert old["faults"][0]["weight"] == "stop"
    assert place["location"]["code"] == str(labelled.shelf)


def test_the_api_refuses_what_is_out_of_bounds(labelled: Any) -> None:
    client = labelled.of("warehouse")
    for body in ({}, {"raws": []}, {"raws": ["x"] * 5_001}, {"raws": ["x" * 7_090]}):
        answer = client.post("/api/v1/stock/scan", body, content_type="application/json")
        assert answer.status_code == 422, body


def test_five_thousand_scans_are_answered(labelled: Any) -> None:
    from kintsugi.stock.scanning import understand_many

    raws = [f"]d201{MONITOR}10L{n}\x1d21S{n}" for n in range(4_999)] + ["SN-A"]
    found = understand_many(raws, on=dt.date(2026, 11, 25))
    assert found[-1].unit == labelled.sn_a
    assert [one.code for one in found[0].faults] == ["scan.unit-new"]
