"""Compare what the product did with the fragments with the truth about them.

Pure: the product's side is handed in as plain tuples, the truth is read from its folder.
Outcomes of a planted piece of dirt:

- ``fixed``: the value made of this cell is the correct one (for ``correct: null``: none was made);
- ``asked``: an issue stands on the cell or on its row, and nothing wrong was loaded;
- ``quarantined``, ``excluded``: the row was set aside;
- ``shadowed``: a value of another row won, so the cell cannot be judged;
- ``missed``: nothing was said and nothing was done;
- ``wrong``: a different value was loaded. This is harm, not just a miss.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from kintsugi.demo.kinds import KINDS
from kintsugi.demo.truth_files import CellTruth, FragmentTruth, TruthSet, read_truth

Outcome = Literal["fixed", "asked", "quarantined", "excluded", "missed", "wrong", "shadowed"]
OUTCOMES: tuple[Outcome, ...] = (
    "fixed", "asked", "quarantined", "excluded", "missed", "wrong", "shadowed",
)  # fmt: skip
#: Dirt of a file or a header: it is fixed when the table's rows arrived, or the named field did.
FILE_KINDS = frozenset({1, 2, 4, 7, 8, 9})
EXACT_REPEAT = 63
NUMERIC_FIELDS = frozenset({"purchase_price", "quantity"})
#: What counts as the expected answer; a quarantined row carries its question with it.
ACCEPTED: dict[str, frozenset[str]] = {
    "fixed": frozenset({"fixed"}),
    "asked": frozenset({"asked", "quarantined"}),
    "quarantined": frozenset({"quarantined", "asked"}),
    "excluded": frozenset({"excluded"}),
}


class SeenIssue(NamedTuple):
    """An issue the product raised; ``column`` is the header path, None for the whole row."""

    file: str
    table: str
    row: int | None
    column: str | None
    rule: str


class SeenValue(NamedTuple):
    """A value made of a source cell. ``key``: ``product_code|serial_no`` of a device, the credit
    code of a party. ``final``: it is the golden value, not one that lost."""

    key: str
    field: str
    value: str | None
    file: str
    table: str
    row: int
    final: bool = True


class SeenFate(NamedTuple):
    """What became of a row: created, updated, merged, unchanged, loaded, excluded, quarantined."""

    file: str
    table: str
    row: int
    fate: str


class SeenMember(NamedTuple):
    """A source row that belongs to a golden device; ``device`` is any name unique to it."""

    device: str
    file: str
    table: str
    row: int


@dataclass(frozen=True)
class Observed:
    """All the product says about one onboarding of the demo."""

    issues: Iterable[SeenIssue]
    values: Iterable[SeenValue]
    fates: Iterable[SeenFate]
    members: Iterable[SeenMember] = ()


@dataclass
class KindLine:
    """Totals of one kind of dirt."""

    dirt: int
    zh: str
    en: str
    planted: int = 0
    as_expected: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))


@dataclass(frozen=True)
class Pairs:
    """Pairs of source rows: of one device in truth, found together, kept apart, and merged though
    they are two devices or a person should have been asked first."""

    true: int
    found: int
    missed: int
    wrong: int


@dataclass(frozen=True)
class FieldLine:
    """Golden values of a field against the true ones, over all devices the product knows."""

    equal: int
    different: int
    absent: int


@dataclass
class Report:
    """The score. ``wrong_cells`` and ``missed_cells`` hold every such piece of dirt in full."""

    planted: int = 0
    as_expected: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    kinds: list[KindLine] = field(default_factory=list)
    false_alarms: dict[str, int] = field(default_factory=dict)
    pairs: Pairs = Pairs(0, 0, 0, 0)
    fields: dict[str, FieldLine] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    wrong_cells: list[dict[str, Any]] = field(default_factory=list)
    missed_cells: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON carries it."""
        return asdict(self)


class _Place(NamedTuple):
    file: str
    table: str
    row: int | None


