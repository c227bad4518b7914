"""A table held against a book of rules: exact counts, capped samples, few scans."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kintsugi.engine.backends import connect, literal, name
from kintsugi.engine.checks.rulebook import ColumnRule, EqualRule, RuleBook, SelectRule, WhereRule
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.values import normalise_column

SAMPLES = 20
SAMPLES_MAX = 10_000
MEMORY_MB = 2_000
THREADS = 2
_TEMP_MB = 100_000
#: How a column of a type is kept for SQL; others stay text.
_SQL_TYPES: dict[str, str] = {
    "date": "DATE", "integer": "BIGINT", "decimal": "DECIMAL(38,6)", "money": "DECIMAL(38,6)",
    "boolean": "BOOLEAN",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A row that breaks a rule: its row in the source (None where a SELECT did not say) and what
    stands there, as text."""

    row: int | None
    value: str | None


@dataclass(frozen=True)
class RuleResult:
    """One rule and what broke it. ``broken`` is exact; ``samples`` the first by row. ``rule`` names
    the kind (required, type, unique …), ``columns`` what it is about, ``facts`` the two numbers of
    a comparison."""

    name: str
    rule: str
    columns: tuple[str, ...]
    broken: int
    samples: tuple[Sample, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Row:
    """A rule that looks at one row: the SQL that is true where it is broken, and what to show."""

    name: str
    rule: str
    columns: tuple[str, ...]
    where: str
    value: str


@dataclass(frozen=True)
class _Query:
    """A rule that compares rows: a SELECT of ``_row, value`` of the broken ones."""

    name: str
    rule: str
    columns: tuple[str, ...]
    select: str


def examine(
    frame: pl.DataFrame,
    rows: pl.Series,
    book: RuleBook,
    *,
    into: Path,
    others: Mapping[str, pl.DataFrame] | None = None,
    samples: int = SAMPLES,
) -> list[RuleResult]:
    """Hold a table against its rules, in their order.

    ``frame``: text by header; ``rows``: the source row of each; ``others``: tables by the names the
    book gives them; ``into``: an empty directory to work in. SQL of the book sees the table as
    ``data`` with ``_row``, columns with a type as that type, others as text; it reaches no files.
    Raises KintsugiError ``check.no-column``, ``check.no-table`` and ``check.sql``.
    """
    samples = max(0, min(samples, SAMPLES_MAX))
    typed = _typed(frame, book)
    with _Session(into) as session:
        columns = _wanted(book, frame.columns)
        session.keep("data", _with_rows(frame, rows, columns, typed), typed)
        for table, other in (others or {}).items():
            session.keep(table, other, {})
        session.close_the_door()
        row_rules, queries, equals = _compiled(book, frame.columns, others or {})
        found = {
            **session.scan(row_rules, samples),
            **session.ask(queries, samples),
            **session.compare(equals),
        }
    return [found[number] for number in sorted(found)]


def _typed(frame: pl.DataFrame, book: RuleBook) -> dict[str, tuple[str, dict[str, Any]]]:
    """Column → (normaliser, its arguments), by the first rule that gives it a type."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for rule in book.rules:
        if not isinstance(rule, ColumnRule):
            continue
        for column in rule.names:
            if column not in frame.columns:
                raise _no_column(column, frame.columns)
        if rule.type is not None and rule.column is not None:
            found.setdefault(rule.column, (rule.type, rule.args))
    return found


def _no_column(column: str, columns: Sequence[str]) -> KintsugiError:
    return KintsugiError(
        "check.no-column",
        Text(f"规则所说的列“{column}”不存在。", f"There is no column “{column}”."),
        Text("改正规则中的列名。", "Mend the name in the rule."),
        column=column,
        columns=list(columns)[:100],
    )


def _wanted(book: RuleBook, columns: Sequence[str]) -> list[str]:
    """The columns that rules speak of; all of them where SQL may name any."""
    if not all(isinstance(rule, ColumnRule) for rule in book.rules):
        return list(columns)
    named = {one for rule in book.rules if isinstance(rule, ColumnRule) for one in rule.names}
    return [column for column in columns if column in named]


def _with_rows(
    frame: pl.DataFrame,
    rows: pl.Series,
    columns: Sequence[str],
    typed: Mapping[str, tuple[str, dict[str, Any]]],
) -> pl.DataFrame:
    """Some columns of the table with ``_row``; beside a typed one its text as read where that is
    another than its value (``raw.…``) and whether it could be read (``bad.…``)."""

    def column_of(column: str) -> list[pl.Series]:
        raw = frame[column]
        if column not in typed:
            return [raw]
        kind, args = typed[column]
        if kind in ("decimal", "money"):
            args = {"header": column, **args}
        values = normalise_column(kind, raw, args)
        value, bad = values["value"], values["issue"].is_not_null() & values["value"].is_null()
        same = (raw == value).fill_null(value=False)
        odd = pl.DataFrame({"raw": raw, "same": same}).select(pl.when(~pl.col("same")).then("raw"))
        return [value.alias(column), odd["raw"].alias(f"raw.{column}"), bad.alias(f"bad.{column}")]

    # The work is done outside of Python's lock: two columns at a time.
    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(column_of, columns))
    return pl.DataFrame([rows.cast(pl.Int64).rename("_row"), *(one for p in parts for one in p)])


class _Session:
    """One DuckDB over files of a working directory, which SQL of others may not leave."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._kept = 0

    def __enter__(self) -> "_Session":
        self._db = connect(
            {
                "threads": THREADS,
                "memory_limit": f"{MEMORY_MB}MB",
                "temp_directory": str(self._into),
                "max_temp_directory_size": f"{_TEMP_MB}MB",
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def keep(
        self,
        table: str,
        frame: pl.DataFrame,
        typed: Mapping[str, tuple[str, dict[str, Any]]],
    ) -> None:
        """Make a table known to SQL under this name."""
        own = f"kept {self._kept}"
        self._kept += 1
        # The rows stay where they are: DuckDB reads the frame's own memory.
        self._db.register(own, frame.to_arrow(compat_level=pl.CompatLevel.newest()))
        casts = [
            f"COALESCE({name(f'raw.{column}')}, {name(column)}) AS {name(f'raw.{column}')}"
            for column in typed
        ] + [
            f"CAST({name(column)} AS {_SQL_TYPES[kind]}) AS {name(column)}"
            for column, (kind, _args) in typed.items()
            if kind in _SQL_TYPES
        ]
        replaced = f" REPLACE ({', '.join(casts)})" if casts else ""
        self._db.execute(f"CREATE VIEW {name(table)} AS SELECT *{replaced} FROM {name(own)}")

    def close_the_door(self) -> None:
        """From here on SQL reads the working directory and nothing else, and cannot undo this."""
        folder = literal(str(self._into))
        self._db.execute(f"SET allowed_directories = [{folder}]")
        self._db.execute("SET enable_external_access = false")
        self._db.execute("SET lock_configuration = true")

    def scan(self, rules: Mapping[int, _Row], samples: int) -> dict[int, RuleResult]:
        """All rules over single rows: one scan counts, one takes samples of those broken."""
        if not rules:
            return {}
        counts = ", ".join(f"count(*) FILTER (WHERE ({one.where}))" for one in rules.values())
        broken = dict(zip(rules, self._row(f"SELECT {counts} FROM data", rules), strict=True))
        taken: dict[int, list[Sample]] = {number: [] for number in rules}
        wrong = [number for number in rules if broken[number]]
        if wrong and samples:
            one_of = " OR ".join(f"({rules[number].where})" for number in wrong)
            parts = [
                f"(SELECT {number} AS rule, _row, CAST({rules[number].value} AS VARCHAR) AS value "
                f"FROM broken WHERE {rules[number].where} ORDER BY _row LIMIT {samples})"
                for number in wrong
            ]
            select = (
                f"WITH broken AS MATERIALIZED (SELECT * FROM data WHERE {one_of}) "
                + " UNION ALL ".join(parts)
            )
            for number, row, value in self._all(select, rules):
                taken[number].append(Sample(row, _shown(value)))
        return {
            number: RuleResult(
                one.name, one.rule, one.columns, broken[number],
                tuple(sorted(taken[number], key=lambda s: s.row or 0)),
            )
            for number, one in rules.items()
        }  # fmt: skip

    def ask(self, queries: Mapping[int, _Query], samples: int) -> dict[int, RuleResult]:
        """Rules over several rows, a query each."""
        found = {}
        for number, one in queries.items():
            about = {number: one}
            columns = self._columns(one.select, about)
            row = "_row" if "_row" in columns else "NULL"
            value = "value" if "value" in columns else "NULL"
            (broken,) = self._row(f"SELECT count(*) FROM ({one.select})", about)
            shown = broken and self._all(
                f"SELECT {row}, CAST({value} AS VARCHAR) FROM ({one.select}) "
                f"ORDER BY 1, 2 LIMIT {samples}",
                about,
            )
            taken = tuple(
                Sample(None if at is None else int(at), _shown(text)) for at, text in shown or ()
            )
            found[number] = RuleResult(one.name, one.rule, one.columns, broken, taken)
        return found

    def compare(self, equals: Mapping[int, EqualRule]) -> dict[int, RuleResult]:
        """Rules over two numbers."""
        found = {}
        for number, one in equals.items():
            sides = []
            for select in one.equal:
                rows = self._all(f"SELECT * FROM ({select}) LIMIT 2", {number: one})
                if len(rows) != 1 or len(rows[0]) != 1:
                    raise _bad_sql(number, one.name, "each side gives one number in one row")
                sides.append(rows[0][0])
            try:
                numbers = [Decimal(str(side or 0)) for side in sides]
            except ArithmeticError:
                raise _bad_sql(number, one.name, "each side gives a number") from None
            off = abs(numbers[0] - numbers[1])
            facts = (("left", str(sides[0])), ("right", str(sides[1])))
            broken = int(off > Decimal(str(one.tolerance)))
            found[number] = RuleResult(one.name, "equal", (), broken, (), facts)
        return found

    def _columns(self, select: str, about: Mapping[int, Any]) -> list[str]:
        (number, one), *_ = about.items()
        try:
            statements = self._db.extract_statements(select)
        except duckdb.Error as error:
            raise _bad_sql(number, one.name, _said(error)) from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise _bad_sql(number, one.name, "one SELECT and nothing else")
        rows = self._all(f"DESCRIBE {select}", about)
        return [str(row[0]) for row in rows]

    def _row(self, sql: str, about: Mapping[int, Any]) -> tuple[int, ...]:
        return tuple(int(value) for value in self._all(sql, about)[0])

    def _all(self, sql: str, about: Mapping[int, Any]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(sql).fetchall()
        except duckdb.Error as error:
            number, one = self._guilty(about) or next(iter(about.items()))
            raise _bad_sql(number, one.name, _said(error)) from error

    def _guilty(self, about: Mapping[int, Any]) -> tuple[int, Any] | None:
        """Of several rules in one query, the first that fails by itself."""
        for number, one in about.items():
            if not isinstance(one, _Row):
                continue
            try:
                self._db.execute(f"SELECT count(*) FILTER (WHERE ({one.where})) FROM data")
            except duckdb.Error:
                return number, one
        return None


def _shown(value: object) -> str | None:
    return None if value is None else str(value)[:400]


def _said(error: duckdb.Error) -> str:
    return str(error).splitlines()[0][:300]


def _bad_sql(number: int, rule: str, why: str) -> KintsugiError:
    return KintsugiError(
        "check.sql",
        Text(f"规则“{rule}”的 SQL 无法执行。", f"The SQL of the rule “{rule}” cannot be run."),
        Text("按给出的原因改正。", "Mend it by the reason given."),
        rule=rule,
        number=number // 100,
        reason=why,
    )


Compiled = tuple[dict[int, _Row], dict[int, _Query], dict[int, EqualRule]]


def _compiled(
    book: RuleBook, columns: Sequence[str], others: Mapping[str, pl.DataFrame]
) -> Compiled:
    """Rules as SQL, by number: hundreds count the book's rules, the rest what one of them says."""
    row_rules: dict[int, _Row] = {}
    queries: dict[int, _Query] = {}
    equals: dict[int, EqualRule] = {}
    for at, rule in enumerate(book.rules, start=1):
        if isinstance(rule, WhereRule):
            about = tuple(column for column in columns if column in rule.where)
            row_rules[100 * at] = _Row(rule.name, "where", about, rule.where, _joined(about))
        elif isinstance(rule, SelectRule):
            queries[100 * at] = _Query(rule.name, "select", (), rule.select)
        elif isinstance(rule, EqualRule):
            equals[100 * at] = rule
        else:
            for number, one in enumerate(_column_rules(rule), start=100 * at):
                row_rules[number] = one
            for number, two in enumerate(_group_rules(rule, others), start=100 * at + 50):
                queries[number] = two
    return row_rules, queries, equals


def _column_rules(rule: ColumnRule) -> list[_Row]:
    if rule.column is None:
        return []
    column, raw = name(rule.column), name(rule.column)
    typed = rule.type is not None
    if typed:
        raw = name(f"raw.{rule.column}")
    numeric = rule.type in ("integer", "decimal", "money")
    bad = name(f"bad.{rule.column}")
    conditions = [
        ("required", f"{column} IS NULL" + (f" AND NOT {bad}" if typed else ""), rule.required),
        ("type", bad, typed),
        ("minimum", f"{column} < {rule.minimum}", numeric and rule.minimum is not None),
        ("maximum", f"{column} > {rule.maximum}", numeric and rule.maximum is not None),
        (
            "max-length",
            f"length(CAST({column} AS VARCHAR)) > {rule.max_length}",
            rule.max_length is not None,
        ),
        (
            "pattern",
            f"{raw} IS NOT NULL AND NOT regexp_full_match({raw}, {literal(rule.pattern or '')})",
            rule.pattern is not None,
        ),
        (
            "allowed",
            f"CAST({column} AS VARCHAR) NOT IN ({', '.join(map(literal, rule.allowed or ['']))})",
            rule.allowed is not None,
        ),
    ]
    return [
        _Row(rule.name or f"{rule.column}: {kind}", kind, (rule.column,), where, raw)
        for kind, where, wanted in conditions
        if wanted
    ]


def _joined(columns: Sequence[str]) -> str:
    """What stands in several columns, as one text."""
    if not columns:
        return "NULL"
    return f"concat_ws(' / ', {', '.join(f'CAST({name(c)} AS VARCHAR)' for c in columns)})"


def _group_rules(rule: ColumnRule, others: Mapping[str, pl.DataFrame]) -> list[_Query]:
    found = []
    columns = rule.names
    shown = _joined(columns)
    if rule.unique:
        known = " AND ".join(f"{name(column)} IS NOT NULL" for column in columns)
        by = ", ".join(map(name, columns))
        # One column is compared as itself, several as one value.
        together = by if len(columns) == 1 else f"({by})"
        found.append(
            _Query(
                rule.name or f"{', '.join(columns)}: unique", "unique", columns,
                f"SELECT _row, {shown} AS value FROM data WHERE {known} AND ({by}) IN "
                f"(SELECT {together} FROM data WHERE {known} GROUP BY {by} HAVING count(*) > 1)",
            )
        )  # fmt: skip
    if rule.within is not None:
        table, _, column = rule.within.partition(".")
        if table not in others:
            raise KintsugiError(
                "check.no-table",
                Text(f"规则所说的表“{table}”没有给出。", f"The table “{table}” is not given."),
                Text("在规则文件的 tables 下写明。", "Name it under tables in the rules."),
                table=table,
                tables=sorted(others),
            )
        if column not in others[table].columns:
            raise _no_column(rule.within, others[table].columns)
        mine = name(columns[0])
        found.append(
            _Query(
                rule.name or f"{columns[0]}: in {rule.within}", "in", columns,
                f"SELECT d._row, CAST(d.{mine} AS VARCHAR) AS value FROM data d "
                f"ANTI JOIN {name(table)} o ON CAST(d.{mine} AS VARCHAR) = o.{name(column)} "
                f"WHERE d.{mine} IS NOT NULL",
            )
        )  # fmt: skip
    return found
