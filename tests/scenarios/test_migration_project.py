"""A whole migration by hand: five sources of five kinds become one register, in waves, accepted,
delivered again, taken back after people had changed one in a hundred, and loaded once more.

The counts and sums of every step are worked out here, not taken from the product.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kintsugi.audit.services import recorded
from kintsugi.devices.models import Device
from kintsugi.devices.services import correct_device
from kintsugi.engine.paper.confirm import to_confirm
from kintsugi.onboarding.models import Acceptance, Connector, Fetch, RollbackItem, Run, Source
from kintsugi.onboarding.selectors import run_report
from kintsugi.onboarding.services import (
    add_wave,
    answer_paper,
    apply_run,
    compare_run,
    propose_acceptance,
    propose_source,
    rehearse_run,
    save_connector,
)
from kintsugi.onboarding.services.fetching import waiting_snapshot
from kintsugi.onboarding.services.registering import describe_source
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from tests.identity.control.people import account, decided, executed
from tests.onboarding.fetched import AT, MINUTE, fetched, put
from tests.onboarding.governed import released
from tests.onboarding.places import Served, mariadb_database, mariadb_runs, web
from tests.onboarding.test_source_gate import photo
from tests.onboarding.undone import rolled_back
from tests.scenarios.world import World, closes, tables

__all__ = ["web"]
pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = (
    "产品编码,产品名称,型号,生产厂家\nP-1,监护仪,M1,示例医疗有限公司\nP-2,呼吸机,V2,乙厂有限公司\n"
)
HEAD = ["序列号", "产品编码", "医院", "科室", "采购价", "备注"]
HOSPITALS = ("市一医院", "市二医院", "市三医院")


def rows(*, ward: str = "ICU", only: str = "") -> list[list[Any]]:
    """300 devices, a hundred in each hospital; device n cost 1000 + n. ``only``: the hospital whose
    devices are in another ward."""
    return [
        [f"SN{n:04d}", "P-1" if n % 2 else "P-2", HOSPITALS[n % 3],
         ward if only in ("", HOSPITALS[n % 3]) else "ICU", 1000 + n, f"第{n}台"]
        for n in range(300)
    ]  # fmt: skip


def workbook(path: Path, lines: list[list[Any]]) -> None:
    """The register in Excel, with what people write below it: a serial that cannot be read."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账")
        for number, line in enumerate(
            [HEAD, *lines, ["", "P-1", "市一医院", "ICU", 1, "铭牌磨损"]]
        ):
            sheet.write_row(number, 0, line)
    path.with_name(path.name + ".done").touch()


@pytest.fixture
def house(world: World, settings: Any, tmp_path: Path) -> Path:
    settings.HOME = tmp_path / "home"
    settings.WATCH_ROOTS = [tmp_path / "incoming"]
    settings.UPLOAD_ROOT = tmp_path / "home" / "uploads"
    for name in ("catalogue", "register", "paper"):
        (tmp_path / "incoming" / name).mkdir(parents=True)
    return tmp_path / "incoming"


@pytest.fixture
def workshop(house: Path) -> Iterator[str]:
    """The workshop's database: 60 of the devices with the ward it knows, and 10 of its own. In
    MariaDB where one runs here, else in SQLite; the address."""
    lines = [(f"SN{n:04d}", "P-1" if n % 2 else "P-2", HOSPITALS[n % 3], "维修间")
             for n in [*range(60), *range(300, 310)]]  # fmt: skip
    columns = ("序列号", "产品编码", "医院", "科室")
    if not mariadb_runs():
        path = house / "workshop.db"
        with sqlite3.connect(path) as base:
            base.execute("create table devices ({})".format(", ".join(columns)))
            base.executemany("insert into devices values (?,?,?,?)", lines)
        yield f"sqlite:///{path}"
        return
    with mariadb_database("scenario") as (name, link, cursor):
        typed = ", ".join(f"`{one}` varchar(60)" for one in columns)
        cursor.execute(f"create table {name}.devices ({typed})")
        cursor.executemany(f"insert into {name}.devices values (%s,%s,%s,%s)", lines)
        link.commit()
        yield f"mariadb://{name}:gold-seam@127.0.0.1/{name}"


