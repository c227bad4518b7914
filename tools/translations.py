"""Keep the screens' Chinese complete: every message translated, every catalogue compiled.

``python -m tools.translations`` writes missing messages into the app's ``django.po`` (empty, to
be translated) and compiles ``django.mo``; with ``--check`` it changes nothing, prints what is wrong
and ends 1. polib does the work, so that GNU gettext need not be installed.
"""

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "kintsugi"
LANGUAGE = "zh_Hans"
FUNCTIONS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), "one"),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), "many"),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), "context"),
}
PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


@dataclass(frozen=True)
class Message:
    """One text marked for translation: context, text, plural, and where it stands."""

    context: str | None
    text: str
    plural: str | None
    where: str

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.text


def _calls(tree: ast.AST, where: str) -> Iterator[Message]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        kind = FUNCTIONS.get(name)
        texts = [
            arg.value
            for arg in node.args
            if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        at = f"{where}:{node.lineno}"
        if kind == "one" and texts:
            yield Message(None, texts[0], None, at)
        elif kind == "many" and len(texts) >= 2:
            yield Message(None, texts[0], texts[1], at)
        elif kind == "context" and len(texts) >= 2:
            yield Message(texts[0], texts[1], None, at)


def _template_messages(path: Path, where: str) -> Iterator[Message]:
    """Messages of a template: Django turns its tags into calls, which are read as Python."""
    code = templatize(path.read_text("utf-8"), origin=str(path))
    call = re.compile(
        r"\b(?:gettext|ngettext|pgettext|npgettext|_)\((?:[^()'\"]|'(?:[^'\\]|\\.)*'"
        r"|\"(?:[^\"\\]|\\.)*\"|u'(?:[^'\\]|\\.)*')*\)",
        re.S,
    )
    for number, line in _numbered(call, code):
        try:
            tree = ast.parse(line.replace("\n", " "), mode="eval")
        except SyntaxError:
            continue
        for message in _calls(tree, where):
            yield Message(message.context, message.text, message.plural, f"{where}:{number}")


def _numbered(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(0)


def messages(app: Path) -> list[Message]:
    """All messages of one app's Python files and templates."""
    found: list[Message] = []
    for path in sorted(app.rglob("*")):
        where = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        if "vendor" in path.parts or "migrations" in path.parts:
            continue
        if path.suffix == ".py":
            found += _calls(ast.parse(path.read_text("utf-8")), where)
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            found += _template_messages(path, where)
    return found


def apps(package: Path = PACKAGE) -> list[Path]:
    """The packages that may hold messages; the engine side carries both languages itself."""
    return [
        path.parent
        for path in sorted(package.glob("*/__init__.py"))
        if path.parent.name not in {"engine", "contracts", "runtime"}
    ]


def catalogue_of(app: Path) -> Path:
    return app / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def _entry_faults(entry: polib.POEntry, name: str) -> Iterator[str]:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if entry.fuzzy:
        yield f"{name}: fuzzy: {entry.msgid!r}"
    for text in texts:
        if not text:
            yield f"{name}: not translated: {entry.msgid!r}"
            continue
        wanted = {a or b for a, b in PLACES.findall(entry.msgid_plural or entry.msgid)}
        given = {a or b for a, b in PLACES.findall(text)}
        if given - wanted or (wanted - given and not entry.msgid_plural):
            yield f"{name}: places differ: {entry.msgid!r} → {text!r}"


def faults(app: Path, *, known: set[tuple[str | None, str]]) -> Iterator[str]:
    """What is wrong with one app's catalogue. ``known`` are the keys of all apps' catalogues:
    Django merges them, so a word translated once serves everywhere."""
    path = catalogue_of(app)
    name = f"{app.name}/{path.name}"
    for message in messages(app):
        if message.key not in known:
            yield f"{message.where}: no translation of {message.text!r}"
    if not path.exists():
        return
    catalogue = polib.pofile(str(path))
    for entry in catalogue:
        if not entry.obsolete:
            yield from _entry_faults(entry, name)
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalogue.to_binary():
        yield f"{app.name}: django.mo is older than django.po; run make fix"


def known_keys(every: list[Path]) -> set[tuple[str | None, str]]:
    """Keys translated in any app's catalogue, or by Django and the libraries themselves."""
    known: set[tuple[str | None, str]] = set()
    for app in every:
        if catalogue_of(app).exists():
            known |= {(e.msgctxt, e.msgid) for e in polib.pofile(str(catalogue_of(app)))}
    return known


def collisions(every: list[Path]) -> Iterator[str]:
    """Messages that two catalogues translate differently: Django merges them, and one of the two
    would be wrong on its pages. A context (``pgettext``) keeps them apart."""
    said: dict[tuple[str | None, str], tuple[str, str]] = {}
    for app in every:
        if not catalogue_of(app).exists():
            continue
        for entry in polib.pofile(str(catalogue_of(app))):
            if entry.obsolete or entry.msgid_plural:
                continue
            first = said.setdefault((entry.msgctxt, entry.msgid), (app.name, entry.msgstr))
            if first[1] != entry.msgstr:
                yield (
                    f"{entry.msgid!r} is {first[1]!r} in {first[0]} and {entry.msgstr!r} in"
                    f" {app.name}: give one of them a context (pgettext)"
                )


def add_missing(app: Path, known: set[tuple[str | None, str]]) -> int:
    """Add untranslated messages to the app's catalogue and compile it; how many were added."""
    path = catalogue_of(app)
    new = {m.key: m for m in messages(app) if m.key not in known}
    if not path.exists():
        if not new:
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = polib.POFile()
        catalogue.metadata = {
            "Language": "zh_Hans",
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": "nplurals=1; plural=0;",
        }
    else:
        catalogue = polib.pofile(str(path), wrapwidth=100)
    for message in new.values():
        entry = polib.POEntry(msgid=message.text, msgctxt=message.context)
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = {0: ""}
        catalogue.append(entry)
        known.add(message.key)
    if new:
        catalogue.save(str(path))
    path.with_suffix(".mo").write_bytes(polib.pofile(str(path)).to_binary())
    return len(new)


def main(arguments: list[str] | None = None) -> int:
    """Check or mend all catalogues; 1 where something is left to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    if not settings.configured:
        settings.configure(USE_I18N=True)
    every = apps()
    known = known_keys(every)
    out = io.StringIO()
    if not options.check:
        for app in every:
            if count := add_missing(app, known):
                print(f"{app.name}: {count} new messages to translate in {catalogue_of(app)}")
    for app in every:
        for fault in faults(app, known=known):
            print(fault, file=out)
    for fault in collisions(every):
        print(fault, file=out)
    sys.stdout.write(out.getvalue())
    return 1 if out.getvalue() else 0


if __name__ == "__main__":
    sys.exit(main())
