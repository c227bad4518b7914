"""What a mapping is: which column of which table feeds which field of which entity.

Columns are named by their header path (``采购信息/日期``), never by position, and each carries the
signature of its content as it was when the mapping was approved (see ``signature``), so that a
column whose content moved is noticed even when its header stayed.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic import Field as Slot

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """The text of one column. A bare header path in YAML means the same. ``prefix`` goes before
    each text that is not blank: keys of one system that would collide with another's."""

    column: str
    prefix: str = ""
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return (self.column,)


class Const(_Part):
    """The same text in every row."""

    const: str
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return ()


class FirstOf(_Part):
    """The first column that is not blank."""

    first_of: tuple[str, ...] = Slot(min_length=1)
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return self.first_of


class Concat(_Part):
    """Columns joined by ``sep``; blank ones leave no separator behind."""

    concat: tuple[str, ...] = Slot(min_length=1)
    sep: str = " "
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return self.concat


class Split(_Part):
    """One group of a regular expression over a column; blank where it does not match."""

    split: str
    pattern: str
    group: int = 1
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return (self.split,)


class Udi(_Part):
    """One part of a full UDI (GS1, HIBC, ICCBBA or MA) that stands in a column."""

    udi: str
    part: Literal["di", "lot", "serial", "expiry", "mfg"]
    value_map: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        return (self.udi,)


Expression = Annotated[
    str | Column | Const | FirstOf | Concat | Split | Udi, Slot(union_mode="left_to_right")
]


def headers_of(expression: Expression) -> tuple[str, ...]:
    """The header paths an expression reads."""
    return (expression,) if isinstance(expression, str) else expression.headers


def value_map_of(expression: Expression) -> str | None:
    """The name of the value map an expression passes through, if any."""
    return None if isinstance(expression, str) else expression.value_map


class EntityMapping(_Part):
    """One entity that the rows of a table speak of.

    ``where`` keeps only rows whose column holds one of the texts (``""`` = blank, ``"*"`` = any
    text); the others are counted as excluded. ``key`` overrides the contract's key fields.
    """

    entity: str
    primary: bool = True
    columns: dict[str, Expression]
    where: dict[str, tuple[str, ...]] | None = None
    key: tuple[str, ...] | None = None


class TableMapping(_Part):
    """The entities of one table, and what the table looked like when this was decided."""

    table: str | int
    fingerprint: str | None = None
    #: header path → signature class of its content, for every column that was seen.
    signatures: dict[str, str] = Slot(default_factory=dict)
    entities: tuple[EntityMapping, ...] = ()


class Mapping(_Part):
    """A versioned mapping of one source."""

    version: int = 1
    source: str = ""
    tables: tuple[TableMapping, ...] = ()

    @model_validator(mode="after")
    def _one_mapping_a_table(self) -> Self:
        named = [table.table for table in self.tables]
        if len(set(named)) != len(named):
            raise ValueError("a table is mapped twice")
        return self

    def to_yaml(self) -> str:
        """The mapping as a person reads and edits it."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        content = {"version": self.version, "source": self.source, **content}
        # PyYAML writes NEL (U+0085) raw and reads it back as a line end: then escape all.
        readable = "\x85" not in str(content) and "\\x85" not in str(content)
        return yaml.safe_dump(content, allow_unicode=readable, sort_keys=False, width=100)

    @classmethod
    def from_yaml(cls, text: str) -> "Mapping":
        """The mapping in YAML text. Raises KintsugiError ``mapping.invalid`` naming the place."""
        try:
            return cls.model_validate(yaml.safe_load(text))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
            raise _invalid(place, str(getattr(error, "problem", error))) from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise _invalid(place, first["msg"]) from None

    @classmethod
    def read(cls, path: Path) -> "Mapping":
        """The mapping in a YAML file."""
        return cls.from_yaml(path.read_text(encoding="utf-8"))

    @property
    def sha256(self) -> str:
        """Digest of the meaning: two texts of the same mapping agree, in whatever order a database
        or an editor gave its names back."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _invalid(place: str, problem: str) -> KintsugiError:
    return KintsugiError(
        "mapping.invalid",
        Text(f"映射文件 {place} 处无效:{problem}", f"The mapping is invalid at {place}: {problem}"),
        Text("请改正该处后重试。", "Correct that place and try again."),
        place=place,
    )
