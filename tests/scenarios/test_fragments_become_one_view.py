"""Onboarding told as stories: what a distributor's files do to the tables, and what they do not."""

import datetime as dt
from typing import Any

import pytest
from django.db.models import F

from kintsugi.audit.services import recorded
from kintsugi.devices.models import Device
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping import Mapping
from kintsugi.onboarding.explain import explain_record
from kintsugi.onboarding.models import Run, Snapshot, Source
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from tests.scenarios.world import (
    DEVICES,
    PRODUCTS,
    World,
    changes,
    device,
    issues,
    last_change,
    rules,
    tables,
)

pytestmark = pytest.mark.django_db(transaction=True)


def edit(serial: str, **values: Any) -> None:
    """A person changes a device by hand."""
    with recorded(actor="李四", command="device.edit", reason="现场核对"):
        Device.objects.filter(serial_no=serial).update(**values, version=F("version") + 1)


def test_a_catalogue_and_a_register_become_devices_with_products_makers_and_hospitals(
    world: World,
) -> None:
    devices, products = world.file("devices.csv", DEVICES), world.file("products.csv", PRODUCTS)
    first, second = world.load(devices, products)
    assert (first["file"], second["file"]) == ("products.csv", "devices.csv"), "references first"
    assert (first["read"], first["created"]) == (3, 3)
    assert (second["read"], second["created"]) == (3, 3)
    assert rules(first) == rules(second) == {}
    found = device("SN3")
    assert found.product.product_code == "P-1"
    assert found.product.manufacturer.name == "示例医疗有限公司"
    assert found.customer.name == "市二医院"
    assert found.department == "急诊"
    assert found.purchase_date == dt.date(2023, 5, 8)
    assert (Product.objects.count(), Device.objects.count(), Party.objects.count()) == (3, 3, 4)


def test_the_same_files_again_change_nothing_at_all(world: World) -> None:
    files = world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES)
    world.load(*files)
    before, seen = tables(), last_change()
    again = world.load(*files)
    assert tables() == before
    assert changes(seen) == []
    assert [report["unchanged"] for report in again] == [3, 3]
    assert [report["cells_changed"] for report in again] == [0, 0]
    assert Source.objects.count() == 2, "the layout tells whose files they are"
    assert Snapshot.objects.count() == 2, "the same bytes are the same snapshot"


def test_ten_changed_cells_change_exactly_these(world: World) -> None:
    header = ["序列号", "产品编码", "医院", "科室", "采购日期", "备注"]
    rows = [[f"SN{n:02d}", "P-1", "市一医院", "ICU", "2023-05-06", f"第{n}台"] for n in range(20)]
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("devices.csv", "\n".join(",".join(r) for r in [header, *rows])))
    wanted = {
        (0, 3): ("department", "急诊"), (1, 3): ("department", "心内科"),
        (2, 4): ("purchase_date", "2024-02-29"), (3, 4): ("purchase_date", "2020-01-01"),
        (4, 5): ("notes", "已检"), (5, 5): ("notes", "待检"), (6, 5): ("notes", "重装"),
        (7, 5): ("notes", "O'K \"x\""), (7, 3): ("department", "手术室"), (19, 5): ("notes", "末"),
    }  # fmt: skip
    for (row, column), (_, text) in wanted.items():
        rows[row][column] = '"' + text.replace('"', '""') + '"'
    seen = last_change()
    (report,) = world.load(
        world.file("devices.csv", "\n".join(",".join(r) for r in [header, *rows]))
    )
    assert (report["updated"], report["unchanged"], report["cells_changed"]) == (9, 11, 10)
    assert rules(report) == {}
    found = changes(seen)
    assert {table for table, _, _ in found} == {"devices_device"}
    assert {op for _, op, _ in found} == {"U"}
    cells = sorted((k, v) for _, _, after in found for k, v in after.items())
    assert cells == sorted(wanted.values())
    assert len(found) == 9, "one change a row"
    assert device("SN07").notes == 'O\'K "x"'


