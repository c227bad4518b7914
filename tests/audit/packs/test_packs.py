"""Packs: what is inside, that they verify without the product, and that tampering is named."""

import csv
import dataclasses
import datetime as dt
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db.models import F

from kintsugi.audit.packs import build as building
from kintsugi.audit.packs.models import EvidencePack
from kintsugi.audit.packs.registry import resolve_scope
from kintsugi.audit.packs.sections import OPERATIONS
from kintsugi.audit.packs.selectors import pack_file
from kintsugi.audit.packs.services import ask_for_pack, make_pack, pack_path
from kintsugi.audit.selectors import history
from kintsugi.audit.services import recorded
from kintsugi.core.access import SYSTEM, bound
from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.devices.models import Device

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
VERIFIER = Path(building.__file__).parent / "content" / "verify_pack.py"


@pytest.fixture
def facts() -> building.PackFacts:
    return building.PackFacts("EP-TEST", "李明", "检查", AT, "zh", "Kintsugi test")


@pytest.fixture
def pack(world: Any, facts: building.PackFacts, tmp_path: Path) -> Iterator[Path]:
    """The pack of S-001, on which two files disagree."""
    path = tmp_path / "pack.zip"
    with bound(SYSTEM):
        building.build(resolve_scope("device", "S-001"), facts, path)
    return path


def table(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"data/{name}.csv").decode())))


def verify(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The verifier as a stranger runs it: a bare Python, none of our packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--json", *more],
        capture_output=True,
        check=False,
        env={},
    )
    return done.returncode, json.loads(done.stdout)


