"""The auditor's desk and evidence packs: what the record knows of deliveries and returns."""

from kintsugi.audit.selectors import (
    Chapter,
    PackColumn,
    PackTable,
    Scope,
    Section,
    name_commands,
    record_kind,
    register_section,
    too_large,
)
from kintsugi.core.errors import Text
from kintsugi.sales.kinds_delivery import DELIVERY, RETURN, RETURN_REASONS
from kintsugi.sales.models import Delivery, Return
from kintsugi.sales.selectors import deliveries, returns

FOUND_MAX = 20
COMMANDS = {
    f"sales.{name}": words
    for name, words in {
        "create-delivery": Text("生成出库单", "Make a delivery"),
        "create-wave": Text("安排波次", "Plan a wave"),
        "assign-delivery": Text("分配拣货", "Assign a delivery"),
        "cancel-delivery": Text("取消出库单", "Cancel a delivery"),
        "pick-scan": Text("扫描拣货", "Pick by scanning"),
        "put-back-scan": Text("扫描放回", "Put picked goods back"),
        "finish-picking": Text("完成拣货", "Finish picking"),
        "reopen-picking": Text("重新拣货", "Pick again"),
        "start-check": Text("开始复核", "Begin a check"),
        "check-scan": Text("扫描复核", "Scan at a check"),
        "pass-check": Text("复核通过", "Pass a check"),
        "fail-check": Text("复核不符", "Fail a check"),
        "ship-delivery": Text("出库", "Ship a delivery"),
        "hand-over": Text("交承运商", "Hand over to a carrier"),
        "reverse-shipment": Text("冲销出库", "Reverse a shipment"),
        "sign-delivery": Text("登记签收", "Record a receipt"),
        "report-use": Text("登记寄售使用", "Report what was used on consignment"),
        "take-back": Text("收回寄售", "Take a consignment back"),
        "request-return": Text("申请退货", "Ask for a return"),
        "approve-return": Text("批准退货", "Approve a return"),
        "reject-return": Text("驳回退货", "Reject a return"),
        "receive-return": Text("接收退货", "Receive a return"),
        "inspect-return": Text("验收退货", "Inspect a return"),
        "exchange": Text("换货出库", "Ship a replacement"),
        "close-return": Text("结清退货", "Settle a return"),
    }.items()
}


def collect(scope: Scope, limit: int) -> Chapter | None:
    """Deliveries and returns of the customers a pack is about. Raises ``pack.too-large``."""
    parties = [one.id for one in scope.subjects if one.entity == "party" and not one.related]
    if not parties:
        return None
    sent = list(
        deliveries.deliveries().filter(customer__in=parties).order_by("number")[: limit + 1]
    )
    back = list(returns.returns().filter(customer__in=parties).order_by("number")[: limit + 1])
    if len(sent) + len(back) > limit:
        raise too_large("sales-deliveries", rows=len(sent) + len(back), limit=limit)
    if not sent and not back:
        return None
    number = PackColumn("number", Text("编号", "Number"), "code", 1.4)
    state = PackColumn("state", Text("状态", "State"))
    return Chapter(
        [
            PackTable(
                "sales_deliveries",
                Text("出库单", "Deliveries"),
                (number, state, PackColumn("shipped", Text("出库日期", "Shipped on"), "code"),
                 PackColumn("picker", Text("拣货人", "Picker")),
                 PackColumn("checker", Text("复核人", "Checker")),
                 PackColumn("waybill", Text("运单号", "Waybill"), "code")),
                [
                    (one.number, DELIVERY.states[one.status], str(one.shipped_on or ""),
                     one.picker_name, one.checker_name, one.waybill)
                    for one in sent
                ],
            ),
            PackTable(
                "sales_returns",
                Text("退换货", "Returns"),
                (number, state, PackColumn("reason", Text("原因", "Reason")),
                 PackColumn("delivery", Text("原出库单", "Delivery"), "code"),
                 PackColumn("approved", Text("批准人", "Approved by")),
                 PackColumn("inspected", Text("验收人", "Inspected by"))),
                [
                    (one.number, RETURN.states[one.status], RETURN_REASONS[one.reason],
                     one.delivery.number, one.approved_by_name, one.inspected_by_name)
                    for one in back
                ],
            ),
        ]
    )  # fmt: skip


def register() -> None:
    """Add deliveries and returns to packs and the auditor's desk, and name their commands."""
    name_commands(COMMANDS)
    register_section(
        Section("deliveries", Text("出库与退货", "Deliveries and returns"), collect, 20)
    )
    record_kind(
        "sales_delivery",
        page="sales:delivery",
        find=lambda text: Delivery.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
    record_kind(
        "sales_return",
        page="sales:return",
        find=lambda text: Return.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:FOUND_MAX],
    )