def test_a_blank_never_erases_and_the_value_keeps_its_old_cell(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES))
    seen = last_change()
    blank = DEVICES.replace("SN1,P-1,市一医院,ICU,2023-05-06,第一台", "SN1,P-1,,,,第一台（新）")
    world.load(world.file("devices-2.csv", blank))
    assert [after for _, _, after in changes(seen)] == [{"notes": "第一台（新）"}]
    found = device("SN1")
    assert found.customer.name == "市一医院"
    assert found.department == "ICU"
    fields = {f["field"]: f for f in explain_record(kind="device", record=found)["fields"]}
    assert fields["department"]["cell"]["place"] == "devices.csv › devices › D2"
    assert fields["notes"]["cell"]["place"] == "devices-2.csv › devices-2 › F2"


def test_a_blank_that_is_filled_again_is_an_update_and_points_to_the_new_cell(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES))
    world.load(world.file("devices-2.csv", DEVICES.replace(",ICU,", ",,")))
    world.load(world.file("devices-3.csv", DEVICES.replace(",ICU,", ",NICU,")))
    fields = {f["field"]: f for f in explain_record(kind="device", record=device("SN1"))["fields"]}
    assert fields["department"]["value"] == "NICU"
    assert fields["department"]["cell"]["file"] == "devices-3.csv"


def test_a_person_s_edit_survives_the_unchanged_source(world: World) -> None:
    files = world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES)
    world.load(*files)
    edit("SN1", department="重症医学科")
    world.load(*files)
    assert device("SN1").department == "重症医学科"
    world.load(world.file("devices-2.csv", DEVICES.replace("第一台", "换了备注")))
    assert device("SN1").department == "重症医学科", "another field's change is not this one's"
    assert device("SN1").notes == "换了备注"


def test_a_source_that_changes_an_edited_value_too_wins_by_policy_and_says_so(
    world: World,
) -> None:
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES))
    edit("SN1", department="重症医学科")
    (report,) = world.load(world.file("devices-2.csv", DEVICES.replace("ICU", "CCU")))
    assert device("SN1").department == "CCU", "the contract's write policy is source"
    assert rules(report) == {"conflict.overwritten": 1}
    (issue,) = issues(rule="conflict.overwritten")
    assert (issue.field, issue.value, issue.proposal) == ("department", "CCU", "重症医学科")
    assert issue.gid == device("SN1").pk
    assert issue.row == 2


def test_a_field_people_decide_keeps_their_value_and_says_so(world: World) -> None:
    """The contract gives the tracking of a product to people (write policy manual)."""
    text = "产品编码,产品名称,管理方式\nP-1,监护仪,批号\nP-2,呼吸机,批号\n"
    world.load(world.file("products.csv", text))
    with recorded(actor="李四", command="product.edit"):
        Product.objects.filter(product_code="P-1").update(tracking="serial")
    (report,) = world.load(world.file("products-2.csv", text.replace("批号", "不追踪")))
    standing = dict(Product.objects.values_list("product_code", "tracking"))
    assert standing == {"P-1": "serial", "P-2": "none"}
    assert rules(report) == {"conflict.kept": 1}
    (issue,) = issues(rule="conflict.kept")
    assert (issue.field, issue.value, issue.proposal) == ("tracking", "none", "serial")


def test_a_source_that_comes_to_the_person_s_value_is_no_conflict(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES))
    edit("SN1", department="重症医学科")
    seen = last_change()
    (report,) = world.load(world.file("devices-2.csv", DEVICES.replace("ICU", "重症医学科")))
    assert rules(report) == {}
    assert changes(seen) == []


# -- several sources -------------------------------------------------------------------------------