class _Index:
    """The product's side, found by place. Where the truth knows one table of a file, the name
    that the product gives it does not matter."""

    def __init__(self, truth: TruthSet, observed: Observed) -> None:
        tables: dict[str, set[str]] = defaultdict(set)
        for cell in truth.cells:
            tables[cell.file].add(cell.table)
        self._single = {file for file, names in tables.items() if len(names) == 1}
        self.issues = list(observed.issues)
        self.cell_issues: dict[tuple[_Place, str | None], list[str]] = defaultdict(list)
        self.table_issues: set[tuple[str, str]] = set()
        self.issue_places: set[_Place] = set()
        for issue in self.issues:
            place = self.place(issue.file, issue.table, issue.row)
            self.cell_issues[(place, issue.column)].append(issue.rule)
            self.table_issues.add((place.file, place.table))
            self.issue_places.add(place)
        self.made: dict[tuple[_Place, str], list[str]] = defaultdict(list)
        self.final: dict[tuple[str, str], str | None] = {}
        self.arrived: set[tuple[str, str, str]] = set()
        for value in observed.values:
            place = self.place(value.file, value.table, value.row)
            self.made[(place, value.field)].extend(_texts(value.value))
            self.arrived.add((place.file, place.table, value.field))
            if value.final:
                self.final[(value.key, value.field)] = value.value
        self.fates = {self.place(f.file, f.table, f.row): f.fate for f in observed.fates}
        self.loaded_tables = {
            (p.file, p.table)
            for p, fate in self.fates.items()
            if fate not in ("excluded", "quarantined")
        }
        self.members = {self.place(m.file, m.table, m.row): m.device for m in observed.members}

    def place(self, file: str, table: str, row: int | None) -> _Place:
        name = PurePosixPath(file.replace("\\", "/")).name
        return _Place(name, "" if name in self._single else table, row)


def score(truth_dir: Path, observed: Observed) -> Report:
    """The score of one onboarding of the demo fragments. ``truth_dir`` holds the truth files."""
    truth = read_truth(truth_dir)
    index = _Index(truth, observed)
    report = Report()
    lines: dict[int, KindLine] = {}
    waiting = _waiting(truth, index)
    for cell in truth.cells:
        outcome = _outcome(cell, index)
        title = KINDS[cell.dirt]
        line = lines.setdefault(cell.dirt, KindLine(cell.dirt, title.zh, title.en))
        expected = outcome in ACCEPTED[cell.expect] or (
            outcome == "quarantined" and index.place(cell.file, cell.table, cell.row) in waiting
        )
        line.planted += 1
        line.as_expected += expected
        line.outcomes[outcome] += 1
        report.planted += 1
        report.as_expected += expected
        report.outcomes[outcome] += 1
        if outcome == "wrong":
            report.wrong_cells.append({**cell._asdict(), "made": _made(cell, index)})
        elif outcome == "missed":
            report.missed_cells.append(cell._asdict())
    report.kinds = [lines[k] for k in sorted(lines)]
    report.false_alarms = _false_alarms(truth, index)
    report.pairs = _pairs(truth, index)
    report.fields = _fields(truth, index)
    report.rows = _rows(truth, index)
    return report


def _waiting(truth: TruthSet, index: _Index) -> set[_Place]:
    """Rows that may wait as a whole for an answer about another cell (their link to a device is
    ``held`` or ``either``): nothing can be made of their sound cells meanwhile."""
    return {
        index.place(f.file, f.table, f.row)
        for device in truth.devices
        for f in device.fragments
        if f.link in ("held", "either")
    }


def _outcome(cell: CellTruth, index: _Index) -> Outcome:
    place = index.place(cell.file, cell.table, cell.row)
    if cell.dirt in FILE_KINDS:
        return _file_outcome(cell, index, place)
    if cell.row is None:
        # A whole hidden sheet: listed for a decision, never loaded by itself.
        if (place.file, place.table) in index.loaded_tables:
            return "wrong"
        return "asked" if (place.file, place.table) in index.table_issues else "missed"
    fate = index.fates.get(place)
    if cell.expect == "excluded":
        return _aside_outcome(fate)
    if cell.dirt == EXACT_REPEAT:
        return "fixed" if fate in ("merged", "unchanged", "excluded") else "missed"
    asked = bool(
        index.cell_issues.get((place, cell.column)) or index.cell_issues.get((place, None))
    ) or (cell.column is None and place in index.issue_places)
    made = _made(cell, index)
    if made:
        return _made_outcome(cell, made, asked=asked)
    if fate == "quarantined":
        return "quarantined"
    if fate == "excluded":
        return "excluded"
    if cell.correct is None and cell.expect == "fixed" and fate is not None:
        # The row arrived, and nothing was made of this cell.
        return "fixed"
    if asked:
        return "asked"
    if cell.key is not None and cell.field is not None:
        golden = index.final.get((cell.key, cell.field))
        if golden is not None:
            return "fixed" if _agree(cell, _texts(golden)) else "shadowed"
    return "missed"


def _file_outcome(cell: CellTruth, index: _Index, place: _Place) -> Outcome:
    if cell.field is None:
        return "fixed" if (place.file, place.table) in index.loaded_tables else "missed"
    return "fixed" if (place.file, place.table, cell.field) in index.arrived else "missed"


