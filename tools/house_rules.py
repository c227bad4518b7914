"""The house rules: what neither ruff nor import-linter can say about this code base.

Each rule is a function ``(Source) -> list[Breach]`` over one parsed Python file, or over the text
of one tracked file. ``python -m tools.house_rules`` prints every breach and ends 1 if there is one;
tests/architecture holds the tree to them and shows of each rule that it can fail.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "kintsugi"

MAX_FUNCTION_LINES = 90
MAX_FILE_LINES = 600

# Not business apps: everyone may import core; the engine side has no private modules to protect.
SHARED = frozenset({"core", "engine", "contracts", "runtime", "config", "demo"})
PUBLIC_MODULES = frozenset({"services", "selectors"})
# Who may import more than services and selectors of an app, and why.
COMPOSERS: dict[str, tuple[frozenset[str], str]] = {
    "config": (
        frozenset({"api", "urls", "views", "tasks", "middleware", "control", "signing"}),
        "settings, URL table and API assemble the parts of all apps",
    ),
}

# The edges of the system, where a clock may be read; everything inside takes `at` as an argument.
CLOCK_EDGES = re.compile(
    r"(^|/)(views|api|tasks|cli|middleware|commands|management|conftest)(\.py$|/)"
    r"|^src/kintsugi/(config|runtime|demo)/|^(tests|bench|tools)/"
)
# Named exceptions, each with its reason.
CLOCK_KEEPERS = {
    "src/kintsugi/onboarding/services/progress.py": "a heartbeat: it only says when it beat",
    "src/kintsugi/identity/sessions.py": "Django asks its session store without telling the time",
}
CLOCKS = {
    "timezone": {"now"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
# These convert a given time; without one they read the clock.
CONVERTERS = frozenset({"localtime", "localdate"})

WRITES = frozenset(
    {
        "save",
        "delete",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    }
)
MANAGER_WRITES = WRITES | {"create", "update"}
# Modules of core are themselves the services of core: numbers, events, commands, bulk loads;
# the crosswalk is the part of audit's services that keeps provenance; the session store is written
# by Django.
WRITERS = re.compile(
    r"/services[^/]*\.py$|/services/|/migrations/"
    r"|^src/kintsugi/core/(commands|events|numbering|states|bulk|loading)(\.py$|/)"
    r"|^src/kintsugi/audit/crosswalk\.py$|^src/kintsugi/identity/sessions\.py$"
    r"|^src/kintsugi/(engine|contracts|runtime)/|^(tests|bench|tools)/"
)
# Workbooks are saved, too: in the generator of demo files only writes by a manager count.
NOT_ROWS = re.compile(r"^src/kintsugi/demo/")

# Text over tables is meant: a call such as `select pg_advisory_xact_lock(…)` may stand anywhere.
# core's bulk loader and its way back speak SQL for everybody; the demo writes a legacy database as
# a foreign system would have it.
SQL_PLACES = re.compile(
    r"(^|/)(sql|checks|migrations)(\.py$|/)"
    r"|^src/kintsugi/(engine|runtime|audit|demo)/|^src/kintsugi/core/(bulk|loading|dumping)(\.py$|/)"
    r"|^(tests|bench|tools)/"
)
SQL = re.compile(
    r"^\s*(?:--[^\n]*\n\s*)*(?:"
    r"select\b[\s\S]+\bfrom\b|with\s+(?:recursive\s+)?\w+\s+as\s*(?:materialized\s*)?\("
    r"|insert\s+into\s|update\s+\S+\s+(?:as\s+\w+\s+)?set\b|delete\s+from\s|merge\s+into\s"
    r"|truncate\s+(?:table\s+)?\w|copy\s+\S+[\s\S]*\b(?:from|to)\s+std"
    r"|(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:unlogged\s+|temp(?:orary)?\s+|unique\s+)?"
    r"(?:table|index|view|function|trigger|schema|role|database|extension|sequence|type)\s"
    r"|set\s+(?:local|session)\s)"
)

NAMELESS = frozenset({"utils", "util", "helpers", "helper", "misc", "stuff"})

_SPLIT = "".join
UNFINISHED_NAMES = frozenset({_SPLIT(("NotImplemented", "Error"))})
UNFINISHED_WORDS = re.compile(_SPLIT((r"\b(TO", r"DO|FIX", r"ME|XX", r"X)\b")))

# Paths of a workplace and hosts of package registries: neither belongs in a repository.
FOREIGN = re.compile(
    r"(?<![\w.])/w[o]rk/(?:main|shared|steering|\.library)\b|/f[a]rm/"
    r"|p[y]pi\.org|python[h]osted\.org|n[p]mjs\.(?:org|com)|deb\.d[e]bian\.org|/opt/p[y]pi"
)
TEXT_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("py", "md", "toml", "yml", "yaml", "sh", "html", "css", "js", "json", "txt", "cfg"),
        *("ini", "sql", "po", "svg", "csv", "tsv"),
    )
)


@dataclass(frozen=True)
class Breach:
    """One place that breaks one rule."""

    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the repository's root with forward slashes, its text, its
    tree and, since every rule walks it, the tree's nodes."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        tree = ast.parse(text, filename=path)
        return cls(path=path, text=text, tree=tree, nodes=tuple(ast.walk(tree)))

    @property
    def app(self) -> str | None:
        """The package under kintsugi this file belongs to, or None outside of it."""
        parts = PurePosixPath(self.path).parts
        if parts[:2] == ("src", PACKAGE) and len(parts) > 3:
            return parts[2]
        return None

    def breach(self, rule: str, node: ast.AST | int, what: str) -> Breach:
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Breach(self.path, line, rule, what)


def _imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every absolute dotted name that a file imports, relative imports resolved."""
    package = PurePosixPath(source.path).with_suffix("").parts[1:-1]
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                start = package[: len(package) - (node.level - 1)]
                base = ".".join((*start, base)) if base else ".".join(start)
            for alias in node.names:
                yield node, f"{base}.{alias.name}"
        elif (
            isinstance(node, ast.Call)
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
            and _callee(node) == "import_module"
        ):
            yield node, node.args[0].value


