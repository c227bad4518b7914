"""What people type into one field: texts in both languages line by line, and parameters."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.text import Text


def pairs_of(text: str) -> list[list[str]]:
    """Lines ``中文 | English``; a line in one language stands for both."""
    found = []
    for line in text.splitlines():
        first, bar, second = (part.strip() for part in line.partition("|"))
        if first or second:
            found.append([first or second, second if bar and second else first or second])
    return found


def lines_of(pairs: Sequence[Sequence[str]]) -> str:
    """The same lines as one types them."""
    return "\n".join(zh if zh == en else f"{zh} | {en}" for zh, en in pairs)


def params_of(text: str) -> dict[str, Any]:
    """``least_pct=99 every=yes`` as values: whole numbers, decimals, yes and no, words. Raises
    KintsugiError ``check.params`` for what is no ``name=value``."""
    found: dict[str, Any] = {}
    for part in text.split():
        name, sign, value = part.partition("=")
        if not sign or not re.fullmatch(r"[a-z_]{1,30}", name):
            raise KintsugiError(
                "check.params",
                Text(f"无法理解参数“{part[:60]}”。", f"“{part[:60]}” is no parameter."),
                Text("写成 名称=值,用空格隔开。", "Write name=value, apart by blanks."),
                field="params",
            )
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in ("yes", "no"):
        return text == "yes"
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"\d{1,9}\.\d{1,4}", text, re.ASCII):
        return float(text)
    return text


def typed_params(params: Mapping[str, Any]) -> str:
    """Parameters as one types them."""
    words = {True: "yes", False: "no"}
    return " ".join(
        f"{name}={words[value] if isinstance(value, bool) else value}"
        for name, value in params.items()
        if value != ""
    )
