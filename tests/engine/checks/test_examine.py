"""Rules over a small table whose faults were counted by hand."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kintsugi.engine.checks.examine import RuleResult, Sample, examine
from kintsugi.engine.checks.rulebook import RuleBook, contract_rules, read_rules
from kintsugi.engine.contract import load_contract
from kintsugi.engine.errors import KintsugiError

# Sheet rows 5 to 10. Wrong: 7 has no serial, 6 repeats 5, 8 has a letter too few, 9 a date that is
# none, 6 a negative price, 10 a price that is none, 8 a product the catalogue does not know.
DEVICES = pl.DataFrame(
    {
        "序列号": ["SN001", "SN001", None, "S002", "SN003", "SN004"],
        "价": ["12.5万", "-5", "7", "1,000", "8.25", "x"],
        "启用": ["2024-01-01", "2023年5月6日", "2024/2/3", None, "2024-02-30", "45012"],
        "产品": ["A", "B", "A", "C", "B", None],
    }
)
ROWS = pl.Series("row", [5, 6, 7, 8, 9, 10])
PRODUCTS = pl.DataFrame({"code": ["A", "B"]})


def book(tmp_path: Path, text: str) -> RuleBook:
    path = tmp_path / "rules.yaml"
    path.write_text(text, "utf-8")
    return read_rules(path)


def held(tmp_path: Path, text: str, **facts: Any) -> dict[str, RuleResult]:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    for left in work.iterdir():
        left.unlink()
    found = examine(
        DEVICES, ROWS, book(tmp_path, text), into=work, others={"products": PRODUCTS}, **facts
    )
    return {one.name: one for one in found}


def broken(found: dict[str, RuleResult]) -> dict[str, list[int | None]]:
    return {name: [s.row for s in one.samples] for name, one in found.items() if one.broken}


def test_each_rule_finds_its_rows_and_no_others(tmp_path: Path) -> None:
    found = held(
        tmp_path,
        """
        tables: {products: p.csv}
        rules:
          - {column: 序列号, required: true, unique: true, pattern: "[A-Z]{2}[0-9]{3}"}
          - {column: 价, type: money, minimum: 0, maximum: 100000}
          - {column: 启用, type: date}
          - {column: 产品, in: products.code, allowed: [A, B], max_length: 1, required: true}
          - {name: 启用早于2024, where: "启用 < date '2024-01-01'"}
          - {name: dear, select: "select _row, 价 as value from data where 价 > 100"}
          - {name: sums, equal: ["select sum(价) from data", "select 126010.25"]}
          - {name: near, equal: ["select 10", "select 10.4"], tolerance: 0.5}
        """,
    )
    assert broken(found) == {
        "序列号: required": [7],
        "序列号: pattern": [8],
        "序列号: unique": [5, 6],
        "价: type": [10],
        "价: minimum": [6],
        "价: maximum": [5],
        "启用: type": [9],
        "产品: required": [10],
        "产品: allowed": [8],
        "产品: in products.code": [8],
        # 45012 is 2023-03-27 in a workbook that counts from 1900.
        "启用早于2024": [6, 10],
        "dear": [5, 8],
    }
    assert found["价: type"].samples == (Sample(10, "x"),)
    assert found["价: minimum"].samples == (Sample(6, "-5"),)
    # 125000 − 5 + 7 + 1000 + 8.25
    assert dict(found["sums"].facts) == {"left": "126010.250000", "right": "126010.25"}
    assert found["产品: max-length"].broken == 0


def test_counts_are_exact_however_few_samples_are_kept(tmp_path: Path) -> None:
    text = 'rules: [{name: all, where: "true"}, {column: 产品, unique: true}]'
    found = held(tmp_path, text, samples=1)
    assert [(one.broken, len(one.samples)) for one in found.values()] == [(6, 1), (4, 1)]
    assert [one.broken for one in held(tmp_path, text, samples=0).values()] == [6, 4]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("{column: a, columns: [b], unique: true}", ""),
        ("{columns: [a, b], required: true}", ""),
        ("{column: a, type: nonsense}", ""),
        ("{column: a, minimum: 1}", ""),
        ("{column: a, requird: true}", "requird"),
        ("{name: x, equal: [select 1]}", "equal"),
        ("{where: a = 1}", "name"),
        ("3", ""),
    ],
)
def test_a_rule_that_is_not_one_is_named_with_its_place(
    tmp_path: Path, rule: str, field: str
) -> None:
    with pytest.raises(KintsugiError) as refusal:
        book(tmp_path, f"rules:\n  - {{column: a, required: true}}\n  - {rule}\n")
    assert refusal.value.code == "check.bad-rule"
    assert (refusal.value.facts["rule"], refusal.value.facts["field"]) == (2, field)


@pytest.mark.parametrize(
    "text", ["", "rules: {}", "- 1", "rules: []", "rules: [{column: a}]\nx: 1"]
)
def test_a_file_that_is_no_book_of_rules_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(KintsugiError) as refusal:
        book(tmp_path, text)
    assert refusal.value.code == "check.bad-rule"
    with pytest.raises(KintsugiError) as refusal:
        read_rules(tmp_path / "none.yaml")
    assert refusal.value.code == "check.no-rules"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{column: 没有, required: true}", "check.no-column"),
        ("{column: 产品, in: goods.code}", "check.no-table"),
        ("{column: 产品, in: products.name}", "check.no-column"),
        ('{name: bad, where: "价 >"}', "check.sql"),
        ("{name: bad, select: select nothing from data}", "check.sql"),
        ("{name: bad, select: drop view data}", "check.sql"),
        ('{name: bad, select: "select 1; select 2"}', "check.sql"),
        ('{name: bad, equal: ["select 1, 2", "select 1"]}', "check.sql"),
        ('{name: bad, equal: ["select \'x\'", "select 1"]}', "check.sql"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(tmp_path: Path, rule: str, code: str) -> None:
    with pytest.raises(KintsugiError) as refusal:
        held(tmp_path, f"rules:\n  - {{column: 产品, required: true}}\n  - {rule}\n")
    assert refusal.value.code == code
    if code == "check.sql":
        assert (refusal.value.facts["rule"], refusal.value.facts["number"]) == ("bad", 2)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{secret}')",
        "select * from '{secret}'",
        "select * from read_text('{secret}')",
        "select * from glob('/etc/*')",
    ],
)
def test_rules_of_others_read_no_files(tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    rules = yaml.safe_dump({"rules": [{"name": "spy", "select": sql.format(secret=secret)}]})
    with pytest.raises(KintsugiError) as refusal:
        held(tmp_path, rules)
    assert refusal.value.code == "check.sql"


def test_a_contract_checks_the_columns_it_knows(tmp_path: Path) -> None:
    frame = pl.DataFrame({"序列号": ["SN1001", "无"], "启用日期": ["2024-01-01", "2024-13-01"]})
    rules = contract_rules(load_contract("device"), frame.columns)
    found = examine(frame, pl.Series([2, 3]), rules, into=tmp_path)
    wrong = {
        (one.columns[0], one.rule): [s.row for s in one.samples] for one in found if one.broken
    }
    assert wrong[("启用日期", "type")] == [3]
    assert wrong[("序列号", "type")] == [3]
    with pytest.raises(KintsugiError) as refusal:
        contract_rules(load_contract("device"), ["水果"])
    assert refusal.value.code == "check.contract-unknown"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab'"), st.integers(-3, 3)), max_size=12))
def test_the_scan_counts_what_plain_python_counts(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    frame = pl.DataFrame(
        [(name, str(number)) for name, number in rows],
        schema={"name": pl.String, "n": pl.String}, orient="row",
    )  # fmt: skip
    rules = RuleBook.model_validate(
        {"rules": [
            {"column": "n", "type": "integer", "minimum": 0},
            {"column": "name", "allowed": ["a", "'"]},
            {"columns": ["name", "n"], "unique": True},
        ]}
    )  # fmt: skip
    found = examine(frame, pl.Series(range(1, len(rows) + 1), dtype=pl.Int64), rules,
                    into=tmp_path_factory.mktemp("w"))  # fmt: skip
    counts = {one.rule: one.broken for one in found}
    assert counts == {
        "type": 0,
        "minimum": sum(n < 0 for _, n in rows),
        "allowed": sum(name == "b" for name, _ in rows),
        "unique": sum(rows.count(row) > 1 for row in rows),
    }