def _callee(node: ast.Call) -> str:
    func = node.func
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def no_private_imports(source: Source) -> list[Breach]:
    """Across apps only ``services`` and ``selectors`` are imported; from core anything is."""
    app = source.app
    if app is None:
        return []
    also = COMPOSERS.get(app, (frozenset[str](), ""))[0]
    breaches = []
    for node, name in _imported(source):
        parts = name.split(".")
        if parts[0] != PACKAGE or len(parts) < 2 or parts[1].startswith("_"):
            continue
        if len(parts) == 2:
            # `from kintsugi import parties` hides what is used: import the module itself.
            if parts[1] not in SHARED | {app}:
                breaches.append(source.breach("private-import", node, f"import a module of {name}"))
            continue
        other, module = parts[1], parts[2]
        if other in SHARED or other == app or module in PUBLIC_MODULES | also:
            continue
        breaches.append(
            source.breach(
                "private-import",
                node,
                f"{app} imports {name}; only services and selectors of {other} are public",
            )
        )
    return breaches


def _through_manager(node: ast.expr) -> bool:
    """Whether a call chain passes a Django manager: ``X.objects.filter(…)``."""
    while True:
        if isinstance(node, ast.Attribute):
            if node.attr in {"objects", "_default_manager", "_base_manager"}:
                return True
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return False


def no_writes_outside_services(source: Source) -> list[Breach]:
    """Rows are written by services (and core's own writers), so that every write has a context."""
    if WRITERS.search(source.path):
        return []
    in_models = "models" in PurePosixPath(source.path).with_suffix("").parts
    breaches = []
    for node in source.nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        managed = name in MANAGER_WRITES and _through_manager(node.func.value)
        owner = node.func.value
        # `self.save` of a screen is the service it was given; of a model it is the row.
        own = isinstance(owner, ast.Name) and owner.id == "self" and not in_models
        own = own or (isinstance(owner, ast.Name) and owner.id == "router")  # HTTP's verbs
        plain = name in WRITES and not own and not NOT_ROWS.search(source.path)
        if managed or plain:
            breaches.append(
                source.breach("write-outside-services", node, f".{name}() belongs in a service")
            )
    return breaches


def no_clock_inside(source: Source) -> list[Breach]:
    """Time is an argument; only the edges read a clock."""
    if CLOCK_EDGES.search(source.path) or source.path in CLOCK_KEEPERS:
        return []
    breaches = []
    given = {id(node.func) for node in source.nodes if isinstance(node, ast.Call) and node.args}
    for node in source.nodes:
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        converts = name == "timezone" and node.attr in CONVERTERS and id(node) not in given
        if converts or node.attr in CLOCKS.get(name, set()):
            breaches.append(
                source.breach("clock-inside", node, f"{name}.{node.attr}: take `at` as an argument")
            )
    return breaches


