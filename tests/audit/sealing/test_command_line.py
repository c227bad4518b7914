"""``kintsugi audit`` and ``kintsugi witness`` as people and scripts call them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.models import Change, Checkpoint
from kintsugi.runtime.home import Home
from tests.audit.sealing.tampering import behind
from tests.audit.sealing.writing import write

Log = Callable[..., list[Any]]
# Each call starts the product anew.
pytestmark = pytest.mark.slow


def kintsugi(place: Home, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from kintsugi.config.cli import main; main()",
            *map(str, arguments),
        ],
        env={**os.environ, "KINTSUGI_HOME": str(place.root), "KINTSUGI_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(place: Home, *arguments: object) -> dict[str, Any]:
    done = kintsugi(place, *arguments, "--json")
    answer = json.loads(done.stdout)
    return {**answer, "code": done.returncode}


def test_a_log_is_sealed_verified_exported_and_one_edited_row_is_named(
    log: Log, place: Home, tmp_path: Path
) -> None:
    rows = log(3)
    assert told(place, "audit", "verify", "--only", "tree")["code"] == 3  # nothing sealed yet
    assert told(place, "audit", "seal")["added"] == 3
    asked = ("audit", "verify", "--only", "tree", "--only", "witness", "--only", "guard")
    clean = told(place, *asked)
    assert (clean["ok"], clean["code"]) == (True, 0), clean
    assert told(place, "audit", "status")["witness"]["behind"] == 0
    file = tmp_path / "log.txt"
    assert told(place, "audit", "export", file)["changes"] == 3
    assert told(place, "audit", "verify", "--offline", file)["code"] == 0
    behind("update audit_change set op = 'D' where row_id = %s", [rows[1]])
    broken = told(place, *asked)
    assert (broken["ok"], broken["code"]) == (False, 1)
    (found,) = [f for verdict in broken["verdicts"] for f in verdict["findings"]]
    assert (found["kind"], found["table"], found["key"]) == (
        "tree.leaf-changed",
        "parties_party",
        str(rows[1]),
    )
    assert found["at"]
    shown = kintsugi(place, *asked).stdout
    assert str(rows[1]) in shown.replace("\n", "")


def test_keys_epochs_and_the_witness_from_the_command_line(log: Log, place: Home) -> None:
    log(1)
    told(place, "audit", "seal")
    assert told(place, "audit", "rotate-key")["endorsed_by"] == Checkpoint.objects.get().key
    write(1)
    told(place, "audit", "seal")
    assert told(place, "witness", "--once")["checkpoint"] == 2
    begun = told(place, "audit", "new-epoch", "--reason", "restored on purpose")
    assert (begun["epoch"], begun["checkpoint"]) == (2, 3)
    refused = told(place, "witness", "--once")
    assert (refused["code"], refused["error"]["facts"]["why"]) == (2, "new-epoch")
    assert told(place, "witness", "--once", "--accept", "epoch-2")["checkpoint"] == 3
    assert told(place, "audit", "accept-guard", "--reason", "as released")["ok"]


def test_bad_input_is_refused_with_a_remedy(log: Log, place: Home, tmp_path: Path) -> None:
    log(1)
    other = tmp_path / "other.txt"
    other.write_text("hello")
    for arguments, code in (
        (("audit", "verify", "--since", "yesterday"), "audit.bad-time"),
        (("audit", "verify", "--offline", other), "audit.not-a-log"),
        (("audit", "verify", "--only", "magic"), "audit.unknown-verifier"),
        (("audit", "new-epoch", "--reason", " "), "audit.no-reason"),
        (("audit", "new-epoch", "--reason", "x"), "audit.no-epoch"),
        (("audit", "export", tmp_path / "log"), "audit.nothing-sealed"),
    ):
        answer = told(place, *arguments)
        assert (answer["code"], answer["error"]["code"]) == (2, code)
        assert answer["error"]["remedy"]
    done = kintsugi(place, "audit", "prove", Change.objects.order_by("id")[0].pk)
    assert done.returncode == 2
    assert "audit.not-sealed-yet" in done.stderr
