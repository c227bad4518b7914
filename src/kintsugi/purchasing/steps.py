"""What may happen next with each document, and why not. The services refuse the same; here people
see it before they try."""

from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from kintsugi.core.screens import Step
from kintsugi.core.screens.parts import Words
from kintsugi.core.verdicts import failed
from kintsugi.engine.text import Text
from kintsugi.purchasing.models import Notice, Receipt

Words_ = Sequence[Words]
#: Differences with a button of their own; the others are in the match.
RESOLVED_MAX = 10


def _url(name: str, record: Any) -> str:
    return reverse(f"purchasing:{name}", args=[record.pk])


def _not_me(record: Any, person: Any, zh: str, en: str) -> Words_:
    """The reason where the person who looks at the document (``record.me``) is that one."""
    me = getattr(record, "me", None)
    return [Text(zh, en)] if me is not None and me == person else []


def request_steps(record: Any) -> Sequence[Step]:
    """Decide, order, cancel."""
    cancel = Step(Text("取消", "Cancel"), _url("cancel-request", record), "x")
    if record.status == "submitted":
        own = _not_me(record, record.requested_by_id, "申请人不能审批自己的请购。",
                      "Who asks for it does not decide it.")  # fmt: skip
        return [Step(Text("审批", "Decide"), _url("decide-request", record), "check", True,
                     why_not=own), cancel]  # fmt: skip
    if record.status == "approved":
        order = Step(
            Text("转为采购订单", "Order it"), _url("order-request", record), "file-text", True
        )
        return [order, cancel]
    return []


def order_steps(record: Any) -> Sequence[Step]:
    """Hand in, approve, receive, announce, invoice, end."""
    checks: Words_ = [one.why for one in failed(record.found)]
    cancel = Step(Text("取消订单", "Cancel the order"), _url("cancel-order", record), "x",
                  why_not=_open_papers(record))  # fmt: skip
    if record.status == "draft":
        return [Step(Text("提交审批", "Hand in for approval"), _url("submit-order", record), "send",
                     True, post=True, why_not=checks), cancel]  # fmt: skip
    if record.status == "submitted":
        own = _not_me(record, record.buyer_id, "采购员不能批准自己的订单。",
                      "The buyer does not approve his own order.")  # fmt: skip
        return [
            Step(Text("批准并下单", "Approve and place"), _url("approve-order", record), "check",
                 True, why_not=[*own, *checks]),
            Step(Text("退回修改", "Send back"), _url("send-back-order", record), "arrow-back-up"),
            cancel,
        ]  # fmt: skip
    invoice = Step(Text("录入发票", "Enter an invoice"), _url("enter-invoice", record), "report")
    close = Step(Text("关闭订单", "Close the order"), _url("close-order", record), "lock",
                 why_not=_open_papers(record))  # fmt: skip
    if record.status in ("ordered", "part_received"):
        receive = f"{reverse('purchasing:open-receipt')}?order_no={record.number}"
        end = cancel if record.status == "ordered" else close
        return [
            Step(Text("收货", "Receive goods"), receive, "scan", True),
            Step(Text("登记到货通知", "Record an advance notice"), _url("announce", record),
                 "truck"),
            invoice,
            end,
        ]  # fmt: skip
    return (
        [invoice, close]
        if record.status == "received"
        else ([invoice] if record.status == "closed" else [])
    )


def _open_papers(record: Any) -> Words_:
    found: list[Words] = []
    notice = Notice.objects.filter(order=record, status="announced").first()
    if notice is not None:
        found.append(Text(f"到货通知 {notice.number} 还在途。", f"{notice.number} is on its way."))
    receipt = Receipt.objects.filter(order=record, status="draft").first()
    if receipt is not None:
        found.append(Text(f"{receipt.number} 正在收货。", f"{receipt.number} is being received."))
    return found


def notice_steps(record: Any) -> Sequence[Step]:
    """Receive it, or say that it does not come."""
    if record.status != "announced":
        return []
    named = urlencode({"order_no": record.order.number, "notice": record.number})
    url = f"{reverse('purchasing:open-receipt')}?{named}"
    return [
        Step(Text("收货", "Receive goods"), url, "scan", True),
        Step(Text("取消", "Cancel"), _url("cancel-notice", record), "x"),
    ]


