"""Write docs/reference from the code: data dictionary, rules and refusals, commands, HTTP API.

``python -m tools.reference`` writes the pages; a test compares them with what the code says now.
"""

import ast
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from kintsugi.engine.contract import Contract, Field, load_contracts

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make reference`; changes here are lost. -->\n\n"
BREAK = "⏎"
CODE = re.compile(r"^[a-z][a-z0-9-]*\.[a-z0-9.-]+$")

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Data dictionary",
        "lead": "What each field means and may hold, from the data contracts.",
        "key": "Key",
        "version": "version",
        "columns": ("field", "name", "type", "rule", "meaning", "found under these headers"),
        "required": "required",
        "unique": "unique",
        "max_length": "at most {0} characters",
        "minimum": "≥ {0}",
        "maximum": "≤ {0}",
        "unit": "unit {0}",
        "reference": "names a {0}",
        "allowed": "Allowed values",
        "code": ("code", "name", "also written"),
        "invalid": {
            "quarantine": "wrong: the record stays out",
            "null_and_ask": "wrong: left empty and asked",
            "warn": "wrong: taken with a warning",
        },
        "checks": "Rules over several fields",
        "commands": ("Command line", "argument or option", "meaning", "default"),
    },
    "zh": {
        "title": "数据字典",
        "lead": "每个字段的含义与取值，由数据契约生成。",
        "key": "关键字段",
        "version": "版本",
        "columns": ("字段", "名称", "类型", "规则", "含义", "可识别的表头"),
        "required": "必填",
        "unique": "唯一",
        "max_length": "最多 {0} 个字符",
        "minimum": "≥ {0}",
        "maximum": "≤ {0}",
        "unit": "单位 {0}",
        "reference": "指向 {0}",
        "allowed": "允许的取值",
        "code": ("代码", "名称", "其他写法"),
        "invalid": {
            "quarantine": "有误则整条记录隔离",
            "null_and_ask": "有误则留空并询问",
            "warn": "有误则提示后采用",
        },
        "checks": "跨字段规则",
        "commands": ("命令行", "参数或选项", "含义", "默认"),
    },
}


def cell(value: object) -> str:
    """A value as the text of one Markdown table cell; ``BREAK`` starts a new line in it."""
    text = " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
    return text.replace(BREAK, "<br>")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _field_rule(field: Field, words: dict[str, Any]) -> str:
    parts = [words[name] for name in ("required", "unique") if getattr(field, name)]
    for name in ("max_length", "minimum", "maximum", "unit", "reference"):
        value = getattr(field, name)
        if value is not None:
            number = f"{value:g}" if isinstance(value, float) else str(value)
            parts.append(words[name].format(number))
    parts.append(words["invalid"][field.on_invalid])
    return "; ".join(parts)


def _entity(contract: Contract, language: str) -> Iterator[str]:
    words = WORDS[language]
    key = ", ".join(f"`{name}`" for name in contract.key)
    yield f"## {getattr(contract, language)} `{contract.entity}`\n"
    yield contract.description.get(language) + "\n"
    yield f"{words['key']}: {key} · {words['version']} {contract.version}\n"
    yield table(
        words["columns"],
        (
            (
                f"`{field.name}`",
                getattr(field, language),
                field.type,
                _field_rule(field, words),
                field.description.get(language),
                " · ".join(f"`{alias}`" for alias in field.aliases),
            )
            for field in contract.fields
        ),
    )
    for field in contract.fields:
        if field.allowed:
            yield f"### {words['allowed']}: {getattr(field, language)} `{field.name}`\n"
            yield table(
                words["code"],
                (
                    (f"`{a.code}`", getattr(a, language), " · ".join(f"`{x}`" for x in a.aliases))
                    for a in field.allowed
                ),
            )
    if contract.dependencies:
        yield f"### {words['checks']}\n"
        yield (
            "\n".join(
                f"- {getattr(rule, language)} ({', '.join(f'`{name}`' for name in rule.fields)})"
                for rule in contract.dependencies
            )
            + "\n"
        )


def dictionary(language: str) -> str:
    """All entities and fields in one language."""
    words = WORDS[language]
    parts = [f"# {words['title']}\n", words["lead"] + "\n"]
    for _name, contract in sorted(load_contracts().items()):
        parts += _entity(contract, language)
    return NOTE + "\n".join(parts)


def _text_of(node: ast.expr, language: str) -> str | None:
    """The sentence of a ``Text(…)`` in the source; values of f-strings show as ‹name›."""
    if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text"):
        return None
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    position = 0 if language == "zh" else 1
    chosen = named.get(language) or (node.args[position] if len(node.args) > position else None)
    if isinstance(chosen, ast.Constant):
        return str(chosen.value)
    if isinstance(chosen, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else f"‹{ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ''}›"
            for part in chosen.values
        )
    return None


def refusals() -> Iterator[tuple[str, str, str, str, str]]:
    """Code, message and remedy in both languages of every refusal the package can raise."""
    seen: dict[str, tuple[str, str, str, str, str]] = {}
    for path in sorted((ROOT / "src" / "kintsugi").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        # Sentences that several refusals of a module share have a name of their own.
        shared = {
            one.targets[0].id: one.value
            for one in tree.body
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            first = node.args[0]
            named = {k.arg: k.value for k in node.keywords}
            texts = [*node.args[1:3]] + [named[n] for n in ("message", "remedy") if n in named]
            texts = [shared.get(t.id, t) if isinstance(t, ast.Name) else t for t in texts]
            if not (isinstance(first, ast.Constant) and len(texts) >= 2):
                continue
            code = first.value
            if not (isinstance(code, str) and CODE.match(code)):
                continue
            parts = [_text_of(texts[i], language) for language in ("en", "zh") for i in (0, 1)]
            if all(parts):
                en, en_remedy, zh, zh_remedy = (part or "" for part in parts)
                seen.setdefault(code, (code, en, en_remedy, zh, zh_remedy))
    seen.update((row[0], row) for row in _tabled())
    yield from (seen[code] for code in sorted(seen))


def _tabled() -> Iterator[tuple[str, str, str, str, str]]:
    """The refusals of an app that keeps its sentences in one table."""
    words = importlib.import_module("kintsugi.purchasing.refusals").WORDS
    for code, (_status, *said) in words.items():
        zh, en, zh_remedy, en_remedy = (re.sub(r"{(\w+)}", r"‹\1›", text) for text in said)
        yield f"purchasing.{code}", en, en_remedy, zh, zh_remedy


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
    import django

    django.setup()


def rules() -> str:
    """Every rule an issue can name, what may be mended without asking, and every refusal, in both
    languages."""
    _django()
    # Whoever registers rules is imported, so that the list never depends on who asked before.
    for module in ("kintsugi.engine.checks", "kintsugi.onboarding.services"):
        importlib.import_module(module)
    values = importlib.import_module("kintsugi.engine.values.rules")
    registry = values.RULES
    parts = [
        "# Rules and refusals 规则与错误\n",
        "## Rules of issues 问题规则\n",
        "**block**: the value is not taken · **ask**: a person decides · **warn**: taken and noted."
        " *Dirt* numbers the kinds of dirt in the catalogue the engine is measured against.\n",
        table(
            ("rule", "severity", "meaning 含义", "remedy 处理", "dirt"),
            (
                (
                    f"`{rule.id}`",
                    rule.severity,
                    f"{rule.title.en}{BREAK}{rule.title.zh}",
                    f"{rule.remedy.en}{BREAK}{rule.remedy.zh}",
                    ", ".join(map(str, rule.dirt)),
                )
                for _id, rule in sorted(registry.items())
            ),
        ),
        "## Mended without asking 自动修正\n",
        "What the engine does to a value that can be read in one way only.\n",
        table(
            ("done", "meaning 含义"),
            (
                (f"`{name}`", f"{text.en}{BREAK}{text.zh}")
                for name, text in sorted(values.ACTIONS.items())
            ),
        ),
        "## Refusals 错误\n",
        "What a command or request is refused with. The code is stable; facts such as file, sheet,"
        " row, field and value come with it.\n",
        table(
            ("code", "message 说明", "remedy 处理"),
            (
                (f"`{code}`", f"{en}{BREAK}{zh}", f"{er}{BREAK}{zr}")
                for code, en, er, zh, zr in refusals()
            ),
        ),
    ]
    return NOTE + "\n".join(parts)


def _parameters(command: Any) -> list[tuple[str, str, str]]:
    rows = []
    for parameter in command.params:
        names = [*parameter.opts, *parameter.secondary_opts]
        is_option = parameter.param_type_name == "option"
        if "--help" in names or getattr(parameter, "hidden", False):
            continue
        shown = ", ".join(f"`{name}`" for name in names) if is_option else f"`{names[0].upper()}`"
        default = parameter.default
        simple = isinstance(default, str | int | float) and not isinstance(default, bool)
        rows.append(
            (
                shown,
                getattr(parameter, "help", None) or "",
                f"`{default}`" if simple and default != "" else "",
            )
        )
    return rows


def _command(command: Any, path: str, head: Iterable[str]) -> Iterator[str]:
    yield f"## `{path}`\n"
    text = (command.help or "").strip().replace("\b\n", "")
    if text:
        yield re.sub(r"(?<!\n)\n(?!\n)", " ", text) + "\n"
    rows = _parameters(command)
    if rows:
        yield table(head, rows)
    for name, sub in getattr(command, "commands", {}).items():
        if not sub.hidden:
            yield from _command(sub, f"{path} {name}", head)


def commands(language: str) -> str:
    """The command line in one language, from Typer."""
    import typer.main

    cli = importlib.import_module("kintsugi.config.cli")
    before = os.environ.get("KINTSUGI_LANG")
    os.environ["KINTSUGI_LANG"] = language
    try:
        command = typer.main.get_command(cli.make_app())
    finally:
        os.environ.pop("KINTSUGI_LANG")
        if before is not None:
            os.environ["KINTSUGI_LANG"] = before
    title, *head = WORDS[language]["commands"]
    return NOTE + "\n".join([f"# {title}\n", *_command(command, "kintsugi", head)])


def _schema_name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rsplit('/', 1)[-1]}`"
    if schema.get("type") == "array":
        return f"list of {_schema_name(schema.get('items', {}))}"
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(_schema_name(part) for part in schema[joined])
    return str(schema.get("format") or schema.get("type") or "any")


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`\n"
    words = [operation.get("summary", ""), operation.get("description", "")]
    yield "\n\n".join(word.strip() for word in words if word.strip()) + "\n"
    if operation.get("parameters"):
        yield table(
            ("parameter", "in", "type", "required", "meaning"),
            (
                (
                    f"`{p['name']}`",
                    p["in"],
                    _schema_name(p.get("schema", {})),
                    "yes" if p.get("required") else "",
                    p.get("description") or p.get("schema", {}).get("description", ""),
                )
                for p in operation["parameters"]
            ),
        )
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body: {_schema_name(content.get('schema', {}))} ({kind})\n"
    rows = [
        (
            str(status),
            " or ".join(
                _schema_name(c.get("schema", {})) for c in answer.get("content", {}).values()
            ),
            answer.get("description", ""),
        )
        for status, answer in operation.get("responses", {}).items()
    ]
    if rows:
        yield table(("status", "answer", "meaning"), rows)


def api() -> str:
    """The HTTP API, from its OpenAPI document."""
    from django.utils import translation

    _django()
    with translation.override("en"):
        schema = importlib.import_module("kintsugi.config.api").api.get_openapi_schema()
    parts = [
        "# HTTP API\n",
        "Every screen's data is here, too. A running installation shows this as an interactive page"
        " and gives the OpenAPI document itself.\n",
    ]
    for path, operations in sorted(schema["paths"].items()):
        for method, operation in operations.items():
            parts += _operation(path, method, operation)
    parts.append("# Types\n")
    for name, described in sorted(schema.get("components", {}).get("schemas", {}).items()):
        parts.append(f"## {name}\n")
        if described.get("description"):
            parts.append(" ".join(described["description"].split()) + "\n")
        needed = set(described.get("required", []))
        parts.append(
            table(
                ("field", "type", "required", "meaning"),
                (
                    (
                        f"`{field}`",
                        _schema_name(of),
                        "yes" if field in needed else "",
                        of.get("description", ""),
                    )
                    for field, of in described.get("properties", {}).items()
                ),
            )
        )
    return NOTE + "\n".join(parts)


def index() -> str:
    """The list of the pages."""
    rows = [
        ("[Data dictionary](dictionary.md)", "every entity and field, from the data contracts"),
        ("[数据字典](dictionary.zh.md)", "全部实体与字段，由数据契约生成"),
        ("[Rules and refusals](rules.md)", "what an issue or an error means and what to do"),
        ("[Command line](commands.md)", "`kintsugi` and its options"),
        ("[命令行](commands.zh.md)", "`kintsugi` 及其选项"),
        ("[HTTP API](api.md)", "routes and types under `/api/v1`"),
        (
            "[Quality of the engine](quality.md)",
            "figures against public truths, by `make bench-quality`",
        ),
    ]
    return NOTE + "# Reference\n\nGenerated from the code.\n\n" + table(("page", "what"), rows)


PAGES: dict[str, Callable[[], str]] = {
    "index.md": index,
    "dictionary.md": lambda: dictionary("en"),
    "dictionary.zh.md": lambda: dictionary("zh"),
    "rules.md": rules,
    "commands.md": lambda: commands("en"),
    "commands.zh.md": lambda: commands("zh"),
    "api.md": api,
}


def main() -> int:
    """Write every page that changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"written: docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