def _docstrings(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                found.add(id(body[0].value))
    return found


def _strings(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """String constants and f-strings (their values shown as ``x``), without docstrings."""
    docstrings = _docstrings(tree)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if id(node) in docstrings or id(node) in inside:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node,
                "".join(str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values),
            )


def no_sql_outside_its_folders(source: Source) -> list[Breach]:
    """SQL lives in sql/, checks/, migrations, the engine, the supervisor, audit and core's bulk
    loading and dumping."""
    if SQL_PLACES.search(source.path):
        return []
    breaches = []
    for node, text in _strings(source.tree):
        # Keywords are written all small or all capital; "Select a file from …" is prose.
        first = text.split(None, 1)[0] if text.split() else ""
        if (first.islower() or first.isupper() or first.startswith("--")) and SQL.search(
            text.lower()
        ):
            breaches.append(source.breach("sql-outside", node, " ".join(text.split())[:60]))
    return breaches


def no_nameless_modules(source: Source) -> list[Breach]:
    """A module says what it is for; ``utils`` says nothing."""
    path = PurePosixPath(source.path)
    if source.app is None:
        return []
    named = [*path.parts[2:-1], path.stem]
    return [
        source.breach("nameless-module", 1, f"{name}: name the purpose")
        for name in named
        if name in NAMELESS
    ]


def nothing_unfinished(source: Source) -> list[Breach]:
    """No raised stubs and no notes to come back later: what is not there yet is an issue."""
    raised = (node.exc for node in source.nodes if isinstance(node, ast.Raise))
    names = (exc.func if isinstance(exc, ast.Call) else exc for exc in raised)
    # To catch it is fine: zipfile raises it for a compression it does not know.
    breaches = [
        source.breach("unfinished", name, name.id)
        for name in names
        if isinstance(name, ast.Name) and name.id in UNFINISHED_NAMES
    ]
    for number, line in enumerate(source.text.splitlines(), start=1):
        _code, hash_sign, comment = line.partition("#")
        if hash_sign and UNFINISHED_WORDS.search(comment):
            breaches.append(source.breach("unfinished", number, comment.strip()[:60]))
    return breaches


def nothing_too_long(source: Source) -> list[Breach]:
    """Functions up to 90 lines, files up to 600: beyond that there are two purposes."""
    if "/migrations/" in source.path:
        return []
    breaches = []
    lines = len(source.text.splitlines())
    if lines > MAX_FILE_LINES:
        breaches.append(source.breach("too-long", 1, f"{lines} lines in one file"))
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > MAX_FUNCTION_LINES:
                breaches.append(source.breach("too-long", node, f"{node.name}: {size} lines"))
    return breaches


ASSERTS = re.compile(r"^(assert|check|expect|raises|verify|must|refus|warns)", re.I)


def tests_assert_something(source: Source) -> list[Breach]:
    """A test that asserts nothing cannot fail for the right reason."""
    if not PurePosixPath(source.path).name.startswith("test_"):
        return []
    breaches = []
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("test_"):
            continue
        seen = any(
            isinstance(inner, ast.Assert)
            or (isinstance(inner, ast.Call) and ASSERTS.match(_callee(inner).lstrip("_")))
            for inner in ast.walk(node)
        )
        if not seen:
            breaches.append(source.breach("asserts-nothing", node, node.name))
    return breaches


def nothing_of_a_workplace(path: str, text: str) -> list[Breach]:
    """No path of the machine it was written on, no host of a package registry, in any file."""
    return [
        Breach(path, number, "workplace", match.group(0))
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := FOREIGN.search(line))
    ]


PYTHON_RULES: tuple[Callable[[Source], list[Breach]], ...] = (
    no_private_imports,
    no_writes_outside_services,
    no_clock_inside,
    no_sql_outside_its_folders,
    no_nameless_modules,
    nothing_unfinished,
    nothing_too_long,
    tests_assert_something,
)


def tracked_files(root: Path = ROOT) -> list[str]:
    """Paths of the files under version control, or of all files where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            check=True,
        ).stdout.decode()
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [
            path.relative_to(root).as_posix()
            for path in root.rglob("*")
            if path.is_file() and not {".venv", ".git", "var", "site"} & set(path.parts)
        ]
    return sorted(name for name in names if (root / name).is_file())


def python_breaches(names: Iterable[str], root: Path = ROOT) -> list[Breach]:
    """Breaches of all Python rules in the named files."""
    breaches: list[Breach] = []
    for name in names:
        if not name.endswith(".py") or "/vendor/" in name:
            continue
        source = Source.of(name, (root / name).read_text(encoding="utf-8"))
        for rule in PYTHON_RULES:
            breaches.extend(rule(source))
    return breaches


def text_breaches(names: Iterable[str], root: Path = ROOT) -> list[Breach]:
    """Breaches of the rules on text, in the named files that are text."""
    breaches: list[Breach] = []
    for name in names:
        path = root / name
        if "/static/vendor/" in name or (path.suffix and path.suffix not in TEXT_SUFFIXES):
            continue
        breaches.extend(nothing_of_a_workplace(name, path.read_text("utf-8", errors="replace")))
    return breaches


def main() -> int:
    """Print every breach; 1 if there is one."""
    names = tracked_files()
    breaches = python_breaches(names) + text_breaches(names)
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