def receipt_steps(record: Any) -> Sequence[Step]:
    """Scan, post, inspect, put away, return, reverse."""
    made: dict[str, Callable[[Any], Sequence[Step]]] = {
        "draft": _being_received,
        "received": _to_inspect,
        "inspecting": _to_inspect,
        "qualified": _to_shelve,
        "part_qualified": _to_shelve,
        "rejected": _to_return,
        "done": _to_return,
    }
    return made[record.status](record) if record.status in made else []


def _being_received(record: Any) -> Sequence[Step]:
    nothing: Words_ = [] if record.scanned else [Text("还没有扫描。", "Nothing was scanned.")]
    return [
        Step(Text("扫描收货", "Scan goods"), _url("receive", record), "scan", True),
        Step(Text("过账", "Post"), _url("post-receipt", record), "check", post=True,
             why_not=nothing),
        Step(Text("取消", "Cancel"), _url("cancel-receipt", record), "x"),
    ]  # fmt: skip


def _to_inspect(record: Any) -> Sequence[Step]:
    why = [
        *_not_me(record, record.order.buyer_id, "采购员不能验收自己采购的货物。",
                 "The buyer does not accept what he bought."),
        *_not_me(record, record.receiver_id, "收货人不能验收自己收的货物。",
                 "The receiver does not accept what he received."),
    ]  # fmt: skip
    steps = [Step(Text("验收", "Inspect"), _url("accept", record), "clipboard-check", True,
                  why_not=why)]  # fmt: skip
    if record.status == "inspecting":
        return [*steps, *_to_shelve(record)]
    own = _not_me(record, record.receiver_id, "收货人不能冲销自己的收货。",
                  "Who received it does not reverse it.")  # fmt: skip
    return [*steps, Step(Text("冲销收货", "Reverse the receipt"), _url("reverse-receipt", record),
                         "arrow-back-up", why_not=own)]  # fmt: skip


def _to_shelve(record: Any) -> Sequence[Step]:
    return [
        Step(Text("上架", "Put away"), _url("put-away", record), "building-warehouse",
             record.status != "inspecting"),
        *_to_return(record),
    ]  # fmt: skip


def _to_return(record: Any) -> Sequence[Step]:
    return [Step(Text("退供应商", "Return to the supplier"), _url("new-return", record),
                 "arrow-back-up", record.status == "rejected")]  # fmt: skip


def return_steps(record: Any) -> Sequence[Step]:
    """Decide, send, credit."""
    cancel = Step(Text("取消", "Cancel"), _url("cancel-return", record), "x")
    if record.status == "submitted":
        own = _not_me(record, record.requested_by_id, "申请人不能审批自己的退货。",
                      "Who asks for the return does not decide it.")  # fmt: skip
        return [Step(Text("审批", "Decide"), _url("decide-return", record), "check", True,
                     why_not=own), cancel]  # fmt: skip
    if record.status == "approved":
        return [
            Step(Text("发出", "Send it back"), _url("ship-return", record), "truck", True),
            cancel,
        ]
    if record.status == "shipped":
        return [Step(Text("登记红字凭证", "Record the credit note"), _url("credit-return", record),
                     "report", True)]  # fmt: skip
    return []


def invoice_steps(record: Any) -> Sequence[Step]:
    """Match, approve, send back."""
    if record.status != "entered":
        return []
    why: list[Words] = list(_not_me(record, record.entered_by_id, "录入人不能审核自己录入的发票。",
                                    "Who entered the invoice does not decide it."))  # fmt: skip
    if record.open:
        open_now = record.open
        why.append(
            Text(f"还有 {open_now} 行差异没有处理:在匹配表中点开处理。",
                 f"{open_now} differences are open: resolve them from the match.")
        )  # fmt: skip
    resolve = [
        Step(
            Text(f"处理第 {one.line} 行的差异", f"Resolve the difference of line {one.line}"),
            reverse("purchasing:resolve", args=[one.pk]),
            "edit",
        )
        for one in record.lines.exclude(result="matched")
        .filter(resolved_by_name="").order_by("line")[:RESOLVED_MAX]
    ]  # fmt: skip
    return [
        *resolve,
        Step(Text("审核通过", "Approve"), _url("approve-invoice", record), "check", True,
             why_not=why),
        Step(Text("重新匹配", "Match again"), _url("match-again", record), "refresh", post=True),
        Step(Text("退票", "Send back"), _url("reject-invoice", record), "arrow-back-up",
             why_not=why[:1] if not record.open or len(why) > 1 else []),
    ]  # fmt: skip