REGISTER = """序列号,产品编码,医院,科室,批号,备注
SN1,P-1,市一医院,ICU,L-REG,登记
SN2,P-2,市二医院,急诊,L-2,
"""
SERVICE = """机身号,产品编码,使用单位,批次,软件版本
SN1,P-1,市一医院,L-SRV,v2.1
SN9,P-3,市三医院,L-9,v1
"""
STOCK = """SN,产品编码,批号,采购日期,备注
SN1,P-1,L-STK,2021-03-04,仓库盘点时贴标
SN2,P-2,L-2,2021-03-05,
"""


def test_the_higher_authority_wins_a_field_and_the_loser_is_kept(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("register.csv", REGISTER), source=("register", 40))
    world.load(world.file("service.csv", SERVICE), source=("service", 80))
    found = device("SN1")
    assert found.lot_no == "L-SRV"
    assert found.department == "ICU", "what the stronger source lacks comes from the other"
    assert found.software_version == "v2.1"
    fields = {f["field"]: f for f in explain_record(kind="device", record=found)["fields"]}
    assert fields["lot_no"]["cell"]["file"] == "service.csv"
    assert [c["value"] for c in fields["lot_no"]["others"]] == ["L-REG"]
    assert fields["department"]["cell"]["file"] == "register.csv"
    assert Device.objects.count() == 3, "one device, whoever mentions it"


