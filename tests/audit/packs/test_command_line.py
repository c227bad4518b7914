"""``kintsugi audit pack`` and ``packs`` as people and scripts call them."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Each call starts the product anew.
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Command = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def kintsugi(world: Any, tmp_path: Path) -> Command:
    """Runs a command on the database of the tests: exit code, answer, complaints."""

    def run(*arguments: object) -> tuple[int, Any, str]:
        done = subprocess.run(
            [sys.executable, "-c", "from kintsugi.config.cli import main; main()",
             "audit", *map(str, arguments), "--json"],
            env={**os.environ, "KINTSUGI_HOME": str(tmp_path / "home"), "KINTSUGI_LANG": "en"},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout), done.stderr

    return run


def test_a_pack_is_made_listed_and_verified_and_what_is_wrong_is_refused(
    kintsugi: Command, tmp_path: Path
) -> None:
    target = tmp_path / "pack.zip"
    code, made, complaints = kintsugi(
        "pack", "device", "S-001", "-o", target, "--reason", "Inspection", "--lang", "zh", "--mask"
    )
    assert code == 0, complaints
    assert made["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert made["tables"]["devices"] > 0
    with zipfile.ZipFile(target) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        archive.extract("verify_pack.py", tmp_path)
    assert (manifest["reason"], manifest["language"]) == ("Inspection", "zh")
    assert manifest["personal_data"] == "masked"
    verified = subprocess.run(
        [sys.executable, "-I", tmp_path / "verify_pack.py", target,
         "--expect", made["manifest_sha256"]],
        capture_output=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0

    code, told, _ = kintsugi("packs")
    assert code == 0
    [listed] = told["packs"]
    assert (listed["number"], listed["status"]) == (made["pack"], "ready")
    assert (listed["reason"], listed["manifest_sha256"]) == ("Inspection", made["manifest_sha256"])

    other = tmp_path / "other.zip"
    for arguments, wrong in (
        (("pack", "planet", "x", "-o", other), "pack.unknown-scope"),
        (("pack", "period", "yesterday", "-o", other), "pack.period-unclear"),
        (("pack", "device", "no such serial", "-o", other), "core.not-found"),
        (("pack", "device", "S-001", "-o", other, "--lang", "de"), "pack.language"),
        (("pack", "device", "S-001", "-o", tmp_path / "no" / "x.zip"), "pack.no-folder"),
    ):
        code, said, _ = kintsugi(*arguments)
        assert (code, said["ok"], said["error"]["code"]) == (2, False, wrong)
        assert said["error"]["remedy"]
    assert not other.exists()
    assert len(kintsugi("packs")[1]["packs"]) == 1  # a refusal is no pack
