"""sources.yaml: who owns each fragment, how far it is trusted, and what its columns mean.

The mappings and value maps are what a data steward of the distributor would have approved. They
speak of headers and spellings only; nothing in them knows which cells are dirty.
"""

from pathlib import Path
from typing import Any

import yaml

from kintsugi.demo.fragments import customers, east_layout, legacy, orders, south, stock
from kintsugi.demo.world import MAKERS, World, fold

HEAD = """\
# The demo's sources in the order in which they are onboarded. Written by
# `python -m kintsugi.demo.generate`; edit sources.py, not this file.
# authority: the higher one wins where sources disagree.
"""

HOSPITAL = "hospital"
PRODUCT = "product"
MAKER = "maker"
LEGACY_STATUS = "legacy_status"


def write_sources(world: World, path: Path) -> None:
    """Write the source definitions as YAML."""
    maps = value_maps(world)
    sources = [
        {**source, "value_maps": {name: maps[name] for name in sorted(_used_maps(source))}}
        for source in _sources()
    ]
    # A map that several sources share is written once and referred to (YAML anchors).
    text = yaml.safe_dump({"sources": sources}, allow_unicode=True, sort_keys=False, width=100)
    path.write_text(HEAD + text, encoding="utf-8")


def value_maps(world: World) -> dict[str, dict[str, str]]:
    """Spelling → canonical text, by map name. Short names without a city are left out: they are
    no decision a steward could make; so are models that name several products."""
    spoken: dict[str, set[str]] = {}
    for p in world.equipment:
        spoken.setdefault(p.spoken, set()).add(p.di)
        if fold(p.model) in world.unique_refs:
            spoken.setdefault(p.model, set()).add(p.di)
    return {
        HOSPITAL: {alias: h.name for h in world.hospitals for alias in h.aliases},
        PRODUCT: {name: next(iter(dis)) for name, dis in sorted(spoken.items()) if len(dis) == 1},
        MAKER: {alias: name for name, aliases in MAKERS.items() for alias in aliases},
        LEGACY_STATUS: {"0": "在用", "1": "维修", "2": "停用"},
    }


def _used_maps(source: dict[str, Any]) -> set[str]:
    return {
        expression["value_map"]
        for table in source["mapping"]["tables"]
        for entity in table["entities"]
        for expression in entity["columns"].values()
        if isinstance(expression, dict) and "value_map" in expression
    }


def _mapped(column: str, value_map: str) -> dict[str, str]:
    return {"column": column, "value_map": value_map}


def _device(columns: dict[str, Any]) -> dict[str, Any]:
    return {"entity": "device", "columns": columns}


def _party(name: Any, role: str, **more: Any) -> dict[str, Any]:
    # Names are what all fragments share; the credit code is known to two of them only.
    columns = {"party_key": name, "name": name, "roles": {"const": role}, **more}
    return {"entity": "party", "primary": False, "columns": columns}


def _source(
    code: str,
    zh: str,
    en: str,
    file: str,
    *,
    kind: str,
    owner: str,
    authority: int,
    tables: list[dict[str, Any]],
    entities: list[str],
) -> dict[str, Any]:
    return {
        "code": code,
        "name": {"zh": zh, "en": en},
        "file": file,
        "kind": kind,
        "owner": owner,
        "authority": authority,
        "entities": entities,
        "tables": [t["table"] for t in tables],
        "mapping": {"version": 1, "source": code, "tables": tables},
    }


def _sources() -> list[dict[str, Any]]:
    return [
        # The older a system, the earlier it is loaded: where "newest" decides, it then loses.
        _catalogue(),
        _identifiers(),
        _customers(),
        _legacy(),
        _stock(),
        _east(),
        _south(),
        _orders(),
    ]


