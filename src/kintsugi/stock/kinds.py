"""What locations, postings and qualities there are, in both languages; the rules stand in
``sql/ledger.sql``."""

from kintsugi.engine.text import Text

#: A bin, a van and the like hold what is ours and never go below nothing. The others are the
#: world outside: what is there is counted where people ask for it (customers), else not at all.
LOCATION_KINDS: dict[str, Text] = {
    "bin": Text("库位", "bin"),
    "van": Text("车库存", "van"),
    "consignment": Text("寄售", "consignment"),
    "in_transit": Text("在途", "in transit"),
    "vendor_repair": Text("厂修", "at a repairer"),
    "customer": Text("客户现场", "customer site"),
    "supplier": Text("供应商", "supplier"),
    "scrap": Text("报废", "scrap"),
    "loss": Text("盘盈盘亏", "stock differences"),
    "opening": Text("期初", "opening balance"),
}
OURS = ("bin", "van", "consignment", "in_transit", "vendor_repair")
#: Sources and sinks without a balance of their own.
UNCOUNTED = ("supplier", "loss", "opening")

ZONES: dict[str, Text] = {
    "receiving": Text("收货区", "receiving"),
    "quarantine": Text("待验区", "quarantine"),
    "qualified": Text("合格区", "qualified"),
    "rejected": Text("不合格区", "rejected"),
    "return": Text("退货区", "returns"),
    "shipping": Text("发货区", "shipping"),
    "recall": Text("召回区", "recall"),
}
TEMPERATURES: dict[str, Text] = {
    "normal": Text("常温 10–30 °C", "room, 10–30 °C"),
    "cool": Text("阴凉 ≤20 °C", "cool, ≤20 °C"),
    "cold": Text("冷藏 2–8 °C", "cold, 2–8 °C"),
    "frozen": Text("冷冻 ≤−15 °C", "frozen, ≤−15 °C"),
}
QUALITIES: dict[str, Text] = {
    "pending": Text("待验", "to be inspected"),
    "qualified": Text("合格", "qualified"),
    "rejected": Text("不合格", "rejected"),
}
POSTING_KINDS: dict[str, Text] = {
    "opening": Text("期初", "opening balance"),
    "receipt": Text("收货", "receipt"),
    "acceptance": Text("验收", "acceptance"),
    "put_away": Text("上架", "put-away"),
    "transfer": Text("移库", "transfer"),
    "pick": Text("拣货", "pick"),
    "ship": Text("出库", "shipment"),
    "sign": Text("签收", "signed receipt"),
    "return_in": Text("退货入库", "return"),
    "issue": Text("领用", "issue to a work order"),
    "adjustment": Text("调整", "adjustment"),
    "count": Text("盘点", "stocktake"),
    "scrap": Text("报废", "scrapping"),
    "supplier_return": Text("退供应商", "return to the supplier"),
    "recall_return": Text("召回退回", "recall return"),
    "repair": Text("送修与返回", "to and from repair"),
    "reversal": Text("冲销", "reversal"),
}
#: What blocked, expired or rejected goods may still do: go where they can do no harm.
EXITS = ("supplier_return", "scrap", "recall_return", "adjustment", "count", "reversal")
BLOCK_KINDS: dict[str, Text] = {
    "hold": Text("冻结", "hold"),
    "recall": Text("召回", "recall"),
}
RESERVATION_STATES: dict[str, Text] = {
    "active": Text("有效", "active"),
    "consumed": Text("已用", "consumed"),
    "released": Text("已释放", "released"),
}
