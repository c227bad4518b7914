"""The exported log on another machine: whole, or named for what was done to it."""

import base64
import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.models import Change
from kintsugi.audit.sealing import services, verify_export
from kintsugi.audit.sealing.export import export_log, proof_of
from kintsugi.audit.sealing.keys import fingerprint, is_signed, make_key
from kintsugi.audit.sealing.rounds import watch
from kintsugi.runtime.home import Home

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
Log = Callable[..., list[Any]]


@pytest.fixture
def exported(log: Log, tmp_path: Path) -> Path:
    """Two checkpoints over 5 and 3 changes, cosigned, with a changed key between them."""
    log(2)
    log(3)
    services.seal(at=AT)
    services.rotate_key(at=AT)
    log(3)
    services.seal(at=AT + MINUTE)
    watch(at=AT + MINUTE)
    path = tmp_path / "log.txt"
    told = export_log(path, since=None, at=AT)
    assert told == {"changes": 8, "checkpoints": 2}
    return path


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]


def rewrite(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def leaves(lines: list[bytes]) -> list[int]:
    return [place for place, line in enumerate(lines) if not line.startswith(b"#")]


def kinds(path: Path, **asked: Any) -> list[str]:
    return [one["kind"] for one in verify_export.verify(str(path), **asked)["findings"]]


def test_a_whole_log_is_whole_for_a_bare_python_elsewhere(exported: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script = shutil.copy(verify_export.__file__, elsewhere)
    done = subprocess.run(
        # -S -I: no site packages, no environment: the standard library alone.
        [sys.executable, "-S", "-I", str(script), str(exported), "--json"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["changes"], told["checkpoints"], told["cosignatures"]) == (8, 2, 2)
    assert told["last"]["number"] == "2"
    assert len(told["keys"]) == 2
    assert len(told["witnesses"]) == 1


def test_our_own_ed25519_agrees_with_the_library(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    for body in ("", "一", "x" * 1000):
        signature = key.sign(body)
        assert verify_export.ed25519_verify(key.public, body.encode(), signature)
        assert is_signed(body=body, signature=signature, public=key.public)
        assert not verify_export.ed25519_verify(key.public, body.encode() + b".", signature)
        for place in (0, 31, 32, 63):
            bad = bytearray(signature)
            bad[place] ^= 1
            assert not verify_export.ed25519_verify(key.public, body.encode(), bytes(bad))
    assert fingerprint(key.public) == key.fingerprint


def test_the_first_test_vector_of_rfc_8032_holds() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
        "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert verify_export.ed25519_verify(public, b"", signature)
    assert not verify_export.ed25519_verify(public, b"\x00", signature)


def test_an_edited_line_is_named(exported: Path) -> None:
    lines = lines_of(exported)
    place = leaves(lines)[3]
    row = json.loads(lines[place])["row"]
    lines[place] = lines[place].replace("收货".encode(), "退货".encode())
    rewrite(exported, lines)
    (found,) = verify_export.verify(str(exported))["findings"]
    assert (found["kind"], found["table"], found["key"]) == (
        "export.leaf-changed",
        "parties_party",
        row,
    )


def test_swapped_lines_are_called_reordered(exported: Path) -> None:
    lines = lines_of(exported)
    one, two = leaves(lines)[1:3]
    lines[one], lines[two] = lines[two], lines[one]
    rewrite(exported, lines)
    assert kinds(exported) == ["export.reordered"] * 2


def test_a_removed_and_an_added_line_are_named(exported: Path) -> None:
    lines = lines_of(exported)
    rewrite(exported, [line for place, line in enumerate(lines) if place != leaves(lines)[1]])
    assert kinds(exported)[0] == "export.leaf-missing"
    twice = [*lines[: leaves(lines)[1]], lines[leaves(lines)[1]].replace(b'"id": ', b'"id": 9')]
    rewrite(exported, twice + lines[leaves(lines)[1] :])
    assert kinds(exported)[0] == "export.leaf-added"


@pytest.mark.parametrize("cut", ["end", "checkpoint", "bytes", "both"])
def test_a_cut_off_file_is_called_truncated(exported: Path, cut: str) -> None:
    lines = lines_of(exported)
    if cut == "end":
        rewrite(exported, lines[:-1])
    elif cut == "bytes":
        exported.write_bytes(exported.read_bytes()[:-10])
    elif cut == "checkpoint":
        rewrite(exported, [*lines[:-2], lines[-1]])
    else:  # everything behind the first checkpoint, with a well-made end
        first = next(i for i, line in enumerate(lines) if line.startswith(b"#checkpoint"))
        rewrite(exported, [*lines[: first + 1], b'#end {"changes": 5}'])
    assert "export.truncated" in kinds(exported)


def test_a_log_cut_with_care_ends_before_the_checkpoint_that_was_written_down(
    exported: Path,
) -> None:
    lines = lines_of(exported)
    first = next(i for i, line in enumerate(lines) if line.startswith(b"#checkpoint"))
    header = lines[0].replace(b'"last": 2', b'"last": 1')
    rewrite(exported, [header, *lines[1 : first + 1], b'#end {"changes": 5}'])
    assert kinds(exported) == []
    assert kinds(exported, at_least=2) == ["export.rolled-back"]


def test_a_forged_checkpoint_and_forged_hashes_are_named(exported: Path) -> None:
    lines = lines_of(exported)
    forged = [line.replace(b"\\nsize 8\\n", b"\\nsize 9\\n") for line in lines]
    rewrite(exported, forged)
    assert "export.checkpoint-forged" in kinds(exported)
    other = base64.b64encode(bytes(32 * 3)).decode()
    changed = list(lines)
    place = max(i for i, line in enumerate(lines) if line.startswith(b"#hashes"))
    changed[place] = f'#hashes {{"first": 5, "count": 3, "hashes": "{other}"}}'.encode()
    rewrite(exported, changed)
    assert kinds(exported) == ["export.hashes-changed"]


def test_a_log_made_anew_under_another_key_is_not_the_one_written_down(
    exported: Path, place: Home
) -> None:
    known = verify_export.verify(str(exported))["keys"]
    endorsed = json.loads(lines_of(exported)[1][5:])
    first = endorsed["fingerprint"] if not endorsed["endorsed_by"] else endorsed["endorsed_by"]
    assert kinds(exported, key=first) == []
    assert set(kinds(exported, key="0" * 64)) == {"export.key-unexpected"}
    (last,) = set(known) - {first}
    # Written down late: what the key signed is trusted, what came before it is not.
    assert set(kinds(exported, key=last)) == {"export.key-unexpected"}


def test_a_checkpoint_taken_out_is_missed(exported: Path) -> None:
    lines = lines_of(exported)
    rewrite(exported, [line for line in lines if b"number 1\\n" not in line])
    assert "export.checkpoint-missing" in kinds(exported)


def test_an_export_since_a_time_starts_from_a_signed_checkpoint(
    log: Log, exported: Path, tmp_path: Path
) -> None:
    path = tmp_path / "part.txt"
    told = export_log(path, since=AT + dt.timedelta(seconds=30), at=AT)
    assert told == {"changes": 3, "checkpoints": 1}
    assert kinds(path) == []
    lines = lines_of(path)
    begin = next(i for i, line in enumerate(lines) if line.startswith(b"#from"))
    value = json.loads(lines[begin][6:])
    peaks = bytearray(base64.b64decode(value["peaks"]))
    peaks[0] ^= 1
    value["peaks"] = base64.b64encode(bytes(peaks)).decode()
    lines[begin] = b"#from " + json.dumps(value).encode()
    rewrite(path, lines)
    assert kinds(path)[0] == "export.peaks-changed"


def test_the_proof_of_a_change_verifies_alone_and_no_other_line_does(
    exported: Path, tmp_path: Path
) -> None:
    change = Change.objects.order_by("id")[4]
    proof = proof_of(change.pk)
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof, ensure_ascii=False), "utf-8")
    told = verify_export.verify(str(path))
    assert (told["ok"], told["cosignatures"]) == (True, 1)
    assert json.loads(proof["line"])["id"] == change.pk
    path.write_text(json.dumps({**proof, "line": proof["line"].replace("收货", "退货")}), "utf-8")
    (found,) = verify_export.verify(str(path))["findings"]
    assert (found["kind"], found["key"]) == ("export.path-broken", str(change.row_id))


@pytest.mark.parametrize("text", ["", "{}", "#kintsugi {}", "hello\n", '{"format": "x"}', "\x00"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)
    assert verify_export.main([str(path)]) == 2
