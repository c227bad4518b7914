"""The database's refusals of contracts and orders in words: which rule, which row, what to do."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Facts, Refusals, Words
from kintsugi.sales.refusals_delivery import DELIVERY_STATES


def _exceeded(f: Facts) -> tuple[str, Text, Text]:
    left, taken = float(f.get("qty") or 0), float(f["called_off"])
    return (
        "sales.contract-exceeded",
        Text(f"合同 {f['number']} 第 {f['line_no']} 行共 {left:g},订单合计 {taken:g}。",
             f"Line {f['line_no']} of {f['number']} is for {left:g}; orders take {taken:g}."),
        Text("减少数量,或先变更合同。", "Order less, or change the contract first."),
    )  # fmt: skip


def _fixed(f: Facts) -> tuple[str, Text, Text]:
    return (
        "sales.version-fixed",
        Text(f"第 {f['no']} 版已提交,不能再改。", f"Version {f['no']} was submitted and stays."),
        Text("写一个新版本。", "Write a new version."),
    )


def _not_whole(f: Facts) -> tuple[str, Text, Text]:
    share = float(f["share"]) * 100
    return (
        "sales.plan-not-whole",
        Text(f"付款计划各期合计 {share:g}%,应为 100%。",
             f"The payment plan adds up to {share:g} %, not to 100 %."),
        Text("调整各期比例。", "Change the shares of the payments."),
    )  # fmt: skip


def _overlap(f: Facts) -> tuple[str, Text, Text]:
    until = f.get("valid_to") or "…"
    return (
        "sales.price-overlaps",
        Text(f"{f['product_code']} 在 {f['valid_from']} 至 {until} 已有价格。",
             f"{f['product_code']} has a price from {f['valid_from']} to {until} already."),
        Text("先结束原价格,或改有效期。", "End that price first, or choose other days."),
    )  # fmt: skip


def _not_in_contract(f: Facts) -> tuple[str, Text, Text]:
    return (
        "sales.not-in-contract",
        Text(f"第 {f['line_no']} 行不在订单的合同中。",
             f"Line {f['line_no']} is not in the order's contract."),
        Text("选择合同中的产品,或去掉合同行。",
             "Choose a product of the contract, or leave the contract line out."),
    )  # fmt: skip


STATES: dict[str, Words] = {
    "KT130": _exceeded,
    "KT131": _fixed,
    "KT132": _not_whole,
    "KT133": _overlap,
    "KT134": _not_in_contract,
    "KT135": lambda f: (
        "sales.state-differs",
        Text(f"{f['number']} 的数量表明其状态应为“{f['said']}”。",
             f"The quantities of {f['number']} say “{f['said']}”."),
        Text("状态由数量得出,无需手工更改。", "The state follows from the quantities."),
    ),
    "KT136": lambda f: (
        "sales.not-checked",
        Text(f"{f['number']} 未通过检查,不能批准。",
             f"{f['number']} has not passed its checks and cannot be approved."),
        Text("先解决未通过的检查。", "Resolve the checks that fail first."),
    ),
    "KT137": lambda f: (
        "sales.still-kept",
        Text(f"仍有 {float(f['reserved']):g} 预留或已拣。",
             f"{float(f['reserved']):g} is still reserved or picked."),
        Text("先释放预留,或放回已拣的货。", "Release it, or put back what was picked, first."),
    ),
    "KT139": lambda f: (
        "sales.not-allowed",
        Text(f"{f['number']}:客户或产品不符合销售条件({f['finding']})。",
             f"{f['number']}: customer or product may not trade ({f['finding']})."),
        Text("查看检查结果并补齐资料。", "Look at the checks and complete what is missing."),
    ),
    "KT138": lambda f: (
        "sales.same-person",
        Text("接单人不能批准自己的指定。", "Who took an order cannot agree to its choice."),
        Text("请另一位有权限的同事处理。", "Ask a colleague who may do this."),
    ),
    **DELIVERY_STATES,
}  # fmt: skip

#: A block whose refusal by a rule of contracts or orders is raised in words.
explained = Refusals(STATES).explained
