"""Names and values in one run of text."""

import pytest

from kintsugi.engine.paper.forms import printed_pairs

PAIRS = {
    "单号：RK-0917 日期：2024-06-21": [("单号", "RK-0917"), ("日期", "2024-06-21")],
    "单号:RK-0917": [("单号", "RK-0917")],
    "产品名称:": [("产品名称", "")],
    "Order no: PO-1 Received on: 2024-06-21": [("Order no", "PO-1"), ("Received on", "2024-06-21")],
    "时间：2024-06-21 12:30": [("时间", "2024-06-21 12:30")],
    "12:30": [],
    "see https://example.org/a": [],
    "LOT A77-1": [("LOT", "A77-1")],
    "有效期至2027-05-01": [("有效期至", "2027-05-01")],
    "(10)AB-77": [("批号 (10)", "AB-77")],
    "输液器": [],
}


@pytest.mark.parametrize("text", PAIRS)
def test_names_and_values_are_parted(text: str) -> None:
    assert printed_pairs(text) == PAIRS[text]
