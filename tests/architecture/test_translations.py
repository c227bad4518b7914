"""Every message of the screens is translated and compiled; shown to fail on a broken app."""

from pathlib import Path

import polib
import pytest
from django.utils.translation import gettext, override, pgettext

from tools import translations

EVERY = translations.apps()


@pytest.mark.parametrize("app", EVERY, ids=lambda app: app.name)
def test_every_message_is_translated_and_compiled(app):
    faults = list(translations.faults(app, known=translations.known_keys(EVERY)))
    assert not faults, "\n" + "\n".join(faults)


def test_no_word_is_translated_in_two_ways():
    assert list(translations.collisions(EVERY)) == []


def test_a_word_translated_in_two_ways_is_named_with_both(tmp_path: Path):
    for app, entries in {
        "buying": [polib.POEntry(msgid="shipped", msgstr="发货日"),
                   polib.POEntry(msgid="lot", msgstr="批号")],
        "selling": [polib.POEntry(msgid="shipped", msgstr="已出库"),
                    polib.POEntry(msgid="shipped", msgctxt="time", msgstr="发货时间"),
                    polib.POEntry(msgid="lot", msgstr="批号")],
    }.items():  # fmt: skip
        write_catalogue(tmp_path / app, entries)
    (fault,) = translations.collisions([tmp_path / "buying", tmp_path / "selling"])
    assert fault.startswith("'shipped' is '发货日' in buying and '已出库' in selling")


@pytest.mark.parametrize("app", EVERY, ids=lambda app: app.name)
def test_pages_say_what_the_catalogue_says(app):
    """Libraries bring words of their own; ours come first."""
    path = translations.catalogue_of(app)
    others = {}
    for entry in polib.pofile(str(path)) if path.exists() else []:
        if entry.obsolete or entry.msgid_plural:
            continue
        with override("zh-hans"):
            context = entry.msgctxt
            said = pgettext(context, entry.msgid) if context else gettext(entry.msgid)
        if said != entry.msgstr:
            others[entry.msgid] = (entry.msgstr, said)
    assert others == {}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app with one message in Python and three in a template."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "views.py").write_text(
        "from django.utils.translation import gettext as _\ntitle = _('Warehouse %(name)s')\n"
    )
    (tmp_path / "templates" / "a.html").write_text(
        "{% load i18n %}{% translate 'Scanner' %}"
        "{% blocktranslate trimmed count n=n %}\n  {{ n }} crate\n{% plural %}\n  {{ n }} crates"
        "\n{% endblocktranslate %}{% trans \"Forklift's key\" context 'tool' %}"
    )
    return tmp_path


def write_catalogue(app: Path, entries: list[polib.POEntry], *, compiled: bool = True) -> None:
    path = translations.catalogue_of(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.extend(entries)
    catalogue.save(str(path))
    if compiled:
        path.with_suffix(".mo").write_bytes(polib.pofile(str(path)).to_binary())


def complete() -> list[polib.POEntry]:
    return [
        polib.POEntry(msgid="Warehouse %(name)s", msgstr="仓库 %(name)s"),
        polib.POEntry(msgid="Scanner", msgstr="扫描枪"),
        polib.POEntry(
            msgid="%(n)s crate", msgid_plural="%(n)s crates", msgstr_plural={0: "%(n)s 箱"}
        ),
        polib.POEntry(msgid="Forklift's key", msgctxt="tool", msgstr="叉车钥匙"),
    ]


def found(app: Path) -> str:
    return "\n".join(translations.faults(app, known=translations.known_keys([app])))


def test_a_complete_app_passes(app):
    write_catalogue(app, complete())
    assert found(app) == ""


@pytest.mark.parametrize("missing", range(4))
def test_a_message_without_translation_is_named(app, missing):
    entries = complete()
    gone = entries.pop(missing)
    write_catalogue(app, entries)
    assert gone.msgid in found(app).replace("\\", "")


def test_an_empty_translation_is_named(app):
    entries = complete()
    entries[1].msgstr = ""
    write_catalogue(app, entries)
    assert "not translated: 'Scanner'" in found(app)


def test_a_lost_place_is_named(app):
    entries = complete()
    entries[0].msgstr = "仓库"
    write_catalogue(app, entries)
    assert "places differ" in found(app)


def test_a_catalogue_that_is_not_compiled_is_named(app):
    write_catalogue(app, complete(), compiled=False)
    assert "older than django.po" in found(app)


def test_missing_messages_are_added_to_be_translated(app):
    known = translations.known_keys([app])
    assert translations.add_missing(app, known) == 4
    assert "not translated: 'Scanner'" in found(app)
