"""The documents of trade: what each of them says, from plain data to a ``Paper``.

A document chooses its columns of ``GoodsLine``; what is not known is printed as a dash, never left
to look complete.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from kintsugi.core.errors import Text
from kintsugi.core.printing.paper import Cell, Column, Paper, Parties, written

Facts = Sequence[tuple[Text, Cell]]

SELLER = Text("供货单位", "Seller")
BUYER = Text("购货单位", "Buyer")
SHIP_TO = Text("收货地址", "Ship to")
SUPPLIER = Text("供应商", "Supplier")
CARRIER = Text("承运", "Carrier")


@dataclass(frozen=True)
class GoodsLine:
    """One line of goods. ``spec`` is specification and model, ``maker`` the manufacturer,
    ``cert_no`` the registration certificate, ``serials`` those of this line in order, ``box`` the
    box or SSCC it lies in, ``quality`` what was found."""

    product_code: str = ""
    name: str = ""
    spec: str = ""
    maker: str = ""
    cert_no: str = ""
    lot_no: str = ""
    serials: Sequence[str] = ()
    mfg_date: dt.date | None = None
    expiry_date: dt.date | None = None
    storage: Text | str = ""
    qty: Decimal | None = None
    uom: str = ""
    unit_price: Decimal | None = None
    discount: Decimal | None = None
    amount: Decimal | None = None
    tax_rate: str = ""
    tax: Decimal | None = None
    total: Decimal | None = None
    due: dt.date | None = None
    location: str = ""
    box: str = ""
    quality: Text | str = ""
    sampled: Decimal | None = None
    passed: Decimal | None = None
    rejected: Decimal | None = None
    note: str = ""

    def cell(self, name: str) -> Cell:
        """The value of a column."""
        if name == "lot_serial":
            serials = ", ".join(self.serials)
            return " / ".join(part for part in (self.lot_no, serials) if part)
        if name in ("counted", "blank"):
            return None
        value: Cell = getattr(self, name)
        return value


#: Every column that lines may have: title, share of the width, kind.
COLUMNS: Mapping[str, Column] = {
    "product_code": Column(Text("产品编码", "Code"), 1.3, "code"),
    "name": Column(Text("产品名称", "Name"), 2),
    "spec": Column(Text("规格型号", "Spec., model"), 1.4),
    "maker": Column(Text("生产企业", "Manufacturer"), 1.6),
    "cert_no": Column(Text("注册证号", "Registration no."), 1.5, "code"),
    "lot_serial": Column(Text("批号/序列号", "Lot / serial no."), 1.8, "code"),
    "lot_no": Column(Text("批号", "Lot"), 1.1, "code"),
    "mfg_date": Column(Text("生产日期", "Made on"), 1, "code"),
    "expiry_date": Column(Text("有效期至", "Expiry"), 1, "code"),
    "storage": Column(Text("贮存条件", "Storage"), 1),
    "qty": Column(Text("数量", "Qty"), 0.7, "number"),
    "uom": Column(Text("单位", "Unit"), 0.6),
    "unit_price": Column(Text("单价", "Price"), 1, "money"),
    "discount": Column(Text("折扣", "Discount"), 0.8, "money"),
    "amount": Column(Text("金额", "Amount"), 1.1, "money"),
    "tax_rate": Column(Text("税率", "Tax rate"), 0.6, "number"),
    "tax": Column(Text("税额", "Tax"), 0.9, "money"),
    "total": Column(Text("价税合计", "Total"), 1.1, "money"),
    "due": Column(Text("交期", "Due"), 1, "code"),
    "location": Column(Text("库位", "Location"), 1.2, "code"),
    "box": Column(Text("箱号", "Box"), 1.4, "code"),
    "quality": Column(Text("质量状态", "Quality"), 0.9),
    "sampled": Column(Text("抽样", "Sampled"), 0.7, "number"),
    "passed": Column(Text("合格", "Accepted"), 0.7, "number"),
    "rejected": Column(Text("不合格", "Rejected"), 0.7, "number"),
    "counted": Column(Text("实盘", "Counted"), 1),
    "note": Column(Text("备注", "Note"), 1.2),
}
assert {field.name for field in fields(GoodsLine)} - set(COLUMNS) == {"serials"}, "a column each"


def _goods(names: str, lines: Sequence[GoodsLine]) -> tuple[list[Column], list[list[Cell]]]:
    chosen = names.split()
    return [COLUMNS[n] for n in chosen], [[one.cell(n) for n in chosen] for one in lines]


def _boxes(*signers: tuple[str, str], signed: Mapping[str, str]) -> list[tuple[Text, str]]:
    return [(Text(zh, en), signed.get(en, "")) for zh, en in signers]


NOTHING: Mapping[str, str] = {}


def delivery_note(
    *, number: str, parties: Sequence[Parties], facts: Facts, lines: Sequence[GoodsLine],
    signed: Mapping[str, str] = NOTHING, notes: Sequence[Text | str] = (),
    state: Text | None = None,
) -> Paper:  # fmt: skip
    """随货同行单: what travels with the goods. ``signed`` fills the boxes Shipped by, Checked by,
    Received by."""
    columns, rows = _goods(
        "name spec cert_no maker lot_serial mfg_date expiry_date storage qty uom", lines
    )
    return Paper(
        Text("随货同行单", "Delivery note"),
        number,
        parties=parties,
        facts=facts,
        columns=columns,
        rows=rows,
        totals=[_total(lines)],
        signatures=_boxes(
            ("发货人", "Shipped by"),
            ("复核人", "Checked by"),
            ("收货人", "Received by"),
            signed=signed,
        ),
        notes=notes,
        state=state,
        is_wide=True,
    )


def check_record(
    *, number: str, buyer: str, shipped_on: dt.date | None, checked_by: str,
    lines: Sequence[GoodsLine], facts: Facts = (), picked_by: str = "", state: Text | None = None,
) -> Paper:  # fmt: skip
    """出库复核记录 with what GSP asks for: buyer, name, specification and model, registration
    number, lot or serial number, expiry, manufacturer, quantity, day, person, quality."""
    columns, rows = _goods("name spec cert_no lot_serial expiry_date maker qty uom quality", lines)
    return Paper(
        Text("出库复核记录", "Outbound check record"),
        number,
        parties=[Parties(BUYER, [buyer])],
        facts=[(Text("出库日期", "Shipped on"), shipped_on), *facts],
        columns=columns,
        rows=rows,
        totals=[_total(lines)],
        signatures=[
            (Text("拣货人", "Picked by"), picked_by),
            (Text("复核人", "Checked by"), checked_by),
        ],
        state=state,
        is_wide=True,
    )


def packing_list(
    *, number: str, parties: Sequence[Parties], facts: Facts, lines: Sequence[GoodsLine],
    state: Text | None = None,
) -> Paper:  # fmt: skip
    """装箱单: what lies in which box."""
    columns, rows = _goods("box name spec lot_serial expiry_date qty uom note", lines)
    boxes = len({one.box for one in lines if one.box})
    return Paper(
        Text("装箱单", "Packing list"),
        number,
        parties=parties,
        facts=facts,
        columns=columns,
        rows=rows,
        totals=[(Text("箱数", "Boxes"), boxes), _total(lines)],
        signatures=_boxes(("装箱人", "Packed by"), ("复核人", "Checked by"), signed={}),
        state=state,
    )


def invoice(
    *, number: str, parties: Sequence[Parties], facts: Facts, lines: Sequence[GoodsLine],
    currency: str = "CNY", is_credit: bool = False, notes: Sequence[Text | str] = (),
    state: Text | None = None,
) -> Paper:  # fmt: skip
    """销售发票(结算单): not the tax authority's own paper, but what it is issued from."""
    columns, rows = _goods("name spec qty uom unit_price amount tax_rate tax total", lines)
    return Paper(
        Text("红字发票", "Credit note") if is_credit else Text("发票", "Invoice"),
        number,
        parties=parties,
        facts=[*facts, (Text("币种", "Currency"), currency)],
        columns=columns,
        rows=rows,
        totals=[
            (Text("不含税金额", "Net"), _money(lines, "amount")),
            (Text("税额", "Tax"), _money(lines, "tax")),
            (Text("价税合计", "Total"), _money(lines, "total")),
        ],
        signatures=_boxes(("开票人", "Issued by"), ("复核人", "Checked by"), signed={}),
        notes=notes,
        state=state,
    )