def _aside_outcome(fate: str | None) -> Outcome:
    if fate == "excluded":
        return "excluded"
    if fate == "quarantined":
        return "quarantined"
    return "missed" if fate is None else "wrong"


def _made_outcome(cell: CellTruth, made: list[str], *, asked: bool) -> Outcome:
    if cell.correct is not None and _agree(cell, made):
        # The register says it right; what was planted is a question, not a wrong spelling.
        return "asked" if asked and cell.expect == "asked" and cell.raw == cell.correct else "fixed"
    # Brackets and blanks may go; what was written is still what stands there.
    kept = [_bare(m) for m in made] == [_bare(cell.raw or "")]
    if kept and cell.expect == "asked":
        return "asked" if asked else "missed"
    return "wrong"


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _made(cell: CellTruth, index: _Index) -> list[str]:
    if cell.field is None or cell.row is None:
        return []
    return index.made.get((index.place(cell.file, cell.table, cell.row), cell.field), [])


def _agree(cell: CellTruth, made: list[str]) -> bool:
    correct = (cell.correct or "").split("|")
    if cell.field in NUMERIC_FIELDS:
        return {_number(m) for m in made} == {_number(c) for c in correct}
    return set(made) == set(correct)


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _texts(value: str | None) -> list[str]:
    """The texts of a value: a JSON array counts as its members, a blank as nothing."""
    if value is None or value == "":
        return []
    if value.startswith("["):
        try:
            members = json.loads(value)
        except json.JSONDecodeError:
            return [value]
        return [str(m) for m in members]
    return [value]


def _false_alarms(truth: TruthSet, index: _Index) -> dict[str, int]:
    """Issues on cells and rows in which nothing was planted, per rule. Issues of a whole table or
    column are not counted: they point at no cell."""
    cells = {(index.place(c.file, c.table, c.row), c.column) for c in truth.cells}
    rows = {place for place, _ in cells}
    alarms: Counter[str] = Counter()
    for issue in index.issues:
        if issue.row is None:
            continue
        place = index.place(issue.file, issue.table, issue.row)
        if (place, None) in cells or (place, issue.column) in cells:
            continue
        if issue.column is None and place in rows:
            continue
        alarms[issue.rule] += 1
    return dict(alarms.most_common())


def _pairs(truth: TruthSet, index: _Index) -> Pairs:
    true = found = 0
    together: dict[str, Counter[int]] = defaultdict(Counter)
    wrong = 0
    for device in truth.devices:
        keyed = [f for f in device.fragments if f.link == "key"]
        true += _choose_two(len(keyed))
        clusters = Counter(c for f in keyed if (c := _cluster(f, index)) is not None)
        found += sum(_choose_two(n) for n in clusters.values())
        for fragment in device.fragments:
            cluster = _cluster(fragment, index)
            if cluster is None:
                continue
            together[cluster][device.id] += 1
            if fragment.link == "candidate":
                # The right device, but nobody was asked: a guess that happened to be true.
                wrong += clusters[cluster]
    for members in together.values():
        everyone = sum(members.values())
        wrong += _choose_two(everyone) - sum(_choose_two(n) for n in members.values())
    return Pairs(true, found, true - found, wrong)


def _cluster(fragment: FragmentTruth, index: _Index) -> str | None:
    return index.members.get(index.place(fragment.file, fragment.table, fragment.row))


def _choose_two(n: int) -> int:
    return n * (n - 1) // 2


def _fields(truth: TruthSet, index: _Index) -> dict[str, FieldLine]:
    known = {key for key, _ in index.final}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for device in truth.devices:
        if device.key not in known:
            continue
        for name, value in device.fields.items():
            golden = index.final.get((device.key, name))
            if golden is None:
                counts[name]["absent"] += 1
            else:
                counts[name]["equal" if _same(name, golden, value) else "different"] += 1
    return {
        name: FieldLine(c["equal"], c["different"], c["absent"])
        for name, c in sorted(counts.items())
    }


def _same(name: str, golden: str, true: str) -> bool:
    if name in NUMERIC_FIELDS:
        return _number(golden) == _number(true)
    # A date known to the month agrees with every day of it.
    return golden == true or (len(golden) == 7 and golden[4] == "-" and true.startswith(golden))


def _rows(truth: TruthSet, index: _Index) -> dict[str, int]:
    """Rows that had to be set aside: how many were, and how many were loaded after all."""
    counts: Counter[str] = Counter()
    for row in truth.rows:
        fate = index.fates.get(index.place(row.file, row.table, row.row), "unknown")
        counts[f"{row.fate} as {fate}"] += 1
    return dict(sorted(counts.items()))
