"""Fixtures: a database that is really committed to, with a home folder of its own."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Path:
    """A home folder that knows of no earlier seal."""
    settings.HOME = tmp_path / "home"
    return settings.HOME


@pytest.fixture
def log(transactional_db: None, place: Path) -> Iterator[Callable[..., list[Any]]]:
    """Writes parties in one transaction and returns their ids; the database is made anew after."""
    from kintsugi.audit.services import recorded
    from tests.audit.rows import party

    def write(count: int = 1, actor: str = "仓库 王", reason: str = "收货") -> list[Any]:
        with recorded(actor=actor, command="test.write", reason=reason, note='引号" 和 \\ 反斜杠'):
            return [party() for _ in range(count)]

    yield write
