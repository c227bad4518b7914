"""Refusals that services raise. Each carries a stable code, both languages and all facts."""

from collections.abc import Mapping
from typing import Any

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

__all__ = ["Conflict", "IllegalTransition", "KintsugiError", "NotFound", "StaleVersion", "Text"]


class NotFound(KintsugiError):
    """Nothing has this key."""

    def __init__(self, what: Text, key: str, **facts: Any) -> None:
        super().__init__(
            "core.not-found",
            Text(f"找不到{what.zh}“{key}”。", f"No {what.en} “{key}”."),
            Text("请检查编号,或用搜索查找。", "Check the number, or look for it with search."),
            key=key,
            **facts,
        )


class Conflict(KintsugiError):
    """The same idempotency key came with other content."""

    def __init__(self, scope: str, key: str) -> None:
        super().__init__(
            "core.key-reused",
            Text(
                "同一个幂等键先前用于不同的内容。",
                "This idempotency key was used before with other content.",
            ),
            Text(
                "若是新的操作,请换一个键;若是重发,请发送相同内容。",
                "Use a new key for a new command, or send the same content again.",
            ),
            scope=scope,
            key=key,
        )


class IllegalTransition(KintsugiError):
    """A status change that the state machine does not list."""

    def __init__(self, machine: str, source: str, target: str, allowed: list[str]) -> None:
        super().__init__(
            "core.illegal-transition",
            Text(f"不能从“{source}”变为“{target}”。", f"Cannot go from “{source}” to “{target}”."),
            Text(
                f"当前允许的下一步:{'、'.join(allowed) or '无'}。",
                f"Possible next: {', '.join(allowed) or 'none'}.",
            ),
            machine=machine,
            source=source,
            target=target,
        )


class StaleVersion(KintsugiError):
    """Somebody else changed the row since it was read."""

    def __init__(self, key: str, *, read: int, now: int, changed: Mapping[str, Any] | None = None):
        super().__init__(
            "core.stale-version",
            Text(
                "在您打开之后,别人已修改这条记录。",
                "Somebody else changed this record after you opened it.",
            ),
            Text(
                "请核对新值后再保存;您输入的内容没有丢失。",
                "Compare with the new values and save again; what you typed is kept.",
            ),
            key=key,
            version_read=read,
            version_now=now,
            changed=dict(changed or {}),
        )
