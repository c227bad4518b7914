"""Mappings: proposed, written down, checked, compared with the next delivery."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping import (
    Column,
    Concat,
    Const,
    EntityMapping,
    Expression,
    FirstOf,
    Mapping,
    Split,
    TableMapping,
    Udi,
    column_signatures,
    drift,
    fingerprint,
    nearest,
    refuse_drift,
    suggest_mapping,
    validate_mapping,
)

REGISTER = ["序列号", "产品编码", "医院名称", "采购日期", "采购价(万元)", "设备状态"]
ROWS = [
    [f"SN{i:05d}", f"P-{i % 3}", f"示例第{i % 4}医院", f"2023-05-{i % 28 + 1:02d}", "12.5", "在用"]
    for i in range(40)
]

texts = st.text(min_size=1, max_size=12)
expressions: st.SearchStrategy[Expression] = st.one_of(
    texts,
    st.builds(Column, column=texts, value_map=st.none() | texts),
    st.builds(Const, const=texts),
    st.builds(FirstOf, first_of=st.lists(texts, min_size=1, max_size=3).map(tuple)),
    st.builds(Concat, concat=st.lists(texts, min_size=1, max_size=3).map(tuple), sep=texts),
    st.builds(Split, split=texts, pattern=texts, group=st.integers(0, 4)),
    st.builds(Udi, udi=texts, part=st.sampled_from(["di", "lot", "serial", "expiry", "mfg"])),
)


def register_mapping(snapshot, **columns: Expression) -> Mapping:
    signatures = column_signatures(snapshot, 0)
    return Mapping(
        source="hospital",
        tables=(
            TableMapping(
                table="sheet",
                fingerprint=fingerprint(signatures),
                signatures=signatures,
                entities=(EntityMapping(entity="device", columns=columns),),
            ),
        ),
    )


@settings(max_examples=60, deadline=None)
@example({"notes": "a\x85b"}, True, None)
@given(
    st.dictionaries(st.sampled_from(["serial_no", "product", "notes", "customer"]), expressions),
    st.booleans(),
    st.none() | st.dictionaries(texts, st.lists(texts, max_size=2).map(tuple), max_size=2),
)
def test_a_mapping_says_the_same_after_yaml(columns, primary, where):
    entity = EntityMapping(entity="device", primary=primary, columns=columns, where=where)
    mapping = Mapping(source="x", tables=(TableMapping(table="t", entities=(entity,)),))
    read = Mapping.from_yaml(mapping.to_yaml())
    assert read == mapping
    assert read.sha256 == mapping.sha256


def test_a_mapping_a_person_wrote_is_read():
    mapping = Mapping.from_yaml(
        """
        version: 3
        source: 华东医院
        tables:
        - table: 装机台账
          entities:
          - entity: device
            columns:
              serial_no: 设备信息/序列号
              product: {first_of: [产品编码, 型号]}
              customer: {column: 医院, value_map: hospitals}
              lot_no: {udi: 扫码, part: lot}
              status: {const: installed}
        """
    )
    columns = mapping.tables[0].entities[0].columns
    assert columns["serial_no"] == "设备信息/序列号"
    assert columns["product"] == FirstOf(first_of=("产品编码", "型号"))
    assert columns["customer"] == Column(column="医院", value_map="hospitals")
    assert columns["lot_no"] == Udi(udi="扫码", part="lot")
    assert columns["status"] == Const(const="installed")


@pytest.mark.parametrize("text", ["tables: [", "version: x", "tables: [{table: a, colour: red}]"])
def test_a_broken_mapping_file_names_the_place(text):
    with pytest.raises(KintsugiError) as caught:
        Mapping.from_yaml(text)
    assert caught.value.code == "mapping.invalid"
    assert caught.value.facts["place"]


def test_an_unknown_column_names_the_nearest_headers(make_snapshot, contracts):
    snapshot = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(snapshot, serial_no="序列号码", product="产品编码")
    with pytest.raises(KintsugiError) as caught:
        validate_mapping(mapping, snapshot, contracts)
    assert caught.value.code == "mapping.unknown-column"
    assert caught.value.facts["nearest"][0] == "序列号"
    assert "序列号码" in caught.value.message.zh


def test_an_unknown_field_is_refused(make_snapshot, contracts):
    snapshot = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(snapshot, serial_no="序列号", product="产品编码", colour="医院名称")
    with pytest.raises(KintsugiError) as caught:
        validate_mapping(mapping, snapshot, contracts)
    assert caught.value.code == "contract.unknown-field"
    assert caught.value.facts["field"] == "colour"


def test_a_missing_key_column_is_named_in_both_languages_with_what_was_seen(
    make_snapshot, contracts
):
    snapshot = make_snapshot(REGISTER, ROWS)
    with pytest.raises(KintsugiError) as caught:
        validate_mapping(register_mapping(snapshot, product="产品编码"), snapshot, contracts)
    error = caught.value
    assert error.code == "mapping.missing-key-column"
    serial = contracts["device"].field("serial_no")
    assert serial.zh in error.message.zh
    assert serial.en in error.message.en
    assert "医院名称" in error.message.en
    assert error.facts["headers"] == REGISTER
    assert "序列号" in error.facts["aliases"]["serial_no"]


def test_an_unknown_table_entity_or_value_map_is_refused(make_snapshot, contracts):
    snapshot = make_snapshot(REGISTER, ROWS)
    codes = {}
    for change, mapping in {
        "entity": Mapping(
            tables=(TableMapping(table=0, entities=(EntityMapping(entity="ship", columns={}),)),)
        ),
        "table": Mapping(
            tables=(TableMapping(table=7, entities=(EntityMapping(entity="device", columns={}),)),)
        ),
        "map": register_mapping(
            snapshot,
            serial_no="序列号",
            product=Column(column="产品编码", value_map="nowhere"),
        ),
    }.items():
        with pytest.raises(KintsugiError) as caught:
            validate_mapping(mapping, snapshot, contracts)
        codes[change] = caught.value.code
    assert codes == {
        "entity": "mapping.unknown-entity",
        "table": "mapping.unknown-table",
        "map": "mapping.unknown-value-map",
    }


def test_a_chinese_register_is_understood(make_snapshot, contracts):
    found = suggest_mapping(make_snapshot(REGISTER, ROWS), contracts)
    device, product, customer = (*found.mapping.tables[0].entities, None)[:3]
    assert device.entity == "device"
    assert device.primary
    assert device.columns == {
        "serial_no": "序列号",
        "product": "产品编码",
        "purchase_date": "采购日期",
        "purchase_price": "采购价(万元)",
        "customer": "医院名称",
        "status": "设备状态",
    }
    # No name of a product is there, so only the hospital is mentioned beside the device.
    assert product.entity == "party"
    assert not product.primary
    assert product.columns["name"] == product.columns["party_key"] == "医院名称"
    assert product.columns["roles"] == Const(const="customer")
    assert customer is None
    assert found.unknown_columns == {}
    assert all(reason.score >= 0.9 and reason.why.zh for reason in found.reasons)


def test_a_register_with_catalogue_columns_mentions_products_and_makers(make_snapshot, contracts):
    headers = ["序列号", "物料编码", "产品名称", "型号", "生产厂家", "备用栏"]
    rows = [[f"SN{i}A", f"M{i % 2}", "监护仪", "N12", "迈瑞", "x"] for i in range(9)]
    found = suggest_mapping(make_snapshot(headers, rows), contracts)
    by_entity = {e.entity: e for e in found.mapping.tables[0].entities}
    assert set(by_entity) == {"device", "product", "party"}
    # Both sides name the product by the same text, also where the code is blank.
    named = FirstOf(first_of=("物料编码", "型号"))
    assert by_entity["device"].columns["product"] == named
    assert by_entity["product"].columns["product_code"] == named
    assert by_entity["product"].columns["name"] == "产品名称"
    assert by_entity["product"].columns["manufacturer"] == "生产厂家"
    assert by_entity["party"].columns["roles"] == Const(const="manufacturer")
    assert found.unknown_columns == {"sheet": ["备用栏"]}


def test_a_blank_product_code_falls_back_to_the_model(make_snapshot, contracts):
    headers = ["序列号", "产品编码", "型号"]
    found = suggest_mapping(make_snapshot(headers, [["A1", "", "N12"]]), contracts)
    device = found.mapping.tables[0].entities[0]
    assert device.columns["product"] == FirstOf(first_of=("产品编码", "型号"))


def test_scanned_codes_alone_name_product_lot_and_serial(make_snapshot, contracts):
    rows = [[f"(01)00841542101691(17)250219(10)L15042(21)S{i}", "1"] for i in range(8)]
    found = suggest_mapping(make_snapshot(["条码内容", "备用"], rows), contracts)
    device = found.mapping.tables[0].entities[0]
    assert device.entity == "device"
    assert device.columns["udi_full"] == "条码内容"
    assert device.columns["serial_no"] == Udi(udi="条码内容", part="serial")
    assert device.columns["product"] == Udi(udi="条码内容", part="di")


def test_a_status_of_stock_is_not_the_status_of_a_product(make_snapshot, contracts):
    rows = [[f"P{i}", f"名称{i}", "合格区"] for i in range(12)]
    found = suggest_mapping(make_snapshot(["产品代码", "品名", "状态"], rows), contracts)
    assert "distribution_status" not in found.mapping.tables[0].entities[0].columns
    assert found.unknown_columns == {"sheet": ["状态"]}


def test_a_table_without_a_key_is_reported_and_not_guessed(make_snapshot, contracts):
    headers = ["医院名称", "采购日期", "设备状态", "安装日期", "失效日期", "软件版本"]
    rows = [["示例医院", "2023-01-01", "在用", "2023-02-01", "2030-01-01", "V1.2"]] * 5
    found = suggest_mapping(make_snapshot(headers, rows), contracts)
    assert found.mapping.tables == ()
    assert found.missing_keys[0].entity == "device"
    assert "serial_no" in found.missing_keys[0].fields
    assert found.missing_keys[0].error.code == "mapping.missing-key-column"


def test_reordered_columns_are_no_drift(make_snapshot):
    first = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(first, serial_no="序列号", product="产品编码")
    turned = make_snapshot(REGISTER[::-1], [row[::-1] for row in ROWS])
    found = drift(mapping, turned)
    assert not found.blocking
    assert found.tables[0].missing == found.tables[0].unknown == found.tables[0].shifted == []
    assert fingerprint(column_signatures(turned, 0)) == mapping.tables[0].fingerprint


def test_a_renamed_column_blocks_and_is_recognised(make_snapshot):
    first = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(first, serial_no="序列号", purchase_date="采购日期")
    headers = ["序列号", "产品编码", "医院名称", "购机日期", "采购价(万元)", "设备状态"]
    found = drift(mapping, make_snapshot(headers, ROWS))
    assert found.blocking
    assert found.tables[0].missing == ["采购日期"]
    assert found.tables[0].renamed == {"采购日期": ["购机日期"]}
    with pytest.raises(KintsugiError) as caught:
        refuse_drift(found, file="f.csv")
    assert caught.value.code == "mapping.drift"
    assert "购机日期" in caught.value.message.zh


def test_an_unknown_column_alone_blocks_nothing(make_snapshot):
    first = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(first, serial_no="序列号")
    found = drift(mapping, make_snapshot([*REGISTER, "新列"], [[*row, "x"] for row in ROWS]))
    assert not found.blocking
    assert found.tables[0].unknown == ["新列"]


def test_a_column_whose_content_moved_under_its_header_blocks(make_snapshot):
    first = make_snapshot(REGISTER, ROWS)
    mapping = register_mapping(first, serial_no="序列号", purchase_date="采购日期")
    # The export lost a column: every value stands one header to the left.
    slid = [[row[0], *row[2:], ""] for row in ROWS]
    found = drift(mapping, make_snapshot(REGISTER, slid))
    assert found.blocking
    shift = {s["header"]: s for s in found.tables[0].shifted}
    assert shift["采购日期"]["was"] == "date"
    assert shift["采购日期"]["looks_like"] == ["采购价(万元)"]


def test_two_code_columns_that_changed_places_with_numbers_block(make_snapshot):
    rows = [[f"SN-{i:04d}", str(i * 7)] for i in range(30)]
    first = make_snapshot(["序列号", "数量"], rows)
    mapping = register_mapping(first, serial_no="序列号")
    found = drift(mapping, make_snapshot(["序列号", "数量"], [row[::-1] for row in rows]))
    assert [s["header"] for s in found.tables[0].shifted] == ["序列号"]


def test_nearest_headers_come_best_first():
    assert nearest("序列号码", ["型号", "序列号", "日期"])[0] == "序列号"
    assert nearest("serial number", ["Serial No.", "Price", "Serial-Number"])[0] == "Serial-Number"
