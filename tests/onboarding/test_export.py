"""Everything that stands is written in the contracts it came by, and comes back with nothing to do;
and what people corrected survives whatever a source says again."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.devices.services import correct_device
from kintsugi.engine.mapping import Mapping
from kintsugi.onboarding.models import Issue
from kintsugi.onboarding.selectors import checksums, export_to, run_report
from kintsugi.onboarding.services import Fragment, expand, import_fragments
from tests.onboarding.fetched import AT
from tests.onboarding.test_rollback_property import HEAD, made_up
from tests.scenarios.world import PRODUCTS, World, table_text

pytestmark = pytest.mark.django_db(transaction=True)

#: What is hard to write and read again: lists, months, quotes, money with its word, no product.
DIRTY = """产品编码,序列号,医院,科室,采购日期,生产日期,保修截止,采购价,备注
P-1,SX01,市一医院,ICU,2023年5月6日,2021-03,2031-01,"12,345.60 元","第一台, ""急用""
第二行"
P-1,SX02,市二医院,,2022.3.1,2021,2024-02-29,,=1+1
P-2,ＳX０３,市一医院 (东区),手术室,,,2030,9.9,'05
P-9,SX04,市三医院,ICU,2023-01-01,,,,没有这个产品
"""
PARTIES = """单位名称,统一社会信用代码,单位类型,电话,地址
市一医院,91310000607408888K,医院,021-5555 1234;13800138000,"上海市, 一路 1 号"
北京示例医疗器械有限公司,,供应商;生产企业,010-66661234,
"""
IDENTIFIERS = """发码机构,产品标识,标识类型,所属产品,内含标识,内含数量,包装级别
GS1,06901234567892,主标识,P-1,,,单件
GS1,16901234567899,包装,P-1,06901234567892,10,箱
"""


def back(folder: Path) -> list[dict[str, Any]]:
    """Import a folder that was exported, as the command does."""
    files, _ = expand([str(folder)])
    fragments = [
        Fragment(f, mapping=Mapping.read(Path(f).with_suffix(".mapping.yaml"))) for f in files
    ]
    return [run_report(run) for run in import_fragments(actor="tester", fragments=fragments, at=AT)]


def files(folder: Path) -> dict[str, str]:
    """The records of an export."""
    return {one.name: one.read_text("utf-8") for one in sorted(folder.glob("*.csv"))}


def correct(chance: random.Random, share: float) -> dict[tuple[str, str], str]:
    """Some devices corrected by people: (serial, field) → the corrected value."""
    done: dict[tuple[str, str], str] = {}
    for one in Device.objects.order_by("serial_no"):
        if chance.random() < share:
            field = chance.choice(["department", "notes", "warranty_end"])
            value = chance.choice(["2033-02", "2033-02-03"]) if "end" in field else "更正, “是”"
            with recorded(actor="王工", command="device.correct"):
                correct_device(device=one, values={field: value})
            done[one.serial_no, field] = value
    return done


@pytest.mark.parametrize("seed", [5, 23])
def test_an_export_imports_again_with_nothing_to_do(
    world: World, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for name, text in (("p", PRODUCTS), ("u", PARTIES), ("i", IDENTIFIERS), ("x", DIRTY)):
        world.load(world.file(f"{name}.csv", text))
    world.load(made_up(chance, world, "a.csv", range(60)), source=("one", 40))
    world.load(made_up(chance, world, "b.csv", range(30, 90)), source=("two", 60))
    assert correct(chance, 0.2)
    before = checksums()
    done = export_to(tmp_path / "out", at=AT)
    kept = {one.entity: one.rows for one in done if one.rows}
    assert (kept["product"], kept["udi_identifier"]) == (3, 2)
    assert kept["device"] == before["devices_device"]["rows"]
    for report in back(tmp_path / "out"):
        assert (report["created"], report["updated"], report["cells_changed"]) == (0, 0, 0), report
        assert report["quarantined"] == 0, report
    assert checksums() == before
    again = back(tmp_path / "out")
    assert [r["unchanged"] for r in again] == [r["read"] for r in again]
    export_to(tmp_path / "second", at=AT)
    assert files(tmp_path / "second") == files(tmp_path / "out")


def test_it_fills_an_empty_house_by_command(
    world: World, tmp_path: Path, database_server: Any, migrated_template: str
) -> None:
    """Exported here, imported into another database by the command, exported there: the same."""
    for name, text in (("p", PRODUCTS), ("u", PARTIES), ("i", IDENTIFIERS), ("x", DIRTY)):
        world.load(world.file(f"{name}.csv", text))
    out = tmp_path / "out"
    export_to(out, at=AT)
    told = json.loads((out / "manifest.json").read_text("utf-8"))
    for one in told["files"]:
        assert hashlib.sha256((out / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    other = migrated_template.replace("template", f"house{os.getpid()}")
    database_server.copy(migrated_template, other)
    try:
        environment = {
            **os.environ, "DATABASE_URL": database_server.url(other),
            "KINTSUGI_HOME": str(tmp_path / "house"), "KINTSUGI_LANG": "en",
        }  # fmt: skip

        def run(*arguments: str) -> Any:
            done = subprocess.run(
                [sys.executable, "-c", "from kintsugi.config.cli import main; main()",
                 *arguments, "--json"],
                env=environment, capture_output=True, text=True, timeout=180, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            return json.loads(done.stdout)

        answer = run("import", str(out))
        assert answer["created"] == sum(one["rows"] for one in told["files"])
        run("export", str(tmp_path / "there"))
    finally:
        database_server.admin("DROP DATABASE {db} WITH (FORCE)", db=other)
    assert files(tmp_path / "there") == files(out)


def test_what_cannot_be_exported_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(KintsugiError) as refused:
        export_to(tmp_path / "full", at=AT)
    assert refused.value.code == "export.folder"
    with pytest.raises(KintsugiError) as refused:
        export_to(tmp_path / "new", at=AT, entities=("planet",))
    assert refused.value.code == "export.entity"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("seed", [2, 17])
def test_what_people_corrected_survives_what_the_source_says_again(world: World, seed: int) -> None:
    """The same file, and one with changes elsewhere, leave every correction as it is; a change of
    the very value that was corrected goes by the source, and the correction is named."""
    chance = random.Random(seed)
    rows = [
        [f"SN{n:04d}", "P-1", "市一医院", "ICU", "2023-05-06", "2030年3月", f"第{n}台"]
        for n in range(60)
    ]
    world.load(world.file("p.csv", PRODUCTS))
    world.load(world.file("d.csv", table_text(HEAD, rows)))
    done = correct(chance, 0.3)
    assert done
    world.load(world.file("d.csv", table_text(HEAD, rows)))
    assert surviving(done) == done
    where = {"department": 3, "warranty_end": 5, "notes": 6}
    says = {3: "手术室", 5: "2031-07", 6: "新的备注"}
    for row in rows:
        for field, place in where.items():
            if (row[0], field) not in done and chance.random() < 0.5:
                row[place] = says[place]
    world.load(world.file("d.csv", table_text(HEAD, rows)))
    assert surviving(done) == done
    assert not Issue.objects.filter(rule__startswith="conflict.", status="open").exists()

    (serial, field), mine = chance.choice(sorted(done.items()))
    row = next(row for row in rows if row[0] == serial)
    row[where[field]] = says[where[field]]
    world.load(world.file("d.csv", table_text(HEAD, rows)))
    [issue] = Issue.objects.filter(rule__startswith="conflict.", status="open")
    assert (issue.rule, issue.field) == ("conflict.overwritten", field)
    assert issue.proposal is not None
    assert issue.proposal.startswith(mine[:7]), "the correction is not lost: it is the proposal"
    left = {place: value for place, value in done.items() if place != (serial, field)}
    assert surviving(left) == left


def surviving(done: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """What stands now where people corrected; a month as a month."""
    found = {}
    for serial, field in done:
        one = Device.objects.get(serial_no=serial)
        value = getattr(one, field)
        if value is not None and field == "warranty_end":
            value = value.isoformat()[: 7 if field in (one.partial_dates or ()) else 10]
        found[serial, field] = value
    return found
