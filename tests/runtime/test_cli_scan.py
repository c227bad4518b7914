"""``kintsugi scan`` reads a label without home, server or database."""

import json

import pytest

from kintsugi.config.cli import make_app
from kintsugi.engine.gs1 import GS1Error

GTIN = "09506000134352"


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    make_app()(["scan", *arguments], standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize(("language", "title"), [("en", "value"), ("zh", "应用标识符")])
def test_the_elements_are_shown_with_their_titles(
    language: str,
    title: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KINTSUGI_LANG", language)
    shown = scanned(capsys, f"(01){GTIN}(17)260500(10)ABC")
    for text in (title, "USE BY or EXPIRY", GTIN, "2026-05-31"):
        assert text in shown


def test_the_barcodes_of_one_label_are_read_together(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(scanned(capsys, f"]C101{GTIN}", "^17260500" + "10ABC", "--json"))
    assert answer["canonical"] == f"(01){GTIN}(17)260500(10)ABC"
    assert (answer["gtin"], answer["lot"], answer["serial"]) == (GTIN, "ABC", None)
    assert answer["expiry"] == "2026-05-31"


def test_a_label_that_breaks_a_rule_is_refused() -> None:
    with pytest.raises(GS1Error) as caught:
        make_app()(["scan", "(17)260500"], standalone_mode=False)
    assert caught.value.code == "gs1.required"
