"""Proofs in a pack: enclosed, verified by a stranger, and every alteration named."""

import csv
import dataclasses
import datetime as dt
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kintsugi.audit.models import Change
from kintsugi.audit.packs import build as building
from kintsugi.audit.packs.content import verify_pack
from kintsugi.audit.packs.registry import resolve_scope
from kintsugi.audit.packs.services import ask_for_pack, make_pack, pack_path
from kintsugi.audit.sealing import services as sealing
from kintsugi.audit.sealing import verify_export
from kintsugi.audit.sealing.models import Checkpoint
from kintsugi.audit.services import recorded
from kintsugi.core.access import SYSTEM, SYSTEM_MASKED, bound
from kintsugi.parties.models import Party

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
FACTS = building.PackFacts("EP-TEST", "李明", "检查", AT, "zh", "Kintsugi test")
PHONE, NAME = "13800138001", "王小明"


@pytest.fixture(scope="module")
def sealed(world: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of S-001 after everything was sealed, once for all tests: they copy it."""
    from django.conf import settings

    path = tmp_path_factory.mktemp("sealed") / "pack.zip"
    home, settings.HOME = settings.HOME, path.parent / "home"
    try:
        with django_db_blocker.unblock(), bound(SYSTEM):
            sealing.seal(at=AT)
            building.build(resolve_scope("device", "S-001"), FACTS, path)
    finally:
        settings.HOME = home
    return path


@pytest.fixture(scope="module")
def verifier(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier as it came with the pack, alone in a folder of its own."""
    path = tmp_path_factory.mktemp("away") / "verify_pack.py"
    with zipfile.ZipFile(sealed) as archive:
        path.write_bytes(archive.read("verify_pack.py"))
    return path


Verify = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def verify(verifier: Path) -> Verify:
    """``python -I verify_pack.py`` away from the source tree: exit code and answer."""

    def run(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-I", "-S", verifier.name, str(path), "--json", *more],
            cwd=verifier.parent, capture_output=True, check=False, env={},
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    return run


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in content.items():
            archive.writestr(name, raw)
    return path


def forged(path: Path, content: dict[str, bytes]) -> Path:
    """The pack with manifest and hash written again, as somebody would who hides an alteration."""
    manifest = json.loads(content["manifest.json"])
    for one in manifest["files"]:
        raw = content[one["path"]]
        one |= {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    raw = json.dumps(manifest, ensure_ascii=False).encode()
    own = f"{hashlib.sha256(raw).hexdigest()}  manifest.json\n".encode()
    return packed(path, {**content, "manifest.json": raw, "manifest.sha256": own})


def named(said: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["kind"], one["file"]) for one in said["findings"]}


def changes(content: dict[str, bytes]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content["data/changes.csv"].decode())))


