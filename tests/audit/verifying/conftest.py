"""Fixtures of the verifiers' tests."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def rows_may_go(transactional_db: None) -> None:
    """Nothing refuses the removal of rows, as where somebody took those triggers away: these tests
    are about what the record says of it. The copy of the database is made anew afterwards."""
    from tests.audit.sealing.tampering import superuser, switch_keepers

    with superuser() as cursor:
        switch_keepers(cursor, "disable trigger")


@pytest.fixture
def witness(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """The storage of a decoding witness that was just set up."""
    from kintsugi.audit.verifying import decoding

    storage = tmp_path / "witness"
    url = os.environ["DATABASE_URL"]
    decoding.set_up(storage, url=url)
    yield storage
    decoding.remove(storage, url=url, at=dt.datetime.now(dt.UTC))
