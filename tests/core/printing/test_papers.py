"""Documents are read back from their pages."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.printing import Column, Paper, Parties, document, papers
from kintsugi.core.printing.papers import GoodsLine
from tests.core.printing.pages import pictures, scanned, text_of

AT = dt.datetime(2026, 11, 26, 3, 4, tzinfo=dt.UTC)
LINE = GoodsLine(
    product_code="MON-1", name="监护仪", spec="M-1", maker="示例制造公司",
    cert_no="国械注准20263070001", lot_no="L7", serials=["SN-A", "SN-B"],
    mfg_date=dt.date(2026, 1, 2), expiry_date=dt.date(2029, 1, 1), storage=Text("常温", "room"),
    qty=Decimal("2.0000"), uom="台", unit_price=Decimal("12000.5"), amount=Decimal("24001.00"),
    tax_rate="13%", tax=Decimal("3120.13"), total=Decimal("27121.13"), due=dt.date(2026, 12, 1),
    location="SZ/A-01-01", box="BOX-1", quality=Text("合格", "qualified"), sampled=Decimal(1),
    passed=Decimal(2), rejected=Decimal(0), note="轻放",
)  # fmt: skip
BOTH = [
    Parties(papers.BUYER, ["示例市第一医院", "示例路 1 号"]),
    Parties(papers.SHIP_TO, ["设备科"]),
]


def printed(paper: Paper, language: str = "zh-hans", **facts: Any) -> bytes:
    return document(paper, **{"at": AT, "printed_by": "王库管", "language": language, **facts})


PAPERS = {
    "delivery": papers.delivery_note(number="DN-1", parties=BOTH, facts=[], lines=[LINE]),
    "check": papers.check_record(
        number="DN-1", buyer="示例市第一医院", shipped_on=dt.date(2026, 11, 26),
        checked_by="李复核", lines=[LINE],
    ),
    "packing": papers.packing_list(number="DN-1", parties=BOTH, facts=[], lines=[LINE]),
    "invoice": papers.invoice(number="IN-1", parties=BOTH, facts=[], lines=[LINE, LINE]),
    "purchase": papers.purchase_order(number="PO-1", parties=BOTH, facts=[], lines=[LINE]),
    "acceptance": papers.acceptance_record(
        number="GR-1", supplier="示例医疗设备公司", facts=[], lines=[LINE],
        conclusion=Text("合格", "accepted"),
    ),
    "stocktake": papers.stocktake_sheet(number="SC-1", facts=[], lines=[LINE]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAPERS)
def test_a_document_says_its_number_in_text_and_barcode_and_who_printed_it(name: str) -> None:
    paper = PAPERS[name]
    pdf = printed(paper)
    text = text_of(pdf)
    for said in (paper.title.zh, paper.title.en, paper.number, "监护仪"):
        assert said in text
    assert "王库管 打印于 2026-11-26 11:04" in text
    assert "第 1 页,共 1 页" in text
    assert f"]C0{paper.number}" in scanned(pictures(pdf)[0])


def test_the_check_record_has_every_field_that_gsp_asks_for() -> None:
    text = text_of(printed(PAPERS["check"])).replace("\n", "")
    for said in (
        "购货单位", "示例市第一医院", "产品名称", "监护仪", "规格型号", "M-1", "注册证号",
        "国械注准",
        "批号/序列号", "L7", "SN-A", "SN-B", "有效期至", "2029-01-01", "生产企业", "示例制造公司",
        "数量", "出库日期", "2026-11-26", "复核人", "李复核", "质量状态", "合格",
    ):  # fmt: skip
        assert said in text, said


def test_the_sums_of_an_invoice() -> None:
    text = text_of(printed(PAPERS["invoice"], "en"))
    # Two lines of 24,001.00 net, 3,120.13 tax, 27,121.13 total.
    for said in ("48,002.00", "6,240.26", "54,242.26", "12,000.50", "Page 1 of 1", "Credit"):
        assert (said in text) == (said != "Credit"), said


def test_the_stocktake_sheet_does_not_tell_how_many_there_should_be() -> None:
    line = GoodsLine(product_code="MON-1", name="监护仪", qty=Decimal(4711), location="SZ/A")
    text = text_of(printed(papers.stocktake_sheet(number="S", facts=[], lines=[line])))
    assert "监护仪" in text
    assert "4711" not in text.replace(",", "")


def test_a_long_document_repeats_its_head_and_counts_its_pages() -> None:
    lines = [GoodsLine(name=f"产品{n}", lot_no=f"LOT{n}", qty=Decimal(1)) for n in range(2_000)]
    pdf = printed(papers.delivery_note(number="DN-2", parties=BOTH, facts=[], lines=lines))
    text = text_of(pdf)
    assert "LOT1999" in text
    assert "2,000" in text
    pages = text.count("页,共")
    assert pages > 20
    assert f"第 {pages} 页,共 {pages} 页" in text
    assert text.count("有效期至") == pages - (text.rsplit("页,共", 2)[1].count("有效期至") == 0)


def test_two_thousand_serials_of_one_line_run_over_the_pages() -> None:
    line = GoodsLine(name="导管", serials=[f"SN{n:05d}" for n in range(2_000)], qty=Decimal(2_000))
    text = text_of(printed(papers.check_record(
        number="D", buyer="院", shipped_on=None, checked_by="", lines=[line],
    )))  # fmt: skip
    assert "SN00000" in text
    assert "SN01999" in text


def test_the_same_paper_gives_the_same_bytes_and_another_minute_others() -> None:
    paper = PAPERS["delivery"]
    assert printed(paper) == printed(paper)
    assert printed(paper) != printed(paper, at=AT + dt.timedelta(minutes=1))


def test_hostile_text_is_text() -> None:
    bad = '#eval("1+1") $x$ \\ <script> *_~@[] ' + "长" * 300
    pdf = printed(Paper(
        Text(bad, bad), "N", columns=[Column(Text("名", "name"))], rows=[[bad]], notes=[bad],
    ))  # fmt: skip
    assert '#eval("1+1")' in text_of(pdf)


def test_the_letterhead_comes_from_the_settings(settings: Any) -> None:
    settings.LETTERHEAD = {
        "name": "示例器械有限公司",
        "address": "",
        "phone": "0755-1",
        "licence": "",
    }
    text = text_of(printed(PAPERS["delivery"]))
    assert "示例器械有限公司" in text
    assert "0755-1" in text


def test_too_many_lines_are_refused() -> None:
    paper = Paper(
        Text("单", "Doc"), "N", columns=[Column(Text("名", "name"))], rows=[["x"]] * 5_001
    )
    with pytest.raises(KintsugiError) as caught:
        printed(paper)
    assert caught.value.code == "print.too-many-lines"