def written(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


# -- what is enclosed ------------------------------------------------------------------------------


def test_each_change_of_the_pack_has_its_proof_and_a_stranger_verifies_them(
    sealed: Path, verify: Verify
) -> None:
    content = members(sealed)
    numbers = {row[0] for row in changes(content)[1:]}
    assert numbers
    proofs = {name for name in content if name.startswith("seal/change-")}
    assert proofs == {f"seal/change-{number}.json" for number in numbers}
    code, said = verify(sealed)
    assert (code, said["findings"], said["proofs"]) == (0, [], len(numbers))
    checkpoint = Checkpoint.objects.get()
    assert checkpoint.root in content["data/seal-checkpoint.csv"].decode()


def test_the_key_that_was_written_down_is_wanted(sealed: Path, verify: Verify) -> None:
    key = next(
        json.loads(raw)["keys"][0]["fingerprint"]
        for name, raw in members(sealed).items()
        if name.startswith("seal/change-")
    )
    assert verify(sealed, "--key", key)[0] == 0
    code, said = verify(sealed, "--key", "0" * 64)
    assert code == 1
    assert {kind for kind, _ in named(said)} == {"key-unexpected"}


def test_both_verifiers_check_signatures_and_paths_with_the_same_lines() -> None:
    """verify_pack.py must stand alone; what it shares with verify_export.py is the same text."""

    def text(module: Any) -> str:
        return Path(module.__file__).read_text("utf-8")

    theirs, ours = text(verify_export), text(verify_pack)
    for begin, end in (
        ("# -- Ed25519 verification", "class Tree:"),
        ("def root_of_path", "# -- the file"),
        ("def note(", "def moment("),
    ):
        shared = theirs[theirs.index(begin) : theirs.index(end)].strip()
        assert len(shared.splitlines()) > 3
        assert shared in ours, begin


# -- what is named ---------------------------------------------------------------------------------


def test_one_byte_of_any_file_is_noticed_and_the_file_named(
    sealed: Path, tmp_path: Path, verify: Verify
) -> None:
    content = members(sealed)
    assert {"evidence.pdf", "evidence.xlsx", "verify_pack.py", "README.zh.txt"} <= set(content)
    for name in set(content) - {"manifest.json", "manifest.sha256"}:
        raw = bytearray(content[name])
        raw[len(raw) // 2] ^= 1
        code, said = verify(packed(tmp_path / "x.zip", {**content, name: bytes(raw)}))
        assert code == 1, name
        assert ("changed", name) in named(said), name
    for name in ("manifest.json", "manifest.sha256"):
        raw = bytearray(content[name])
        place = raw.index(b"EP-TEST") if name == "manifest.json" else 5
        raw[place] ^= 1
        code, said = verify(packed(tmp_path / "x.zip", {**content, name: bytes(raw)}))
        assert (code, named(said)) == (1, {("manifest-changed", "manifest.json")})


def test_a_byte_that_breaks_the_archive_is_named_with_its_file(
    sealed: Path, tmp_path: Path, verify: Verify
) -> None:
    with zipfile.ZipFile(sealed) as archive:
        info = archive.getinfo("evidence.pdf")
    raw = bytearray(sealed.read_bytes())
    raw[info.header_offset + 200 + info.compress_size // 2] ^= 0xFF
    path = tmp_path / "x.zip"
    path.write_bytes(raw)
    code, said = verify(path)
    assert (code, named(said)) == (1, {("changed", "evidence.pdf")})


def test_a_missing_and_an_extra_file_are_named_packed_and_unpacked(
    sealed: Path, tmp_path: Path, verify: Verify
) -> None:
    folder = tmp_path / "open"
    with zipfile.ZipFile(sealed) as archive:
        archive.extractall(folder)
    assert verify(folder)[0] == 0
    (folder / "evidence.xlsx").unlink()
    (folder / "data" / "more.csv").write_text("x")
    expected = {("missing", "evidence.xlsx"), ("added", "data/more.csv")}
    code, said = verify(folder)
    assert (code, named(said)) == (1, expected)
    content = members(sealed)
    del content["evidence.xlsx"]
    code, said = verify(packed(tmp_path / "x.zip", {**content, "data/more.csv": b"x"}))
    assert (code, named(said)) == (1, expected)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("column", "value"),
    [("person", "somebody"), ("after", '{"serial_no": "S-999"}'), ("reason", "other"),
     ("record_id", "01a214ed-0b37-7000-8000-8bbfefcec2b2"), ("command_id", "x")],
)  # fmt: skip
def test_a_row_of_the_changes_that_differs_from_what_was_sealed_is_named(
    sealed: Path, tmp_path: Path, verify: Verify, column: str, value: str
) -> None:
    """Also when manifest and hashes were written again."""
    content = members(sealed)
    rows = changes(content)
    rows[1][rows[0].index(column)] = value
    number = rows[1][0]
    path = forged(tmp_path / "x.zip", {**content, "data/changes.csv": written(rows)})
    code, said = verify(path)
    assert (code, named(said)) == (1, {("row-differs", f"seal/change-{number}.json")})
    assert column in said["findings"][0]["detail"]


def test_rows_that_changed_places_or_are_gone_are_named(
    world: Any, sealed: Path, tmp_path: Path, verify: Verify
) -> None:
    """Two rows swap their numbers: each stands under the other's proof."""
    path = tmp_path / "run.zip"
    number = world.runs["catalogue.csv"].number
    with bound(SYSTEM):
        building.build(resolve_scope("run", number), FACTS, path)
    content = members(path)
    assert verify(path)[0] == 0
    rows = changes(content)
    proven = {name for name in content if name.startswith("seal/change-")}
    inside = [row for row in rows[1:] if f"seal/change-{row[0]}.json" in proven]
    first, second = inside[0], next(one for one in inside if one[9] != inside[0][9])
    first[0], second[0] = second[0], first[0]
    code, said = verify(forged(path, {**content, "data/changes.csv": written(rows)}))
    swapped = {f"seal/change-{one[0]}.json" for one in (first, second)}
    assert (code, named(said)) == (1, {("row-differs", one) for one in swapped})
    rows.remove(first)
    first[0], second[0] = second[0], first[0]
    code, said = verify(forged(path, {**content, "data/changes.csv": written(rows)}))
    assert (code, named(said)) == (1, {("row-missing", f"seal/change-{first[0]}.json")})


def test_a_changed_proof_is_named(sealed: Path, tmp_path: Path, verify: Verify) -> None:
    content = members(sealed)
    name = next(one for one in sorted(content) if one.startswith("seal/change-"))
    proof = json.loads(content[name])
    other = hashlib.sha256(b"x").hexdigest()
    body = proof["checkpoint"]["body"]
    alterations: dict[str, dict[str, Any]] = {
        "another line": {"line": proof["line"].replace("S-001", "S-999")},
        "another path": {"path": [other, *proof["path"][1:]]},
        "another place": {"index": proof["index"] + 1},
        "another root": {
            "checkpoint": {
                **proof["checkpoint"],
                "body": body.replace("root ", "root 0"),
            }
        },
        "no signature": {"checkpoint": {**proof["checkpoint"], "signature": "00" * 64}},
        "no key": {"keys": []},
        "no proof": {"format": "x"},
    }
    for what, altered in alterations.items():
        raw = json.dumps({**proof, **altered}).encode()
        code, said = verify(forged(tmp_path / "x.zip", {**content, name: raw}))
        assert (code, named(said)) == (1, {("proof-broken", name)}), what
    # A proof of another change in its place holds, and is told all the same.
    stranger = next(one for one in Change.objects.order_by("id") if f"-{one.pk}." not in name)
    from kintsugi.audit.sealing.export import proof_of

    raw = json.dumps(proof_of(stranger.pk)).encode()
    code, said = verify(forged(tmp_path / "x.zip", {**content, name: raw}))
    assert (code, named(said)) == (1, {("proof-broken", name)})


# -- masks -----------------------------------------------------------------------------------------


def _everything(content: dict[str, bytes]) -> str:
    """All text of a pack: tables, workbook, and what the document was set from."""
    told = []
    for name, raw in content.items():
        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(io.BytesIO(raw))
            told += [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row]
        elif not name.endswith(".pdf"):
            told.append(raw.decode())
    return "\n".join(told)


def test_a_masked_pack_masks_in_data_workbook_and_document_alike(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded(actor="test", command="test.call"):
        Party.objects.filter(name="第一医院").update(phone=[PHONE], contact=NAME)
    handed: list[str] = []
    real = building.typeset

    def spy(template: Any, data: Any, **how: Any) -> bytes:
        handed.append(json.dumps(data, ensure_ascii=False, default=str))
        return real(template, data, **how)

    monkeypatch.setattr(building, "typeset", spy)
    scope = resolve_scope("party", "第一医院")
    for access, shows in ((SYSTEM, True), (SYSTEM_MASKED, False)):
        path = tmp_path / f"{shows}.zip"
        with bound(access):
            building.build(scope, dataclasses.replace(FACTS, is_masked=not shows), path)
        content = members(path)
        for where, text in (("files", _everything(content)), ("document", handed[-1])):
            assert (PHONE in text, NAME in text) == (shows, shows), where
            assert ("138****8001" in text, "王**" in text) == (not shows, not shows), where
        manifest = json.loads(content["manifest.json"])
        assert manifest["personal_data"] == ("shown" if shows else "masked")


def test_who_may_not_read_personal_data_gets_a_masked_pack_whatever_he_asks(
    world: Any, examiner: Any
) -> None:
    """Asked for as the auditor, made by the worker, who may read everything."""
    from kintsugi.identity.access import access_of

    with recorded(actor="test", command="test.call"):
        Party.objects.filter(name="第一医院").update(phone=[PHONE], contact=NAME)
    with bound(access_of(examiner, at=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))):
        asked = ask_for_pack(actor=examiner, kind="party", key="第一医院", language="zh",
                             reason="检查", at=AT)  # fmt: skip
    assert asked.shows_personal is False
    make_pack(actor="worker", pack_id=asked.pk, at=AT)
    text = _everything(members(pack_path(asked.number)))
    assert PHONE not in text
    assert NAME not in text
    assert "138****8001" in text


def test_a_changed_phone_has_no_proof_in_a_masked_pack(world: Any, sealed: Path) -> None:
    """A proof quotes its change in full: where that is masked it is left out, and it is said."""
    from kintsugi.audit.packs.proof import collect_seal

    with recorded(actor="test", command="test.call"):
        Party.objects.filter(name="第一医院").update(phone=[PHONE])
    scope = resolve_scope("party", "第一医院")
    with bound(SYSTEM_MASKED):
        chapter = collect_seal(scope, 1000)
    assert chapter is not None
    assert any("1 条更改含个人信息" in note.zh for note in chapter.notes)
    assert PHONE not in "".join(str(one.content) for one in chapter.files)
