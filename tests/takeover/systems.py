"""Other systems for the tests: a small one by hand, and the mappings of two real ones."""

from typing import Any

from kintsugi.engine.mapping import Mapping

#: A warehouse list by hand. What is wrong with each row stands behind it.
LEVELS = """编号,产品,仓,库位,批号,序列号,生产日期,失效日期,数量,状态
1,G-1,W1,A 1,,,,,100,
2,G-1,W1,B2,,,,,2.5,
3,L-1,W1,A1,LOT7,,2025-01-02,2027-12-31,30,
4,L-1,W2,A1,LOT7,,,2027-12-31,12,不合格
5,L-1,W1,A1,LOT8,,,2027-06-30,5,
6,L-1,W2,A1,LOT8,,,2027-07-31,6,
7,L-1,W1,A1,,,,,7,
8,S-1,W1,A1,,sn 1,,,1,
9,S-1,W1,A1,,SN2,,,1,
10,S-1,W2,A1,,SN2,,,1,
11,S-1,W1,A1,,,,,3,
12,S-1,W1,A1,,SN4,,,2,
13,X-9,W1,A1,,,,,4,
14,G-1,,A1,,,,,1,
15,G-1,W1,,,,,,1,
16,G-1,W1,A1,,,,,-3,
17,G-1,W1,A1,,,,,0,
18,L-1,W1,A1,LOT9,,2026-05-01,2026-04-01,1,
"""
#: Row → what is wrong, worked out by eye from the table above.
WRONG = {
    "5": {"lot-dates-differ"},
    "6": {"lot-dates-differ"},
    "7": {"lot-missing"},
    "9": {"serial-twice"},
    "10": {"serial-twice"},
    "11": {"serial-missing"},
    "12": {"serial-quantity"},
    "13": {"product-unknown"},
    "14": {"no-warehouse"},
    "15": {"no-place"},
    "16": {"negative"},
    "18": {"dates-reversed"},
}
#: (product, place, lot, serial, quality) → quantity, of the rows that come over.
RIGHT = {
    ("G-1", "W1/A1", "", "", "qualified"): "100",
    ("G-1", "W1/B2", "", "", "qualified"): "2.5",
    ("L-1", "W1/A1", "LOT7", "", "qualified"): "30",
    ("L-1", "W2/A1", "LOT7", "", "rejected"): "12",
    ("S-1", "W1/A1", "", "SN1", "qualified"): "1",
}
MOVEMENTS = """号,条目,序,种类,之后,加,减
m1,1,1,入库,60,60,
m2,1,2,入库,100,40,
m3,2,1,入库,5,5,
m4,2,2,出库,2.5,,2
m5,3,1,入库,31,31,
m6,99,1,入库,1,1,
"""
#: 2 broke between m3 and m4 (5 − 2 is 3, not 2.5); 3 says 30 after 31; 99 is no item; the others
#: have no movement.
SMALL = Mapping.from_yaml(
    """
tables:
  - table: levels
    entities:
      - entity: stated_level
        columns:
          system: {const: SMALL}
          item_ref: 编号
          product: 产品
          warehouse: 仓
          bin: 库位
          lot_no: 批号
          serial_no: 序列号
          mfg_date: 生产日期
          expiry_date: 失效日期
          quantity: 数量
          quality: 状态
"""
)
MOVED = Mapping.from_yaml(
    """
tables:
  - table: movements
    entities:
      - entity: stated_movement
        columns:
          system: {const: SMALL}
          movement_ref: 号
          item_ref: 条目
          ordinal: 序
          kind: 种类
          quantity_after: 之后
          added: 加
          removed: 减
"""
)
#: The dump of an inventory system that keeps stock items and a history of each.
DUMP = Mapping.from_yaml(
    """
tables:
  - table: part.part
    entities:
      - entity: product
        columns:
          product_code: {column: pk, prefix: IT-}
          name: name
          description: description
          tracking: {column: trackable, value_map: trackable}
  - table: stock.stocklocation
    entities:
      - entity: stated_place
        columns:
          system: {const: INVENTREE}
          code: {column: pk, prefix: L}
          name: pathstring
  - table: stock.stockitem
    entities:
      - entity: stated_level
        columns:
          system: {const: INVENTREE}
          item_ref: pk
          product: {column: part, prefix: IT-}
          warehouse: {const: INVENTREE}
          bin: {column: location, prefix: L}
          lot_no: batch
          serial_no: serial
          expiry_date: expiry_date
          quantity: quantity
          quality: {column: status, value_map: status}
  - table: stock.stockitemtracking
    entities:
      - entity: stated_movement
        columns:
          system: {const: INVENTREE}
          movement_ref: pk
          item_ref: item
          ordinal: pk
          kind: tracking_type
          moved_on: {split: date, pattern: '^(\\d{4}-\\d\\d-\\d\\d)'}
          quantity_after: deltas.quantity
          added: deltas.added
          removed: deltas.removed
""".replace("          added: deltas.added\n", "")
)
#: What its codes mean, by its own documentation of stock status.
DUMP_VALUES: dict[str, Any] = {
    "trackable": {"true": "serial", "false": "none"},
    "status": {
        "10": "qualified", "50": "pending", "55": "rejected", "65": "rejected", "75": "pending",
    },
}  # fmt: skip
#: Warehouse lists of a health supply chain, one file a warehouse.
LISTS_PRODUCTS = Mapping.from_yaml(
    """
tables:
  - table: configuration-products
    entities:
      - entity: product
        columns:
          product_code: ProductCode
          name: Name
          tracking: {column: LotAndExpiryControl, value_map: control}
"""
)
LISTS_VALUES: dict[str, Any] = {"control": {"TRUE": "lot"}}


def warehouse_list(file: str, code: str) -> Any:
    """The mapping of one warehouse's list."""
    return Mapping.from_yaml(
        f"""
tables:
  - table: {file}
    entities:
      - entity: stated_level
        columns:
          system: {{const: OB-{code}}}
          item_ref: {{concat: [Bin location, Product code, Lot number], sep: "|"}}
          product: Product code
          warehouse: {{const: {code}}}
          bin: Bin location
          lot_no: Lot number
          expiry_date: Expiration date
          quantity: Physical QOH
"""
    )