@pytest.fixture
def customers(web: str) -> str:
    """The three hospitals over two pages; the first one's address."""

    def page(names: tuple[str, ...], **more: str) -> list[tuple[int, dict[str, str], bytes]]:
        items = [{"单位名称": name, "单位类型": "医院", "电话": "010-66661234"} for name in names]
        return [(200, {}, json.dumps({"items": items, **more}).encode())]

    Served.answers = {"/c": page(HOSPITALS[:2], next="/c2"), "/c2": page(HOSPITALS[2:])}
    return f"{web}/c"


def source(code: str, kind: str, given: dict[str, str], **said: Any) -> Connector:
    """A registered source with its connector."""
    made = propose_source(actor="李明", code=code, kind=kind[:20], at=AT)
    if said:
        describe_source(actor="李明", source_id=made.pk, **said)
    return save_connector(
        actor="李明", source=Source.objects.get(pk=made.pk), at=AT, name=code, kind=kind,
        given=given, time_zone="Asia/Shanghai", allow_private=True,
    )  # fmt: skip


def run_of(one: Connector, item: str = "") -> Run:
    found = Fetch.objects.filter(connector=one, run__isnull=False)
    run = (found.filter(item=item) if item else found).latest("started_at").run
    assert run is not None
    return run


def of(hospital: str) -> dict[str, Any]:
    return {"by": "values", "entity": "device", "field": "customer", "values": [hospital]}


def wave(run: Run, name: str, rule: dict[str, Any], kind: str) -> Run:
    """Made, rehearsed, approved by another person, carried out, loaded; its arithmetic closes."""
    made = add_wave(actor="李明", run_id=run.pk, name=name, kind=kind, rule=rule)
    rehearse_run(actor="李明", run_id=made.pk, at=AT)
    made.refresh_from_db()
    released(made)
    done = apply_run(actor="worker", run_id=made.pk, at=AT)
    for counts in run_report(done)["entities"].values():
        closes(counts)
    return done


def devices() -> dict[str, tuple[str, str, str, str]]:
    """Serial → product, hospital, ward, price."""
    found = Device.objects.filter(is_void=False).select_related("product", "customer")
    return {
        d.serial_no: (d.product.product_code, d.customer.name if d.customer else "",
                      d.department or "", f"{d.purchase_price or 0:.0f}")
        for d in found
    }  # fmt: skip


def test_five_sources_become_one_register_that_can_be_taken_back(
    house: Path, workshop: str, customers: str
) -> None:
    # -- 1. what they refer to: a catalogue in GB18030, and customers over the network ----------
    catalogue = source("目录", "folder", {"path": str(house / "catalogue"), "marker": ".done"})
    put(house / "catalogue", "c.csv", CATALOGUE.encode("gb18030"))
    put(house / "catalogue", "c.csv.done", "")
    assert fetched(catalogue) == ["imported"]
    assert Product.objects.count() == 2
    network = source("客户", "rest", {"url": customers})
    assert fetched(network) == ["imported"]
    assert set(HOSPITALS) <= set(Party.objects.values_list("name", flat=True))

    # -- 2. the register in Excel: rehearsed, a pilot, widened, the rest ------------------------
    register = source("台账", "folder", {"path": str(house / "register"), "marker": ".done"},
                      is_governed=True, authority=60, delivery="full", shrink_max=20)  # fmt: skip
    workbook(house / "register" / "r.xlsx", rows())
    assert fetched(register) == ["imported"]
    first = run_of(register)
    assert (first.status, Device.objects.count()) == ("rehearsed", 0), "it waits for two persons"
    wave(first, "试点", of("市一医院"), "pilot")
    assert len(devices()) == 100
    # The pilot shows one row without a serial; the rest of the file is as it should be.
    wave(first, "扩大", of("市二医院"), "widened")
    wave(first, "其余", {"by": "rest"}, "full")
    first.refresh_from_db()
    assert first.status == "verified"
    report = run_report(first)
    assert {name: report[name] for name in ("read", "created", "quarantined", "excluded")} == {
        "read": 301, "created": 300, "quarantined": 1, "excluded": 0,
    }  # fmt: skip
    assert (first.counts or {})["waiting"] == 0

    # -- 3. the workshop's database and paper: both know some of them ---------------------------
    database = source("维修库", "database", {"url": workshop, "table": "devices"}, authority=40)
    assert fetched(database) == ["imported"]
    counts = run_report(run_of(database))["entities"]["device"]
    assert (counts["read"], counts["created"], counts["merged"]) == (70, 10, 60)
    assert devices()["SN0000"][2] == "ICU", "the register holds the ward: its authority is higher"
    assert devices()["SN0300"][2] == "维修间"
    paper = source("纸质", "paper", {"path": str(house / "paper"), "marker": ".done"}, authority=30)
    photo(house / "paper" / "p.png")
    put(house / "paper", "p.png.done", "")
    assert fetched(paper) == ["waiting"]
    [waiting] = Fetch.objects.filter(connector=paper)
    cells = to_confirm(waiting_snapshot(waiting))
    answers = {(c.table, c.row, c.column): c.text for c in cells}
    answer_paper(actor="李明", fetch_id=waiting.pk, answers=answers, at=AT)
    assert fetched(paper, AT + MINUTE) == ["imported"]
    # 300 of the register, 10 of the workshop, 3 on paper.
    assert len(devices()) == 313

    # -- 4. acceptance: source against tables, to the cell --------------------------------------
    made = compare_run(actor="李明", run_id=first.pk, at=AT)
    assert made.passes, made.results
    streams = [s for s in made.results["streams"].values() if s["entity"] == "device"]
    assert sum(s["records"] for s in streams) == 300
    prices = [s["fields"]["purchase_price"] for s in streams]
    # 300 × 1000 + (0 + 1 + … + 299)
    assert sum(float(p["sum_source"]) for p in prices) == 344_850
    assert sum(float(p["sum_target"]) for p in prices) == 344_850
    li, wang = account("李明"), account("王芳")
    act = propose_acceptance(account=li, run_id=first.pk, reason="试点与全量", at=AT, key="a")
    executed(decided(act, wang), li)
    assert Acceptance.objects.get().act == act.number

    _delivered_again(house, register)


