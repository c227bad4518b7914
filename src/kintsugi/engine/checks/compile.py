"""A contract's rules as checks over a cleaned table.

A cleaned table holds canonical text, dates, integers and booleans, so casts here are safe; decimals
are canonical text and are guarded by a regular expression before the cast (see backends.base).
"""

from collections.abc import Collection, Iterator

from kintsugi.engine.backends import literal, name
from kintsugi.engine.checks.check import Check
from kintsugi.engine.contract import Contract, Dependency, Field
from kintsugi.engine.text import Text

_NUMBER = "'^-?[0-9]+([.][0-9]+)?$'"


def compile_checks(
    contract: Contract, columns: Collection[str], *, unique: bool = True
) -> list[Check]:
    """Every check of a contract that a table with these columns can answer.

    Required, length, range, allowed values, uniqueness beside the key, and the contract's
    dependencies. Check digits and formats belong to the normalisers.
    """
    checks: list[Check] = []
    for field in contract.fields:
        if field.name in columns:
            checks += _field_checks(contract, field, unique=unique)
    for dependency in contract.dependencies:
        if all(field in columns for field in dependency.fields):
            checks += _dependency_checks(contract, dependency)
    return checks


def _field_checks(contract: Contract, field: Field, *, unique: bool) -> Iterator[Check]:
    column = name(field.name)
    text = f"CAST({column} AS VARCHAR)"

    def check(rule: str, where: str, zh: str, en: str) -> Check:
        return Check(
            id=f"{contract.entity}.{field.name}.{rule.removeprefix('check.')}",
            rule=rule,
            field=field.name,
            title=Text(f"{field.zh}:{zh}", f"{field.en}: {en}"),
            where=where,
            value=text,
            columns=(field.name,),
            scope="group" if rule == "check.unique" else "row",
        )

    if field.required:
        yield check("check.required", f"{column} IS NULL", "必填", "required")
    if field.max_length is not None and field.type in ("text", "code", "reference"):
        where = f"length({column}) > {field.max_length}"
        yield check(
            "check.max-length",
            where,
            f"至多 {field.max_length} 个字符",
            f"at most {field.max_length} characters",
        )
    if (bounds := _range(field)) is not None:
        low, high = field.minimum, field.maximum
        yield check("check.range", bounds, f"范围 {low}–{high}", f"range {low}–{high}")
    if field.allowed and field.type == "enum":
        codes = ", ".join(literal(value.code) for value in field.allowed)
        yield check("check.allowed", f"{column} NOT IN ({codes})", "取值表", "allowed values")
    # The key itself is made unique by merging; only other unique fields need a check.
    if unique and field.unique and contract.key != (field.name,):
        where = (
            f"{column} IN (SELECT {column} FROM {{table}} WHERE {column} IS NOT NULL "
            f"GROUP BY {column} HAVING count(DISTINCT {{rows}}) > 1)"
        )
        yield check("check.unique", where, "不可重复", "unique")


def _range(field: Field) -> str | None:
    """The predicate for a value outside of minimum and maximum; None when there are none."""
    if field.type not in ("integer", "decimal") or (field.minimum, field.maximum) == (None, None):
        return None
    column = name(field.name)
    # 15 digits decide a range; the exact text stays what it is.
    number = column if field.type == "integer" else f"CAST({column} AS DOUBLE)"
    sides = []
    if field.minimum is not None:
        sides.append(f"{number} < {field.minimum:g}")
    if field.maximum is not None:
        sides.append(f"{number} > {field.maximum:g}")
    outside = " OR ".join(sides)
    if field.type == "integer":
        return outside
    guard = f"regexp_matches({column}, {_NUMBER})"
    return f"CASE WHEN {guard} THEN {outside} ELSE FALSE END"


def _dependency_checks(contract: Contract, dependency: Dependency) -> Iterator[Check]:
    first, second = dependency.fields[0], dependency.fields[1]
    a, b = name(first), name(second)
    kinds = [contract.field(field).type for field in dependency.fields]
    shown = f"concat(CAST({a} AS VARCHAR), ' / ', coalesce(CAST({b} AS VARCHAR), '—'))"
    if kinds == ["date", "date"]:
        rule, field, where = "check.date-order", second, f"{a} > {b}"
    elif dependency.name == "di_form":
        # GS1 numbers are digits only; HIBC and ISBT codes start with a letter or a flag character.
        digits = f"regexp_matches({a}, '^[0-9]+$')"
        where = f"({b} = 'GS1' AND NOT {digits}) OR ({b} IN ('HIBCC', 'ICCBBA') AND {digits})"
        rule, field, shown = "udi.issuer-form", first, a
    elif "list" in kinds:
        # ('roles', 'customer_type'): who has the second plays the role the second is named after.
        listed, other = (a, b) if kinds[0] == "list" else (b, a)
        role = (second if kinds[0] == "list" else first).split("_")[0]
        where = f"{other} IS NOT NULL AND coalesce({listed}, '') NOT LIKE '%\"{role}\"%'"
        rule, field = "check.companion", first
    else:
        where = f"{a} IS NOT NULL AND {b} IS NULL"
        rule, field = "check.companion", second
    yield Check(
        id=f"{contract.entity}.{dependency.name}",
        rule=rule,
        field=field,
        title=Text(dependency.zh, dependency.en),
        where=where,
        value=shown,
        columns=dependency.fields,
    )
