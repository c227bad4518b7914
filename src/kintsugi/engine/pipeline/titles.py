"""Names of the steps for people, and what a kernel step does in words."""

from collections.abc import Mapping as Map
from typing import Any, Final

from kintsugi.engine.contract import Contract
from kintsugi.engine.text import Text

STEPS: Final[dict[str, Text]] = {
    "raw": Text("原样", "As read"),
    "filled": Text("补齐合并单元格与“同上”", "Merged cells and dittos filled"),
    "trimmed": Text("去除首尾空白", "Blank edges trimmed"),
    "mapped": Text("映射到字段", "Mapped to fields"),
    "cleaned": Text("规范化", "Cleaned"),
    "checked": Text("校验", "Checked"),
    "keyed": Text("业务主键", "Keyed"),
    "merged": Text("同键合并", "Merged by key"),
}

RAW: Final = "the cells exactly as they were read"
FILLED: Final = "a cell inside a merged range, or one that says 同上/ditto, takes its anchor's text"
TRIMMED: Final = "white space and invisible characters are taken off both ends of each cell"
UNCHANGED: Final = "nothing to change: a view of the step before"


def cleaned(contract: Contract, columns: tuple[str, ...], args: Map[str, Map[str, Any]]) -> str:
    """Which normaliser each field goes through, one field a line."""
    lines = []
    for name in columns:
        if name.endswith("__precision"):
            continue
        field = contract.field(name)
        extra = args.get(name)
        lines.append(f"{name}: {field.norm} → {field.type}" + (f" {dict(extra)}" if extra else ""))
    return "each distinct text is normalised once and joined back\n" + "\n".join(lines)
