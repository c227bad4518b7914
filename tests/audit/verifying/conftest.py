"""Fixtures of the verifiers' tests."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def witness(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """The storage of a decoding witness that was just set up."""
    from kintsugi.audit.verifying import decoding

    storage = tmp_path / "witness"
    url = os.environ["DATABASE_URL"]
    decoding.set_up(storage, url=url)
    yield storage
    decoding.remove(storage, url=url, at=dt.datetime.now(dt.UTC))
