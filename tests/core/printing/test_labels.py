"""Labels are read back from the page they are printed on."""

import datetime as dt
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError
from kintsugi.core.printing import LABELS_MAX, SIZES, Label, Symbol, Symbology, print_labels
from kintsugi.engine import gs1
from tests.core.printing.pages import pictures, scanned, text_of

AT = dt.datetime(2026, 11, 26, 3, tzinfo=dt.UTC)
SAID = "(01)09506000134352(17)260500(10)ABC1(21)S-9"
SENT = "01095060001343521726050010ABC1\x1d21S-9"


def label(
    content: str = SAID, symbology: Symbology = Symbology.GS1_DATA_MATRIX, **more: Any
) -> Label:
    readable = gs1.scan(content, whole=False).hri().split("\n") if content[0] == "(" else [content]
    return Label(Symbol(symbology, content), readable, **more)


def printed(labels: list[Label], size: str = "50x30", layout: str = "roll") -> bytes:
    return print_labels(labels, size=size, layout=layout, at=AT, language="zh-hans")


@pytest.mark.parametrize(
    ("size", "symbology", "identifier"),
    [
        *((size, Symbology.GS1_DATA_MATRIX, "]d2") for size in SIZES),
        ("70x50", Symbology.GS1_128, "]C1"),
        ("100x150", Symbology.GS1_128, "]C1"),
    ],
)
def test_a_label_is_scanned_back_with_its_separators(
    size: str, symbology: Symbology, identifier: str
) -> None:
    pdf = printed(
        [label(symbology=symbology, title="监护仪 M-1", facts=[("效期", "2026-05-31")])], size
    )
    (picture,) = pictures(pdf)
    width, height = SIZES[size]
    assert abs(picture.shape[1] - width / 25.4 * 300) <= 1
    assert abs(picture.shape[0] - height / 25.4 * 300) <= 1
    assert scanned(picture) == [identifier + SENT]
    text = text_of(pdf)
    for line in ("(01)09506000134352", "(17)260500", "(10)ABC1", "(21)S-9", "监护仪", "2026-05-31"):
        assert line in text


def test_bars_too_fine_for_a_scanner_are_refused() -> None:
    # 330 modules with their quiet zones on 46.8 mm are 0.142 mm each.
    with pytest.raises(KintsugiError) as caught:
        printed([label(symbology=Symbology.GS1_128)])
    assert (caught.value.code, caught.value.facts["module_mm"]) == ("label.too-narrow", 0.142)


def test_the_longest_device_label_fits_the_smallest_size() -> None:
    content = f"(01)09506000134352(11)260101(17)260500(10){'L' * 20}(21){'S' * 20}"
    pdf = printed([label(content, title="一次性使用无菌冠状动脉球囊扩张导管 2.5 mm × 15 mm")])
    (picture,) = pictures(pdf)
    assert scanned(picture) == [f"]d20109506000134352112601011726050010{'L' * 20}\x1d21{'S' * 20}"]
    assert "S" * 20 in text_of(pdf)


def test_a_bracket_in_a_lot_comes_back() -> None:
    (picture,) = pictures(printed([label("(01)09506000134352(10)A\\(B(21)S")], "70x50"))
    assert scanned(picture) == ["]d2010950600013435210A(B\x1d21S"]


def test_a_place_in_chinese_is_a_qr_code_and_not_a_code_128() -> None:
    (picture,) = pictures(printed([label("LOC:深圳/货架-1", Symbology.QR)]))
    assert scanned(picture) == ["]Q1LOC:深圳/货架-1"]
    with pytest.raises(KintsugiError) as caught:
        printed([label("LOC:深圳/货架-1", Symbology.CODE_128)])
    assert caught.value.code == "label.symbol"


def test_a_logistic_label_has_content_and_number() -> None:
    content = label("(02)09506000134352(37)60(10)ABC1", title="监护仪")
    sscc = Symbol(Symbology.GS1_128, "(00)006141411234567890")
    (picture,) = pictures(
        printed([Label(content.symbol, content.readable, linear=sscc)], "100x150")
    )
    assert scanned(picture) == ["]d202095060001343523760\x1d10ABC1", "]C100006141411234567890"]


def test_a_sheet_holds_as_many_as_fit_and_the_rest_on_the_next() -> None:
    # 200 mm / 50 = 4 across, 287 mm / 30 = 9 down: 36 a page.
    labels = [label(f"(01)09506000134352(21)N{n}") for n in range(40)]
    first, second = pictures(printed(labels, layout="sheet"))
    found = [set(scanned(one)) for one in (first, second)]
    assert found[0] == {f"]d2010950600013435221N{n}" for n in range(36)}
    assert found[1] == {f"]d2010950600013435221N{n}" for n in range(36, 40)}


def test_the_same_labels_give_the_same_bytes() -> None:
    assert printed([label()]) == printed([label()])


def test_two_thousand_are_printed_and_one_more_is_refused() -> None:
    labels = [label(f"(01)09506000134352(21)N{n}") for n in range(LABELS_MAX)]
    pdf = printed(labels)
    assert "N1999" in text_of(pdf)[-400:]
    with pytest.raises(KintsugiError) as caught:
        printed([*labels, labels[0]])
    assert caught.value.code == "label.too-many"
    with pytest.raises(KintsugiError, match="no label"):
        printed([])
