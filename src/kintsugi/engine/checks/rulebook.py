"""Rules for one table as a YAML file says them, or as a data contract does.

::

    tables:
      products: catalogue.xlsx            # other tables rules speak of; {file: …, table: …} too
    rules:
      - column: serial_no
        required: true
        unique: true
        pattern: "[A-Z]{2}[0-9]{6}"
      - column: price
        type: money                       # any normaliser of kintsugi.engine.values
        minimum: 0
      - columns: [lot_no, product_code]
        unique: true
      - column: product_code
        in: products.code                 # cross-table
      - name: ends after it starts
        where: warranty_start > warranty_end    # true for the rows that are wrong
      - name: named by the register
        select: select d._row, d.serial_no as value from data d anti join products p on …
      - name: totals agree
        equal: [select sum(price) from data, select sum(amount) from orders]
        tolerance: 0.01
"""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kintsugi.engine.contract import Contract, header_key
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.values import KINDS

#: Rules of one book; a table of thousands of columns has one for each.
RULES_MAX = 5_000
Names = Annotated[list[str], Field(min_length=1, max_length=32)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Another table rules speak of: a file or database address, and which of its tables."""

    file: str
    table: str | None = None


class ColumnRule(_Strict):
    """What one column, or several together, may hold. ``type`` is a normaliser; minimum and maximum
    ask for a numeric one."""

    name: str = ""
    column: str | None = None
    columns: Names | None = None
    type: str | None = None
    args: dict[str, Any] = Field(default_factory=dict)
    required: bool = False
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = Field(default=None, ge=1)
    pattern: str | None = None
    allowed: list[str] | None = Field(default=None, max_length=10_000)
    within: str | None = Field(default=None, alias="in", pattern=r"^[^.]+\..+$")

    @model_validator(mode="after")
    def _says_something(self) -> "ColumnRule":
        if (self.column is None) == (self.columns is None):
            raise ValueError("a rule names either column or columns")
        if self.columns is not None and not self.unique:
            raise ValueError("a rule over several columns says unique: true")
        if self.type is not None and self.type not in KINDS:
            raise ValueError(f"type is one of {', '.join(KINDS)}")
        ranged = self.minimum is not None or self.maximum is not None
        if ranged and self.type not in ("integer", "decimal", "money"):
            raise ValueError("minimum and maximum need type integer, decimal or money")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it is about."""
        return (self.column,) if self.column is not None else tuple(self.columns or ())


class WhereRule(_Strict):
    """A condition in SQL that is true for the rows that are wrong."""

    name: str = Field(min_length=1)
    where: str = Field(min_length=1)


class SelectRule(_Strict):
    """A SELECT of the rows that are wrong; with ``_row`` and ``value`` they are shown."""

    name: str = Field(min_length=1)
    select: str = Field(min_length=1)


class EqualRule(_Strict):
    """Two SELECTs of one number each that differ by no more than the tolerance."""

    name: str = Field(min_length=1)
    equal: Annotated[list[str], Field(min_length=2, max_length=2)]
    tolerance: float = Field(default=0, ge=0)


Rule = ColumnRule | WhereRule | SelectRule | EqualRule
_SHAPES: dict[str, type[_Strict]] = {
    "where": WhereRule,
    "select": SelectRule,
    "equal": EqualRule,
}


class RuleBook(_Strict):
    """All rules for a table, and the other tables they speak of."""

    tables: dict[str, Source] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=RULES_MAX)


def read_rules(path: Path) -> RuleBook:
    """The rules of a YAML file; files it names are looked for beside it.

    Raises KintsugiError ``check.no-rules`` and ``check.bad-rule`` (facts: file, rule, field).
    """
    try:
        said = yaml.safe_load(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KintsugiError(
            "check.no-rules",
            Text("规则文件无法读取。", "The file of rules cannot be read."),
            Text("给出一个 UTF-8 编码的 YAML 文件。", "Give a YAML file in UTF-8."),
            file=str(path),
            reason=str(error).splitlines()[0][:200],
        ) from error
    if not isinstance(said, dict) or not isinstance(said.get("rules"), list):
        raise _bad(path, 0, "rules", "a file of rules has a list “rules”")
    rules = []
    for number, one in enumerate(said["rules"], start=1):
        shape = next((_SHAPES[key] for key in _SHAPES if isinstance(one, dict) and key in one),
                     ColumnRule)  # fmt: skip
        try:
            rules.append(shape.model_validate(one))
        except ValidationError as error:
            raise _bad(path, number, *_first(error)) from error
    beside = {
        name: one if isinstance(one, dict) else {"file": one}
        for name, one in dict(said.get("tables") or {}).items()
    }
    try:
        book = RuleBook.model_validate(
            {
                "tables": beside,
                "rules": rules,
                **{k: said[k] for k in set(said) - {"tables", "rules"}},
            }
        )
    except ValidationError as error:
        raise _bad(path, 0, *_first(error)) from error
    return book.model_copy(
        update={"tables": {name: _beside(path, one) for name, one in book.tables.items()}}
    )


def _beside(path: Path, source: Source) -> Source:
    if "://" in source.file or Path(source.file).is_absolute():
        return source
    return source.model_copy(update={"file": str(path.parent / source.file)})


def _first(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False)[0]
    return ".".join(str(part) for part in first["loc"]), str(first["msg"])


def _bad(path: Path, number: int, field: str, why: str) -> KintsugiError:
    return KintsugiError(
        "check.bad-rule",
        Text(
            f"第 {number} 条规则写得不对:{field or '规则'}。" if number else "规则文件的结构不对。",
            f"Rule {number} is not written right: {field or 'rule'}."
            if number
            else "The file of rules is not built right.",
        ),
        Text("按手册中的写法改正。", "Write it as the handbook shows."),
        file=str(path),
        rule=number,
        field=field,
        reason=why[:300],
    )


def contract_rules(contract: Contract, columns: list[str]) -> RuleBook:
    """What a contract asks of the columns whose header is a name or alias of a field.

    Raises KintsugiError ``check.contract-unknown`` when no header is.
    """
    index = contract.headers()
    rules: list[Rule] = []
    taken: set[str] = set()
    for column in columns:
        fields = [name for name in index.get(header_key(column), ()) if name not in taken]
        if not fields:
            continue
        field = contract.field(fields[0])
        taken.add(field.name)
        rules.append(
            ColumnRule(
                column=column,
                type=field.norm,
                args=field.norm_args,
                required=field.required,
                unique=field.unique or contract.key == (field.name,),
                minimum=field.minimum if field.type in ("integer", "decimal") else None,
                maximum=field.maximum if field.type in ("integer", "decimal") else None,
                max_length=field.max_length,
            )
        )
    if not rules:
        raise KintsugiError(
            "check.contract-unknown",
            Text(f"没有一列是“{contract.zh}”的字段。",
                 f"No column is a field of the contract of {contract.en}."),
            Text("先用 kintsugi map 建立映射,或改用 --rules。",
                 "Map the columns first with kintsugi map, or give --rules."),
            entity=contract.entity,
            columns=columns[:100],
        )  # fmt: skip
    return RuleBook(rules=tuple(rules))
