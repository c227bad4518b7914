"""Business rows written as services write them."""

from typing import Any


def write(count: int = 1, actor: str = "仓库 王", reason: str = "收货") -> list[Any]:
    """Parties in one transaction; their ids."""
    from kintsugi.audit.services import recorded
    from tests.audit.rows import party

    with recorded(actor=actor, command="test.write", reason=reason, note='引号" 和 \\ 反斜杠'):
        return [party() for _ in range(count)]
