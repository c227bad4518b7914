"""Homes the server's account can reach, and PostgreSQL of both supported kinds."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kintsugi.runtime import postmaster
from kintsugi.runtime.binaries import Binaries, installed
from kintsugi.runtime.cluster import Cluster
from kintsugi.runtime.placement import kept_base

INSTALLED = installed()


def programs(major: int) -> Binaries:
    """PostgreSQL of one major version, or a skip that says why."""
    for found in INSTALLED:
        if found.major == major:
            return found
    pytest.skip(f"PostgreSQL {major} is not installed here")


@pytest.fixture(params=[18, 15], ids=["PostgreSQL18", "PostgreSQL15"])
def postgres(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Binaries:
    """The programs the test's clusters use."""
    chosen = programs(request.param)
    if chosen.origin == "system":
        monkeypatch.setenv("KINTSUGI_PG_BIN", str(chosen.bin))
    else:
        monkeypatch.delenv("KINTSUGI_PG_BIN", raising=False)
    return chosen


@pytest.fixture
def home() -> Iterator[Path]:
    """A fresh home in a short path open to other accounts; nothing of it outlives the test."""
    directory = Path(tempfile.mkdtemp(prefix="kt-"))
    directory.chmod(0o711)
    yield directory / "var"
    cluster = Cluster(directory / "var")
    base = kept_base(cluster.home)
    for data in base.glob("[0-9]*") if base else ():
        if main := postmaster.running(data):
            with suppress(ProcessLookupError):
                os.kill(main.pid, signal.SIGQUIT)
    if base is not None:
        shutil.rmtree(base, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