def _delivered_again(house: Path, register: Connector) -> None:
    # -- 5. delivered again: the same file is nothing, another ward in one hospital is a wave ----
    before = tables()
    workbook(house / "register" / "again.xlsx", rows())
    again = fetched(register, AT + 2 * MINUTE)
    assert tables() == before
    assert again in (["same"], ["imported"]), "the same cells; Excel writes other bytes each time"
    workbook(house / "register" / "next.xlsx", rows(ward="急诊", only="市二医院"))
    assert fetched(register, AT + 3 * MINUTE) == ["imported"]
    second = run_of(register, "next.xlsx")
    moved = wave(second, "市二搬迁", of("市二医院"), "widened")
    assert (moved.counts["updated"], moved.counts["created"]) == (100, 0)
    loaded, stood = tables(), devices()
    assert {stood[f"SN{n:04d}"][2] for n in range(1, 300, 3)} == {"急诊"}

    # -- 6. people change one in a hundred of it, then the wave is taken back -------------------
    with recorded(actor="王工", command="device.correct"):
        correct_device(device=Device.objects.get(serial_no="SN0100"),
                       values={"department": "手术室"})  # fmt: skip
    done = rolled_back(moved.number)
    kept = RollbackItem.objects.filter(rollback__run=done, stage="apply")
    assert [(i.field, i.outcome, i.loaded, i.current, i.changed_by) for i in kept] == [
        ("department", "changed", "急诊", "手术室", "王工")
    ], "every conflict is listed, and nothing else"
    now = devices()
    assert now.pop("SN0100")[2] == "手术室"
    was = {serial: (p, h, "ICU" if h == "市二医院" and ward == "急诊" else ward, price)
           for serial, (p, h, ward, price) in stood.items()}  # fmt: skip
    del was["SN0100"]
    assert now == was
    with recorded(actor="王工", command="device.correct"):
        correct_device(device=Device.objects.get(serial_no="SN0100"), values={"department": "ICU"})
    assert _content(tables()) == _content(before), "checksums prove what was put back"

    # -- 7. and loaded once more ----------------------------------------------------------------
    second.refresh_from_db()
    once_more = wave(second, "市二搬迁(重做)", of("市二医院"), "widened")
    assert once_more.counts["updated"] == 100
    assert devices() == stood
    assert _content(tables()) == _content(loaded)
    assert compare_run(actor="李明", run_id=once_more.pk, at=AT).passes


def _content(sums: dict[str, str]) -> dict[str, str]:
    """Checksums of what the five sources speak of."""
    names = ("parties_party", "products_product", "devices_device")
    return {name: sums[name] for name in names}