def _catalogue() -> dict[str, Any]:
    columns = {
        "product_code": "primary_di",
        "primary_di": "primary_di",
        "name": "brand",
        "model": "model",
        "catalog_number": "catalog",
        "manufacturer": "company",
        "description": "device_desc",
        "issuing_agency": "issuing_agency",
        "units_per_package": "count",
        "distribution_status": "status",
        "published_on": "publish_date",
        "distribution_end_on": "end_date",
        "gmdn_terms": "gmdn_terms",
        "fda_product_codes": "product_codes",
        "lot_in_udi": "lot",
        "serial_in_udi": "serial",
        "mfg_date_in_udi": "mfg_date",
        "expiry_in_udi": "exp_date",
        "prescription_use": "rx",
        "over_the_counter": "otc",
        "sterile": "sterile",
        "mri_safety": "mri",
        "identifier_count": "n_identifiers",
        "premarket_submissions": "submissions",
    }
    return _source(
        "catalogue",
        "产品目录(GUDID 摘录)",
        "Product catalogue (GUDID excerpt)",
        "catalogue_gudid.csv",
        kind="csv",
        owner="产品部 Product management",
        authority=90,
        entities=["product", "party"],
        tables=[
            {
                "table": "catalogue_gudid",
                "entities": [
                    {"entity": "product", "columns": columns},
                    _party("company", "manufacturer"),
                ],
            }
        ],
    )


def _identifiers() -> dict[str, Any]:
    columns = {
        "issuer": "agency",
        "device_identifier": "device_id",
        "kind": "type",
        "product": "primary_di",
        "contains_identifier": "contains_di",
        "quantity": "pkg_qty",
        "package_status": "pkg_status",
    }
    return _source(
        "identifiers",
        "产品标识与包装层级",
        "Identifiers and package levels",
        "catalogue_identifiers.csv",
        kind="csv",
        owner="产品部 Product management",
        authority=90,
        entities=["udi_identifier"],
        tables=[
            {
                "table": "catalogue_identifiers",
                "entities": [{"entity": "udi_identifier", "columns": columns}],
            }
        ],
    )


def _customers() -> dict[str, Any]:
    columns = {
        "party_key": _mapped("客户名称", HOSPITAL),
        "name": _mapped("客户名称", HOSPITAL),
        "uscc": "统一社会信用代码",
        "customer_type": "客户类型",
        "contact": "联系人",
        "phone": "联系电话",
        "address": "地址",
        "roles": {"const": "customer"},
    }
    return _source(
        "customers",
        "客户名单",
        "Customer list",
        customers.FILE,
        kind="csv",
        owner="销售管理部 Sales administration",
        authority=85,
        entities=["party"],
        tables=[{"table": customers.TABLE, "entities": [{"entity": "party", "columns": columns}]}],
    )


def _east() -> dict[str, Any]:
    e = east_layout
    columns = {
        "product": {"first_of": [e.PRODUCT, e.MODEL], "value_map": PRODUCT},
        "product_model": e.MODEL,
        "serial_no": e.SERIAL,
        "customer": _mapped(e.CUSTOMER, HOSPITAL),
        # 血液净化中心3楼治疗室 is a department, then a place.
        "department": {"split": e.DEPT, "pattern": r"^(.+?)(?:\d+楼.*)?$"},
        "install_site": {"split": e.DEPT, "pattern": r"(\d+楼.*)$"},
        "purchase_date": e.DATE,
        "purchase_price": e.PRICE,
        "install_accepted_on": e.INSTALLED,
        "warranty_terms": e.TERMS,
        # 2023.5.6-2026.5.5 in the column of the end: the start stands in the same cell.
        "warranty_start": {"split": e.WARRANTY, "pattern": r"^([^-]+)-[^-]+$"},
        "warranty_end": e.WARRANTY,
        "status": e.STATUS,
        "notes": e.NOTE,
    }
    # Registers name hospitals; they do not create them: a short name that nobody has confirmed
    # must stay a question. The customer list and the old system know all hospitals.
    return _source(
        "east",
        "华东装机台账",
        "Device register, East",
        e.FILE,
        kind="excel",
        owner="华东售后 After-sales East",
        authority=80,
        entities=["device", "party"],
        tables=[
            {
                "table": e.SHEET,
                "entities": [
                    _device(columns),
                    _party(_mapped(e.MAKER, MAKER), "manufacturer"),
                ],
            }
        ],
    )