def purchase_order(
    *, number: str, parties: Sequence[Parties], facts: Facts, lines: Sequence[GoodsLine],
    currency: str = "CNY", notes: Sequence[Text | str] = (), signed: Mapping[str, str] = NOTHING,
    state: Text | None = None,
) -> Paper:  # fmt: skip
    """采购订单."""
    columns, rows = _goods("product_code name spec cert_no qty uom unit_price amount due", lines)
    return Paper(
        Text("采购订单", "Purchase order"),
        number,
        parties=parties,
        facts=[*facts, (Text("币种", "Currency"), currency)],
        columns=columns,
        rows=rows,
        totals=[_total(lines), (Text("金额合计", "Amount"), _money(lines, "amount"))],
        signatures=_boxes(
            ("采购员", "Buyer"), ("批准人", "Approved by"), ("供应商", "Supplier"), signed=signed
        ),
        notes=notes,
        state=state,
    )


def acceptance_record(
    *, number: str, supplier: str, facts: Facts, lines: Sequence[GoodsLine], accepted_by: str = "",
    received_by: str = "", conclusion: Text | None = None, state: Text | None = None,
) -> Paper:  # fmt: skip
    """收货验收记录: what came, what was sampled, what passed."""
    columns, rows = _goods(
        "name spec cert_no maker lot_serial mfg_date expiry_date qty sampled passed rejected note",
        lines,
    )
    return Paper(
        Text("收货验收记录", "Receipt and acceptance record"),
        number,
        parties=[Parties(SUPPLIER, [supplier])],
        facts=[*facts, (Text("验收结论", "Conclusion"), conclusion)],
        columns=columns,
        rows=rows,
        totals=[
            (COLUMNS[name].title, _sum(lines, name))
            for name in ("qty", "passed", "rejected")
        ],
        signatures=[
            (Text("收货人", "Received by"), received_by),
            (Text("验收人", "Accepted by"), accepted_by),
        ],
        state=state,
        is_wide=True,
    )  # fmt: skip


def stocktake_sheet(
    *, number: str, facts: Facts, lines: Sequence[GoodsLine], state: Text | None = None
) -> Paper:
    """盘点表: blind, so the quantity on record is not on it; the count is written in by hand."""
    columns, rows = _goods(
        "location product_code name spec lot_serial expiry_date counted note", lines
    )
    return Paper(
        Text("盘点表", "Stocktake sheet"),
        number,
        facts=facts,
        columns=columns,
        rows=rows,
        signatures=_boxes(("盘点人", "Counted by"), ("监盘人", "Witnessed by"), signed={}),
        state=state,
    )


def _sum(lines: Sequence[GoodsLine], name: str) -> Decimal:
    return sum((getattr(one, name) or Decimal(0) for one in lines), Decimal(0))


def _money(lines: Sequence[GoodsLine], name: str) -> Cell:
    return written(_sum(lines, name), "zh", "money")


def _total(lines: Sequence[GoodsLine]) -> tuple[Text, Cell]:
    return Text("数量合计", "Total quantity"), _sum(lines, "qty")
