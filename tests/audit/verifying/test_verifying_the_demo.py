"""``kintsugi audit verify`` on the demo: clean; then one edited row, which it names."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kintsugi.runtime.cluster import Cluster

# The demo's files go through the whole product, in a home with a server of its own.
pytestmark = pytest.mark.slow

ALL = ["tree", "witness", "guard", "fold", "decoding", "token"]


@pytest.fixture
def home() -> Iterator[Path]:
    """Short, and open to pass through: the server's account must reach its data."""
    directory = Path(tempfile.mkdtemp(prefix="kt-demo-"))
    directory.chmod(0o711)
    yield directory / "home"
    shutil.rmtree(directory, ignore_errors=True)


def kintsugi(home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer of one command in this home."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from kintsugi.config.cli import main; main()",
            *arguments,
            "--json",
        ],
        env={**environment, "KINTSUGI_HOME": str(home), "KINTSUGI_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def findings(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["kind"], one["table"], one["key"])
        for verdict in answer["verdicts"]
        for one in verdict["findings"]
    ]


def edit_one_device(url: str) -> str:
    """As the superuser, with the triggers silent: no one's warranty was ever that long."""
    with psycopg.connect(url) as database:
        database.execute("set session_replication_role = replica")
        row = database.execute(
            "update devices_device set warranty_end = '2099-12-31'"
            " where id = (select id from devices_device order by serial_no limit 1) returning id"
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_the_demo_is_clean_and_one_edited_row_is_named(home: Path) -> None:
    with Cluster(home).attach() as server:  # one server for all commands
        assert kintsugi(home, "demo", "--once")[1]["ok"]
        told = kintsugi(home, "witness", "--once", "--decoding")[1]
        assert told["decoding"]["unaccounted"] == 0

        code, answer = kintsugi(home, "audit", "verify")
        assert (code, findings(answer)) == (0, [])
        assert [one["verifier"] for one in answer["verdicts"]] == ALL
        assert min(one["checked"] for one in answer["verdicts"]) > 0

        edited = edit_one_device(server.url())
        code, answer = kintsugi(home, "audit", "verify", "--since", "2026-01-01")
        differs = ("fold.row-differs", "devices_device", edited)
        assert (code, findings(answer)) == (1, [differs])
        (found,) = (f for v in answer["verdicts"] for f in v["findings"])
        assert found["facts"] == {"columns": ["warranty_end"]}
        assert found["at"], "the time of its last logged change"

        # The write-ahead log has it too, once the witness has read on.
        assert kintsugi(home, "witness", "--once")[1]["decoding"]["unaccounted"] == 1
        code, answer = kintsugi(home, "audit", "verify")
        unlogged = ("decoding.unlogged", "devices_device", edited)
        assert (code, findings(answer)) == (1, [differs, unlogged])

        # Who ends the witness on purpose leaves no slot behind that would fill the disk.
        assert kintsugi(home, "witness", "--once", "--end-decoding")[1]["decoding"] is None
        with psycopg.connect(server.url()) as database:
            assert database.execute("select count(*) from pg_replication_slots").fetchone() == (0,)