def _south() -> dict[str, Any]:
    columns = {
        "product": _mapped("Product Ref", PRODUCT),
        "serial_no": "S/N",
        "customer": _mapped("Hospital", HOSPITAL),
        "department": "Department",
        "mfg_date": "Mfg Date",
        "purchase_date": "Ship Date",
        "install_accepted_on": "Install Date",
        "warranty_end": "Warranty End",
        "purchase_price": "Price",
        "status": "Status",
        "notes": {"concat": ["Remarks", "Remarks #2"], "sep": "; "},
    }
    return _source(
        "south",
        "华南装机清单(英文)",
        "Install base, South",
        south.FILE,
        kind="csv",
        owner="华南售后 After-sales South",
        authority=75,
        entities=["device", "party"],
        tables=[
            {
                "table": south.TABLE,
                "entities": [
                    _device(columns),
                    _party(_mapped("Maker", MAKER), "manufacturer"),
                ],
            }
        ],
    )


def _orders() -> dict[str, Any]:
    columns = {
        "product": _mapped(orders.MODEL, PRODUCT),
        "serial_no": orders.SERIAL,
        "customer": _mapped(orders.HOSPITAL, HOSPITAL),
        "department": orders.DEPT,
    }
    return _source(
        "orders",
        "维修工单导出",
        "Work-order export",
        orders.FILE,
        kind="csv",
        owner="客服中心 Service desk",
        authority=60,
        entities=["device"],
        tables=[
            {
                "table": orders.TABLE,
                "entities": [
                    _device(columns),
                ],
            }
        ],
    )


def _stock() -> dict[str, Any]:
    scanned = {
        "product": {"udi": "UDI条码", "part": "di"},
        "serial_no": {"udi": "UDI条码", "part": "serial"},
        "lot_no": {"udi": "UDI条码", "part": "lot"},
        "expiry_date": {"udi": "UDI条码", "part": "expiry"},
        "udi_full": "UDI条码",
        "status": "状态",
    }
    manual = {
        "product": _mapped("产品编码", PRODUCT),
        "serial_no": "序列号",
        "lot_no": "批号",
        "expiry_date": "效期",
        "status": "状态",
        "notes": "备注",
    }
    return _source(
        "stock",
        "库存盘点",
        "Stock count",
        stock.FILE,
        kind="excel",
        owner="仓储部 Warehouse",
        authority=50,
        entities=["device"],
        tables=[
            {"table": stock.SCANNED, "entities": [_device(scanned)]},
            {"table": stock.MANUAL, "entities": [_device(manual)]},
        ],
    )


def _legacy() -> dict[str, Any]:
    party = {
        "party_key": _mapped("KHMC", HOSPITAL),
        "name": _mapped("KHMC", HOSPITAL),
        "uscc": "TYDM",
        "phone": "LXDH",
        "address": "DZ",
        "roles": {"const": "customer"},
    }
    device = {
        "product": _mapped("F_CPBH", PRODUCT),
        "serial_no": "F_XLH",
        "customer": _mapped("KHMC", HOSPITAL),
        "department": "F_KS",
        "mfg_date": "F_CCRQ",
        "purchase_date": "F_GMRQ",
        "install_accepted_on": "F_AZRQ",
        "warranty_end": "F_BXRQ",
        "purchase_price": "F_JE",
        "status": _mapped("F_ZT", LEGACY_STATUS),
        "notes": "F_BZ",
    }
    return _source(
        "legacy",
        "旧售后系统",
        "Legacy service system",
        legacy.FILE,
        kind="database",
        owner="信息部 IT",
        authority=40,
        entities=["device", "party"],
        tables=[
            {"table": legacy.CUSTOMERS, "entities": [{"entity": "party", "columns": party}]},
            {"table": legacy.DEVICES, "entities": [_device(device)]},
        ],
    )
