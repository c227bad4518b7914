"""The data dictionary hangs together, and says where it does not."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest

from kintsugi.engine.contract import (
    Contract,
    header_key,
    load_contract,
    load_contracts,
    parse_contract,
    read_contract,
)
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.values import norm

DATA = Path(os.environ.get("KINTSUGI_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")
ENTITIES = (
    "device", "party", "product", "stated_level", "stated_movement", "stated_place",
    "udi_identifier",
)  # fmt: skip

GUDID_DEVICES = {
    "primary_di": "primary_di", "issuing_agency": "issuing_agency", "brand": "name",
    "model": "model", "catalog": "catalog_number", "company": "manufacturer",
    "device_desc": "description", "count": "units_per_package", "status": "distribution_status",
    "publish_date": "published_on", "end_date": "distribution_end_on", "gmdn_terms": "gmdn_terms",
    "product_codes": "fda_product_codes", "lot": "lot_in_udi", "serial": "serial_in_udi",
    "mfg_date": "mfg_date_in_udi", "exp_date": "expiry_in_udi", "rx": "prescription_use",
    "otc": "over_the_counter", "sterile": "sterile", "mri": "mri_safety",
    "n_identifiers": "identifier_count", "submissions": "premarket_submissions",
}  # fmt: skip
GUDID_IDENTIFIERS = {
    "primary_di": "product", "device_id": "device_identifier", "type": "kind", "agency": "issuer",
    "contains_di": "contains_identifier", "pkg_qty": "quantity", "pkg_status": "package_status",
}  # fmt: skip


@pytest.fixture(scope="module", params=ENTITIES)
def contract(request: pytest.FixtureRequest) -> Contract:
    return load_contract(request.param)


def test_the_contracts_load_and_refer_to_each_other() -> None:
    contracts = load_contracts()
    assert tuple(contracts) == ENTITIES
    references = {f.reference for c in contracts.values() for f in c.fields if f.reference}
    assert references == {"party.name", "product.product_code"}


def test_everything_is_said_in_both_languages(contract: Contract) -> None:
    assert all((contract.zh, contract.en, *contract.description))
    for field in contract.fields:
        assert re.search("[一-鿿]|UDI|DI", field.zh), field.name
        assert re.search("[A-Za-z]", field.en), field.name
        assert re.search("[一-鿿]", field.description.zh), field.name
        assert not re.search("[一-鿿]", field.description.en), field.name
        for value in field.allowed:
            assert all((value.zh, value.en))


def test_each_field_has_people_and_policies(contract: Contract) -> None:
    for field in contract.fields:
        assert all((field.owner, field.steward, field.aliases))
        assert all((field.risk, field.survivorship, field.write_policy))


def test_a_key_is_required_and_its_loss_quarantines_the_row(contract: Contract) -> None:
    for name in contract.key:
        field = contract.field(name)
        assert field.required
        # A wrong check digit must not cost the record; a missing identifier still does.
        assert field.on_invalid == "quarantine" or field.norm == "di"


def test_a_header_belongs_to_one_field_unless_it_is_shared_on_purpose(contract: Contract) -> None:
    shared = {header_key(alias) for alias in contract.shared_aliases}
    for header, owners in contract.headers().items():
        assert len(owners) == 1 or header in shared, (header, owners)


@pytest.mark.parametrize(
    ("entity", "headers"), [("product", GUDID_DEVICES), ("udi_identifier", GUDID_IDENTIFIERS)]
)
def test_every_column_of_the_fda_files_maps_by_alias(entity: str, headers: dict[str, str]) -> None:
    index = load_contract(entity).headers()
    for header, field in headers.items():
        assert field in index[header_key(header)], header
    assert index[header_key("primary_di")] == (
        ("product_code", "primary_di") if entity == "product" else ("product",)
    )


@pytest.mark.parametrize(
    ("entity", "header", "field"),
    [
        ("device", "序列号", "serial_no"),
        ("device", "Ｓ／Ｎ", "serial_no"),
        ("device", "出厂编号", "serial_no"),
        ("device", "规格型号", "product_model"),
        ("device", "采购信息/日期", "purchase_date"),
        ("device", "采购价（万元）", "purchase_price"),
        ("device", "使用科室", "department"),
        ("device", "Warranty Expires", "warranty_end"),
        ("device", "资产编号", "device_no"),
        ("party", "统一社会信用代码", "uscc"),
        ("party", "医院名称", "name"),
        ("product", "生产厂家", "manufacturer"),
        ("product", "注册证编号", "registration_no"),
        ("product", "最小销售单元产品标识", "primary_di"),
        ("udi_identifier", "包装内含小一级相同产品标识数量", "quantity"),
    ],
)
def test_headers_of_the_trade_are_known(entity: str, header: str, field: str) -> None:
    assert load_contract(entity).headers()[header_key(header)] == (field,)


@pytest.mark.parametrize(
    ("entity", "field", "raw", "code"),
    [
        ("product", "mri_safety", "Labeling does not contain MRI Safety Information", "not_stated"),
        ("product", "mri_safety", "MR Conditional", "mr_conditional"),
        ("product", "distribution_status", "Not in Commercial Distribution", "not_in_distribution"),
        ("product", "distribution_status", "In Commercial Distribution", "in_distribution"),
        ("product", "device_class", "Ⅲ类", "III"),
        ("product", "device_class", "二类", "II"),
        ("product", "storage_condition", "2～8℃", "cold"),
        ("product", "issuing_agency", "阿里健康", "AHM"),
        ("udi_identifier", "kind", "Unit of Use", "unit_of_use"),
        ("device", "status", "在用", "installed"),
        ("device", "status", "封存", "retired"),
        ("device", "status", "报废", "scrapped"),
        ("device", "status", "In Use", "installed"),
        ("device", "risk_level", "生命支持", "life_support"),
    ],
)
def test_what_sources_write_becomes_the_code(entity: str, field: str, raw: str, code: str) -> None:
    spec = load_contract(entity).field(field)
    assert norm(spec.norm, raw, **spec.norm_args).value == code
    assert spec.allowed_value(code).code == code


def test_roles_are_a_list_of_codes() -> None:
    spec = load_contract("party").field("roles")
    assert norm(spec.norm, "供应商、生产厂家", **spec.norm_args).value == (
        '["supplier", "manufacturer"]'
    )
    assert norm(spec.norm, "神秘角色", **spec.norm_args).issue == "enum.unknown"


def test_no_cell_of_the_fda_files_is_refused_by_its_contract() -> None:
    """All records load: the only issues are the unsound identifiers and names left unfilled."""
    pl = pytest.importorskip("polars")
    from kintsugi.engine.values import normalise

    found: set[tuple[str, str]] = set()
    for entity, name, headers in (
        ("product", "gudid_devices_1_25000.csv.gz", GUDID_DEVICES),
        ("udi_identifier", "gudid_identifiers_1_25000.csv.gz", GUDID_IDENTIFIERS),
    ):
        path = DATA / "gudid" / name
        if not path.is_file():
            pytest.skip(f"{name} is not here; set KINTSUGI_TEST_DATA to the folder that holds it")
        table = pl.read_csv(gzip.decompress(path.read_bytes()), infer_schema=False)
        for header, field in headers.items():
            spec = load_contract(entity).field(field)
            outcome = normalise(spec.norm, table[header], spec.norm_args)
            issues = outcome.filter(pl.col("issue").is_not_null())
            found |= {(field, row["issue"]) for row in issues.to_dicts()}
            assert issues.filter(pl.col("value").is_null()).is_empty(), field
    assert found == {
        ("primary_di", "udi.check-digit"),
        ("device_identifier", "udi.check-digit"),
        ("device_identifier", "udi.gtin-length"),
        ("name", "text.null-word"),
    }


PACKAGED = Path(__file__).parents[3] / "src/kintsugi/contracts"


@pytest.mark.parametrize(
    ("find", "replace", "place"),
    [
        ("apiVersion: v3.0.2", "apiVersion: v2.2.2", "apiVersion"),
        ("kind: DataContract", "kind: Recipe", "kind"),
        ("- name: email", "- name: phone", "schema[0].properties"),
        ("zh: 电子邮箱", 'zh: ""', "zh"),
        ("type: text", "type: novel", "type"),
        ("logicalType: array", "logicalType: string", "logicalType"),
        ("alternate_keys: [[uscc]]", "alternate_keys: [[nobody]]", "alternate_keys"),
        ("fed_by: [uscc, name]", "fed_by: [nobody]", "fed_by"),
        ('description_zh: "联系人姓名。"', 'description_zh: ""', "contact"),
        ("              aliases: [国家,", "              aliases: [电话, 国家,", "aliases"),
        ("code: clinic,", "code: hospital,", "customer_type.allowed"),
        ("norm: email", "norm: email\n              norm: text", ":"),
        ("norm: email", "norm: [email", ":"),
        ("norm: email", "colour: blue", "colour"),
    ],
)
def test_a_broken_contract_is_refused_with_file_and_place(
    find: str, replace: str, place: str, tmp_path: Path
) -> None:
    text = (PACKAGED / "party.odcs.yaml").read_text(encoding="utf-8")
    assert find in text
    path = tmp_path / "party.odcs.yaml"
    path.write_text(text.replace(find, replace, 1), encoding="utf-8")
    with pytest.raises(KintsugiError) as refusal:
        read_contract(path)
    assert refusal.value.code == "contract.invalid"
    assert refusal.value.facts["file"] == str(path)
    assert place in refusal.value.facts["place"]
    assert all(refusal.value.message)


def test_a_reference_to_nothing_is_refused(tmp_path: Path) -> None:
    for path in PACKAGED.glob("*.odcs.yaml"):
        text = path.read_text(encoding="utf-8")
        broken = text.replace("reference: party.name", "reference: party.nick", 1)
        (tmp_path / path.name).write_text(broken, encoding="utf-8")
    with pytest.raises(KintsugiError) as refusal:
        load_contracts(directory=tmp_path)
    assert refusal.value.code == "contract.invalid"
    assert "reference" in refusal.value.facts["place"]


def test_a_missing_contract_and_a_missing_field_are_named(tmp_path: Path) -> None:
    for entity in ("unicorn", "../product"):
        with pytest.raises(KintsugiError) as refusal:
            load_contract(entity)
        assert refusal.value.code == "contract.missing"
    with pytest.raises(KintsugiError) as refusal:
        load_contract("product", directory=tmp_path)
    assert refusal.value.code == "contract.missing"
    with pytest.raises(KintsugiError) as refusal:
        load_contract("product").field("colour")
    assert refusal.value.code == "contract.unknown-field"


@pytest.mark.parametrize("content", [b"", b"- a", b"\xff\xfe\x00", b"a: [", b"{}"])
def test_bytes_that_are_no_contract_are_refused(content: bytes) -> None:
    with pytest.raises(KintsugiError) as refusal:
        parse_contract(content, file="x.yaml")
    assert refusal.value.code == "contract.invalid"