def test_a_weaker_source_changes_nothing_that_a_stronger_one_has_said(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("service.csv", SERVICE), source=("service", 80))
    seen = last_change()
    (report,) = world.load(world.file("register.csv", REGISTER), source=("register", 40))
    assert device("SN1").lot_no == "L-SRV"
    touched = [
        after for table, op, after in changes(seen) if (table, op) == ("devices_device", "U")
    ]
    assert touched == [{"department": "ICU", "notes": "登记"}]
    assert (report["created"], report["merged"]) == (1, 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_the_order_of_imports_does_not_decide_what_is_true(
    world: World, order: tuple[int, ...]
) -> None:
    """Authority and the time of the source decide; by hand: SN1's lot is the service's (80), its
    notes the longest text (most complete), its department and day the only ones given."""
    world.load(world.file("products.csv", PRODUCTS))
    sources = [
        ("register", 40, REGISTER, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("service", 80, SERVICE, dt.datetime(2025, 1, 1, tzinfo=dt.UTC)),
        ("stock", 60, STOCK, dt.datetime(2026, 6, 1, tzinfo=dt.UTC)),
    ]
    for place in order:
        code, authority, text, observed = sources[place]
        world.load(world.file(f"{code}.csv", text), source=(code, authority), observed_at=observed)
    found = device("SN1")
    assert (found.lot_no, found.notes, found.department) == ("L-SRV", "仓库盘点时贴标", "ICU")
    assert (found.software_version, found.purchase_date) == ("v2.1", dt.date(2021, 3, 4))
    assert {d.serial_no for d in Device.objects.all()} == {"SN1", "SN2", "SN9"}
    fields = {f["field"]: f for f in explain_record(kind="device", record=found)["fields"]}
    winners = {name: f["cell"]["source"] for name, f in fields.items()}
    assert {n: winners[n] for n in ("lot_no", "notes", "department", "software_version")} == {
        "lot_no": "service", "notes": "stock", "department": "register",
        "software_version": "service",
    }  # fmt: skip
    assert sorted(c["value"] for c in fields["lot_no"]["others"]) == ["L-REG", "L-STK"]


def test_one_product_by_its_code_and_by_its_identifier_is_one_device(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("register.csv", REGISTER))
    other = "SN,UDI-DI,固件版本\nSN1,06901234567892,v7\n"
    (report,) = world.load(world.file("service.csv", other))
    assert report["merged"] == 1
    assert device("SN1").software_version == "v7"


# -- hospitals -------------------------------------------------------------------------------------

#: Credit codes with right check characters (GB 32100, worked by hand).
CODE_A, CODE_B = "91110000600037341L", "91350100M000100Y43"


def test_a_hospital_by_its_code_and_by_its_name_is_one(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", DEVICES))
    customers = f"单位名称,统一社会信用代码,地址\n市一医院,{CODE_A},人民路1号\n"
    world.load(world.file("customers.csv", customers))
    (party,) = Party.objects.filter(name="市一医院")
    assert (party.uscc, party.address) == (CODE_A, "人民路1号")
    assert device("SN1").customer_id == party.pk
    renamed = f"单位名称,统一社会信用代码,电话\n市第一人民医院,{CODE_A},010-69156114\n"
    world.load(world.file("finance.csv", renamed), source=("finance", 10))
    assert Party.objects.filter(uscc=CODE_A).count() == 1, "the same code is the same hospital"


def test_two_hospitals_of_one_name_and_two_codes_stay_two_and_a_mention_is_asked_about(
    world: World,
) -> None:
    customers = f"单位名称,统一社会信用代码\n人民医院,{CODE_A}\n人民医院,{CODE_B}\n"
    world.load(world.file("customers.csv", customers), world.file("products.csv", PRODUCTS))
    assert sorted(Party.objects.filter(name="人民医院").values_list("uscc", flat=True)) == [
        CODE_A, CODE_B,
    ]  # fmt: skip
    text = "序列号,产品编码,医院\nSN1,P-1,人民医院\n"
    (report,) = world.load(world.file("devices.csv", text))
    assert rules(report, "device") == {"reference.ambiguous": 1}
    assert device("SN1").customer is None


def test_two_codes_for_a_name_that_was_mentioned_before_are_two_hospitals(world: World) -> None:
    """The register mentions a name; the customer list then knows two hospitals of that name."""
    text = "序列号,产品编码,医院\nSN1,P-1,人民医院\n"
    world.load(world.file("products.csv", PRODUCTS), world.file("devices.csv", text))
    customers = f"单位名称,统一社会信用代码\n人民医院,{CODE_A}\n人民医院,{CODE_B}\n"
    world.load(world.file("customers.csv", customers))
    codes = set(Party.objects.filter(name="人民医院").values_list("uscc", flat=True))
    assert {CODE_A, CODE_B} <= codes


# -- references and identities ---------------------------------------------------------------------


def test_an_unknown_product_holds_the_device_back_until_it_is_imported(world: World) -> None:
    text = DEVICES + "SN4,P-9,市一医院,ICU,2023-05-09,\n"
    world.load(world.file("products.csv", PRODUCTS))
    (report,) = world.load(world.file("devices.csv", text))
    assert (report["created"], report["quarantined"]) == (3, 1)
    (issue,) = issues(rule="reference.unknown")
    assert (issue.value, issue.field, issue.row, issue.severity) == ("P-9", "product", 5, "block")
    assert issue.header == "产品编码"
    world.load(world.file("more.csv", "产品编码,产品名称\nP-9,除颤仪\n"))
    (again,) = world.load(world.file("devices.csv", text))
    assert (again["created"], again["unchanged"], again["quarantined"]) == (1, 3, 0)
    assert device("SN4").product.name == "除颤仪"
    issue.refresh_from_db()
    assert issue.status == "gone"


def test_an_ambiguous_model_holds_the_device_back_until_it_is_told_apart(world: World) -> None:
    twins = "产品编码,产品名称,型号\nP-1,监护仪,M1\nP-2,监护仪,M1\n"
    world.load(world.file("products.csv", twins))
    text = "序列号,产品编码\nSN1,M1\nSN2,P-2\n"
    (report,) = world.load(world.file("devices.csv", text))
    assert rules(report) == {"reference.ambiguous": 1}
    assert (report["created"], report["quarantined"]) == (1, 1)
    world.load(world.file("products.csv", twins.replace("P-2,监护仪,M1", "P-2,监护仪,M2")))
    (again,) = world.load(world.file("devices.csv", text))
    assert (again["created"], again["unchanged"]) == (1, 1)
    assert device("SN1").product.product_code == "P-1"


def test_a_hospital_that_was_ambiguous_is_found_when_it_is_so_no_longer(world: World) -> None:
    customers = f"单位名称,统一社会信用代码\n人民医院,{CODE_A}\n人民医院,{CODE_B}\n"
    world.load(world.file("customers.csv", customers), world.file("products.csv", PRODUCTS))
    devices = world.file("devices.csv", "序列号,产品编码,医院\nSN1,P-1,人民医院\n")
    world.load(devices)
    assert device("SN1").customer is None
    with recorded(actor="李四", command="party.void"):
        # The other one, and the one of which only the name is known.
        others = Party.objects.filter(name="人民医院").exclude(uscc=CODE_A)
        assert others.update(is_void=True, void_reason="并入") == 2
    world.load(devices)
    assert device("SN1").customer.uscc == CODE_A
    assert {i.status for i in issues(rule="reference.ambiguous", entity="device")} == {"gone"}
    (again,) = world.load(devices)
    assert (again["unchanged"], again["cells_changed"]) == (1, 0)


def test_a_hospital_filled_in_by_hand_stays_when_the_ambiguous_one_can_be_told(
    world: World,
) -> None:
    customers = f"单位名称,统一社会信用代码\n人民医院,{CODE_A}\n人民医院,{CODE_B}\n"
    world.load(world.file("customers.csv", customers), world.file("products.csv", PRODUCTS))
    devices = world.file("devices.csv", "序列号,产品编码,医院\nSN1,P-1,人民医院\n")
    world.load(devices)
    edit("SN1", customer=Party.objects.get(uscc=CODE_A))
    with recorded(actor="李四", command="party.void"):
        others = Party.objects.filter(name="人民医院").exclude(uscc=CODE_B)
        assert others.update(is_void=True, void_reason="并入") == 2
    world.load(devices)
    assert device("SN1").customer.uscc == CODE_A


def test_a_new_key_that_belongs_to_another_row_changes_nothing_and_asks(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    mapping = Mapping.model_validate(
        {
            "version": 1,
            "source": "assets",
            "tables": [
                {
                    "table": 0,
                    "entities": [
                        {
                            "entity": "device",
                            "primary": True,
                            "key": ["device_no"],
                            "columns": {
                                "device_no": "资产编号",
                                "serial_no": "序列号",
                                "product": "产品编码",
                                "notes": "备注",
                            },
                        }
                    ],
                }
            ],
        }
    )
    head = "资产编号,序列号,产品编码,备注\n"
    text = head + "A1,SN1,P-1,甲\nA2,SN2,P-1,乙\nA3,SN3,P-1,丙\n"
    world.load(world.file("assets.csv", text), mapping=mapping, source=("assets", 50))
    seen = last_change()
    wrong = head + "A1,SN2,P-1,甲改\nA2,SN2,P-1,乙改\nA3,SN33,P-1,丙\n"
    (report,) = world.load(world.file("assets.csv", wrong), mapping=mapping, source=("assets", 50))
    assert rules(report) == {"identity.collision": 1}
    assert (report["updated"], report["quarantined"]) == (2, 1)
    by_asset = {d.device_no: (d.serial_no, d.notes) for d in Device.objects.all()}
    assert by_asset == {"A1": ("SN1", "甲"), "A2": ("SN2", "乙改"), "A3": ("SN33", "丙")}
    assert len(changes(seen)) == 2
    (issue,) = issues(rule="identity.collision")
    assert issue.row == 2


def test_a_device_twice_in_one_file_is_one_and_counted(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    text = DEVICES + "SN1,P-1,市一医院,ICU,2023-05-06,第一台\nSN2,P-2,市二医院,,,补充\n"
    (report,) = world.load(world.file("devices.csv", text))
    assert (report["read"], report["created"], report["merged"]) == (5, 3, 2)
    found = device("SN2")
    assert (found.department, found.notes) == ("急诊", "补充")
    fields = {f["field"]: f for f in explain_record(kind="device", record=found)["fields"]}
    assert fields["notes"]["cell"]["row"] == 6
    assert fields["department"]["cell"]["row"] == 3


def test_the_same_serial_of_two_products_is_two_devices(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("devices.csv", "序列号,产品编码\nSN1,P-1\nSN1,P-2\n"))
    assert Device.objects.filter(serial_no="SN1").count() == 2


# -- columns ---------------------------------------------------------------------------------------


def test_an_unknown_column_is_named_and_everything_else_is_loaded(world: World) -> None:
    text = "序列号,产品编码,科室,量子纠缠度\nSN1,P-1,ICU,0.7\n"
    world.load(world.file("products.csv", PRODUCTS))
    (report,) = world.load(world.file("devices.csv", text))
    assert report["created"] == 1
    notes = [n for n in report["notes"] if n["code"] == "column.unknown"]
    assert [n["facts"]["column"] for n in notes] == ["量子纠缠度"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("no key", "产品编码,医院,科室\nP-1,市一医院,ICU\n", "mapping.missing-key-column"),
        ("nothing known", "abc,xyz\n1,2\n3,4\n", "mapping.not-understood"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_understood_is_refused_before_anything_is_written(
    world: World, name: str, text: str, code: str
) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    before, seen = tables(), last_change()
    with pytest.raises(KintsugiError) as caught:
        world.load(world.file("bad.csv", text))
    assert caught.value.code == code
    assert caught.value.message.zh
    assert caught.value.remedy.en
    assert caught.value.facts["file"] == "bad.csv"
    assert tables() == before
    assert changes(seen) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("renamed", DEVICES.replace("采购日期", "入账日期")),
        ("removed", "\n".join(line.rsplit(",", 2)[0] for line in DEVICES.splitlines()) + "\n"),
        (
            "shifted",
            "序列号,产品编码,医院,科室,采购日期,备注\n"
            + "".join(f"2023-05-{n:02d},SN{n},P-1,市一医院,ICU,第{n}台\n" for n in range(1, 25)),
        ),
    ],
)  # fmt: skip
def test_a_source_whose_columns_drifted_is_stopped_before_anything_is_written(
    world: World, name: str, text: str
) -> None:
    rows = "".join(f"SN{n},P-1,市一医院,ICU,2023-05-{n:02d},第{n}台\n" for n in range(1, 25))
    world.load(world.file("products.csv", PRODUCTS))
    world.load(
        world.file("devices.csv", DEVICES.splitlines()[0] + "\n" + rows), source=("register", 50)
    )
    before, seen, runs = tables(), last_change(), Run.objects.count()
    with pytest.raises(KintsugiError) as caught:
        world.load(world.file("devices.csv", text), source=("register", 50))
    assert caught.value.code.startswith("mapping."), caught.value.code
    assert "drift" in caught.value.code
    assert tables() == before
    assert changes(seen) == []
    assert Run.objects.count() == runs


def test_columns_in_another_order_are_no_drift(world: World) -> None:
    import csv
    import io

    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("devices.csv", DEVICES), source=("register", 50))
    before = tables()
    rows = [list(reversed(row)) for row in csv.reader(io.StringIO(DEVICES))]
    turned = "".join(",".join(row) + "\n" for row in rows)
    (report,) = world.load(world.file("devices.csv", turned), source=("register", 50))
    assert report["unchanged"] == 3
    assert tables() == before


def test_duplicate_headers_are_told_apart_and_noted(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    text = "序列号,产品编码,备注,备注\nSN1,P-1,甲,乙\n"
    (report,) = world.load(world.file("devices.csv", text))
    assert report["created"] == 1
    assert any("备注 #2" in str(note["facts"]) + note["en"] for note in report["notes"])


def test_a_refused_file_stops_the_whole_import_before_its_neighbours_load(world: World) -> None:
    good, bad = world.file("products.csv", PRODUCTS), world.file("bad.csv", "abc,xyz\n1,2\n")
    with pytest.raises(KintsugiError):
        world.load(good, bad)
    assert Product.objects.count() == 0
    world.load(good)
    assert Product.objects.count() == 3, "and the good one goes on where it stopped"