def rewritten(path: Path, target: Path, **changes: bytes | None) -> Path:
    """A copy with members replaced (bytes), removed (None) or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        names = {info.filename for info in old.infolist()}
        for name in sorted(names | set(changes)):
            content = changes.get(name, old.read(name) if name in names else None)
            if content is not None:
                new.writestr(name, content)
    return target


# -- what is inside --------------------------------------------------------------------------------


def test_every_value_of_a_device_names_its_file_sheet_and_cell(pack: Path) -> None:
    values = {row["field"]: row for row in table(pack, "devices")}
    assert values["serial_no"]["value"] == "S-001"
    assert values["serial_no"]["cell"].endswith("A2")
    assert "register.csv" in values["serial_no"]["cell"]
    # register.csv has more authority than second.csv; both say what they say.
    assert values["department"]["value"] == "ICU"
    assert values["department"]["others"].startswith("手术室 (second.csv")


def test_the_original_files_are_enclosed_byte_for_byte(pack: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        originals = [n for n in archive.namelist() if n.endswith("register.csv")]
        assert len(originals) == 1
        content = archive.read(originals[0])
    assert content.decode().splitlines()[1] == "S-001,P-100,ICU,第一医院,2027-05-01"
    listed = {row["file"]: row["sha256"] for row in table(pack, "imports-runs")}
    assert listed["register.csv"] == hashlib.sha256(content).hexdigest()


def test_every_change_is_there_with_person_command_and_both_values(pack: Path, world: Any) -> None:
    scope = resolve_scope("device", "S-001")
    rows = table(pack, "changes")
    assert len(rows) == len(history(row_id=scope.ids[0])) >= 1
    assert {row["person"] for row in rows} == {"test"}
    assert rows[0]["command_id"] == "onboarding.apply"
    assert json.loads(rows[0]["after"])["serial_no"] == "S-001"
    assert "科室: ICU" in rows[0]["what"] or "使用科室: ICU" in rows[0]["what"]


def test_the_arithmetic_of_the_imports_closes(pack: Path) -> None:
    totals = [r for r in table(pack, "imports-arithmetic") if r["entity"] == "合计"]
    assert totals
    for row in totals:
        parts = ("created", "updated", "merged", "unchanged", "excluded", "quarantined")
        assert int(row["read"]) == sum(int(row[name]) for name in parts)


def test_the_document_is_pdf_a_and_the_workbook_has_no_formula(pack: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        pdf, workbook = archive.read("evidence.pdf"), archive.read("evidence.xlsx")
    assert pdf.startswith(b"%PDF-1.7")
    assert b"pdfaid:part>2" in pdf
    assert b"pdfaid:conformance>B" in pdf
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert "S-001" in {c.value for c in cells}


def test_the_same_content_gives_the_same_bytes(
    pack: Path, facts: building.PackFacts, tmp_path: Path
) -> None:
    scope = resolve_scope("device", "S-001")
    collected = building.collect(scope)
    made = []
    for name in ("one.zip", "two.zip"):
        building.build(scope, facts, tmp_path / name, collected=collected)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_a_pack_of_a_run_has_its_ledger_rules_and_issues(
    world: Any, facts: building.PackFacts, tmp_path: Path
) -> None:
    run = world.runs["register.csv"]
    number = run.number if hasattr(run, "number") else run.run.number
    path = tmp_path / "run.zip"
    built = building.build(resolve_scope("run", number), facts, path)
    assert built.tables["imports-ledger"] >= 1
    rules = {row["rule"] for row in table(path, "imports-rules")}
    assert rules & {row["rule"] for row in table(path, "issues")}
    assert verify(path)[0] == 0


def test_a_period_holds_its_changes_and_no_others(world: Any) -> None:
    all_of_it = resolve_scope("period", "2020-01-01/2100-01-01")
    before = resolve_scope("period", "2020-01-01/2020-01-02")
    assert dict(building.collect(all_of_it).tables)["changes"].rows
    assert dict(building.collect(before).tables)["changes"].rows == []


def test_entries_about_a_table_are_labelled_and_belong_to_no_record(
    world: Any, facts: building.PackFacts, tmp_path: Path
) -> None:
    """An update that changed nothing, and the columns that the migrations left."""
    with recorded(actor="test", command="test.touch"):
        Device.objects.filter(serial_no__in=["S-001", "S-002"]).update(department=F("department"))
    period = resolve_scope("period", "2020-01-01/2100-01-01")
    found = {}
    for language in ("zh", "en"):
        path = tmp_path / f"{language}.zip"
        building.build(period, dataclasses.replace(facts, language=language), path)
        found[language] = table(path, "changes")
    labels = {
        "zh": ("写入但未变", "表的列"),
        "en": ("written, not changed", "columns of the table"),
    }
    for language, (unchanged, columns) in labels.items():
        rows = found[language]
        [touched] = [r for r in rows if r["command_id"] == "test.touch"]
        assert (touched["operation"], touched["record_id"]) == (unchanged, "")
        assert touched["what"].splitlines()[-1] == {"zh": "行数: 2", "en": "rows: 2"}[language]
        [left] = [r for r in rows if r["operation"] == columns and r["table"] == "audit_legalhold"]
        assert "placed_by" in left["what"]
        assert json.loads(left["after"])["names"]
    assert "(整个表)" in found["zh"][0]["record"]
    assert "(the whole table)" in found["en"][0]["record"]
    # They are no history of the devices that were touched.
    device = resolve_scope("device", "S-001")
    assert {row[10] for row in dict(building.collect(device).tables)["changes"].rows} == {
        OPERATIONS["I"]
    }


def test_hashes_of_secrets_are_in_no_pack_whoever_asks(world: Any, person: Any) -> None:
    period = resolve_scope("period", "2020-01-01/2100-01-01")
    with bound(SYSTEM):
        rows = dict(building.collect(period).tables)["changes"].rows
    made = [row for row in rows if row[7] == "identity_user" and row[9] == str(person.pk)]
    assert made
    assert person.password.startswith("argon2")
    assert person.password not in str(rows)
    assert {row[13]["password"] for row in made if "password" in (row[13] or {})} == {"**"}


# -- refusals --------------------------------------------------------------------------------------


def test_a_pack_nobody_could_read_is_refused_with_its_counts(world: Any) -> None:
    with pytest.raises(KintsugiError) as caught:
        building.collect(resolve_scope("device", "S-001"), limit=5)
    assert caught.value.code == "pack.too-large"
    assert caught.value.facts["rows"] > caught.value.facts["limit"] == 5


@pytest.mark.parametrize(
    ("kind", "key", "code"),
    [
        ("planet", "x", "pack.unknown-scope"),
        ("period", "yesterday", "pack.period-unclear"),
        ("period", "2026-02-01/2026-01-01", "pack.period-unclear"),
        ("lot", "P-100", "pack.lot-unclear"),
        ("device", "no such serial", "core.not-found"),
        ("device", "\x00", "core.not-found"),
        ("lot", "P-100/L1", "core.not-found"),
        ("run", "RUN-20000101-0001", "core.not-found"),
    ],
)
def test_a_scope_that_is_not_understood_says_how_to_write_it(
    world: Any, kind: str, key: str, code: str
) -> None:
    with pytest.raises(KintsugiError) as caught:
        resolve_scope(kind, key)
    assert caught.value.code == code
    assert caught.value.remedy.zh
    assert caught.value.remedy.en


def test_without_a_chinese_font_the_remedy_is_named_and_nothing_is_written(
    world: Any, facts: building.PackFacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kintsugi.runtime.fonts.FAMILIES", ("No Such Font",))
    with pytest.raises(KintsugiError) as caught:
        building.build(resolve_scope("device", "S-001"), facts, tmp_path / "x" / "pack.zip")
    assert caught.value.code == "pack.no-chinese-font"
    assert "fonts-noto-cjk" in caught.value.remedy.en
    assert not (tmp_path / "x").exists()


# -- verified by a stranger ------------------------------------------------------------------------


def test_a_pack_verifies_with_a_bare_python_packed_and_unpacked(pack: Path, tmp_path: Path) -> None:
    code, said = verify(pack)
    assert (code, said["ok"], said["findings"]) == (0, True, [])
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(tmp_path / "open")
    assert verify(tmp_path / "open")[0] == 0
    assert verify(pack, "--expect", said["manifest_sha256"])[0] == 0


def test_a_changed_a_missing_and_an_added_file_are_named(pack: Path, tmp_path: Path) -> None:
    forged = rewritten(
        pack,
        tmp_path / "forged.zip",
        **{"data/devices.csv": b"x", "evidence.xlsx": None, "data/extra.csv": b"y"},
    )
    code, said = verify(forged)
    assert code == 1
    assert {(f["kind"], f["file"]) for f in said["findings"]} == {
        ("changed", "data/devices.csv"),
        ("missing", "evidence.xlsx"),
        ("added", "data/extra.csv"),
    }


def test_a_manifest_written_again_is_not_the_registered_one(pack: Path, tmp_path: Path) -> None:
    """Who changes a file, the manifest and its hash together is caught by the register."""
    registered = verify(pack)[1]["manifest_sha256"]
    with zipfile.ZipFile(pack) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    forged_bytes = b"forged"
    for one in manifest["files"]:
        if one["path"] == "data/devices.csv":
            one |= {"bytes": 6, "sha256": hashlib.sha256(forged_bytes).hexdigest()}
    raw = json.dumps(manifest).encode()
    half = {"data/devices.csv": forged_bytes, "manifest.json": raw}
    code, said = verify(rewritten(pack, tmp_path / "half.zip", **half))
    assert (code, said["findings"][0]["kind"]) == (1, "manifest-changed")
    whole = half | {"manifest.sha256": hashlib.sha256(raw).hexdigest().encode()}
    forged = rewritten(pack, tmp_path / "whole.zip", **whole)
    assert verify(forged)[0] == 0  # consistent in itself …
    code, said = verify(forged, "--expect", registered)
    assert (code, said["findings"][0]["kind"]) == (1, "not-the-registered-pack")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_pack_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    code, said = verify(path)
    assert (code, said["ok"]) == (2, False)


# -- the register ----------------------------------------------------------------------------------


def test_the_register_keeps_who_why_and_the_hash(world: Any, person: Any) -> None:
    asked = ask_for_pack(
        actor=person, kind="device", key="S-001", language="en", reason="Inspection", at=AT
    )
    assert (asked.status, asked.asked_by, asked.number) == ("asked", "李明", "EP-20261123-0001")
    made = make_pack(actor=str(person), pack_id=asked.pk, at=AT)
    assert made.status == "ready"
    assert verify(pack_file(made), "--expect", made.manifest_sha256)[0] == 0
    assert made.file_sha256 == hashlib.sha256(pack_path(made.number).read_bytes()).hexdigest()
    logged = history(row_id=made.pk)
    # Asked for, made, finished: three entries (of one transaction, since a test is one).
    assert [(one.op, (one.after or {}).get("status")) for one in logged] == [
        ("U", "ready"),
        ("U", "making"),
        ("I", "asked"),
    ]
    assert {one.transaction.reason for one in logged} == {"Inspection"}
    assert logged[0].after["manifest_sha256"] == made.manifest_sha256
    assert make_pack(actor="again", pack_id=asked.pk, at=AT + dt.timedelta(days=1)).as_of == AT


def test_a_file_that_was_exchanged_on_the_server_is_not_handed_out(world: Any, person: Any) -> None:
    asked = ask_for_pack(
        actor=person, kind="device", key="S-002", language="zh", reason="检查", at=AT
    )
    made = make_pack(actor="test", pack_id=asked.pk, at=AT)
    pack_path(made.number).write_bytes(b"something else")
    with pytest.raises(KintsugiError) as caught:
        pack_file(made)
    assert caught.value.code == "pack.file-changed"
    pack_path(made.number).unlink()
    with pytest.raises(KintsugiError) as caught:
        pack_file(made)
    assert caught.value.code == "pack.file-gone"


def test_a_pack_needs_a_reason_and_a_known_language(world: Any, person: Any) -> None:
    for given, code in (
        ({"reason": "  ", "language": "zh"}, "pack.no-reason"),
        ({"reason": "x", "language": "de"}, "pack.language"),
    ):
        with pytest.raises(KintsugiError) as caught:
            ask_for_pack(actor=person, kind="device", key="S-001", at=AT, **given)
        assert caught.value.code == code
    assert not EvidencePack.objects.filter(asked_by="nobody").exists()


def test_a_refusal_is_kept_with_the_pack(
    world: Any, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_for_pack(
        actor=person, kind="device", key="S-001", language="zh", reason="检查", at=AT
    )
    monkeypatch.setattr("kintsugi.runtime.fonts.FAMILIES", ())
    with pytest.raises(KintsugiError):
        make_pack(actor="test", pack_id=asked.pk, at=AT)
    asked.refresh_from_db()
    assert (asked.status, asked.error["code"]) == ("failed", "pack.no-chinese-font")
    monkeypatch.undo()
    assert make_pack(actor="test", pack_id=asked.pk, at=AT).status == "ready"


def test_an_unknown_pack_is_not_made(world: Any) -> None:
    from uuid import uuid4

    with pytest.raises(NotFound):
        make_pack(actor="test", pack_id=uuid4(), at=AT)
