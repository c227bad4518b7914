"""Lines to be posted, and what is checked before the database looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from kintsugi.core import scope
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.queries import query
from kintsugi.stock.models import Location, Posting

#: Lines of one posting; beyond that it is several.
LINES_MAX = 5_000
#: Postings that are corrected by turning them round; those of other documents are turned round by
#: what the document does, so that paper and ledger go on saying the same.
REVERSED_AS_SUCH = frozenset({"", "hand", "takeover", "adjustment", "stocktake"})
NO_LINES = Text("没有要过账的行。", "There is nothing to post.")


@dataclass(frozen=True)
class Line:
    """One move to be posted. ``unit`` moves with quantity 1; the lot of a unit is its own.

    ``unit_cost`` belongs to goods that come in from outside; what goes out takes the average.
    """

    product: UUID
    source: UUID
    target: UUID
    qty: Decimal = Decimal(1)
    lot: UUID | None = None
    unit: UUID | None = None
    source_quality: str = "qualified"
    target_quality: str = ""
    unit_cost: Decimal | None = None
    document_line: UUID | None = None


@dataclass(frozen=True)
class Document:
    """The paper behind a posting."""

    kind: str = ""
    number: str = ""
    id: UUID | None = None


def check_size(lines: Sequence[object]) -> None:
    """One line at least, and not too many."""
    if not lines:
        raise KintsugiError(
            "stock.no-lines", NO_LINES, Text("加一行。", "Add a line."), field="lines"
        )
    if len(lines) > LINES_MAX:
        raise KintsugiError(
            "stock.too-many-lines",
            Text(f"一次最多 {LINES_MAX:,} 行,现有 {len(lines):,} 行。",
                 f"At most {LINES_MAX:,} lines at a time; these are {len(lines):,}."),
            Text("分几次过账。", "Post them in several parts."),
            lines=len(lines),
            limit=LINES_MAX,
        )  # fmt: skip


def check_quantities(lines: Sequence[Line]) -> None:
    """More than nothing of each, and one of a unit."""
    for number, line in enumerate(lines, 1):
        if line.qty <= 0 or (line.unit is not None and line.qty != 1):
            raise KintsugiError(
                "stock.quantity",
                Text(f"第 {number} 行的数量 {line.qty} 不成立。",
                     f"The quantity {line.qty} of line {number} is none."),
                Text("数量须大于 0;有序列号的为 1。",
                     "Give more than 0, and 1 for a serial number."),
                field="qty",
                line=number,
                value=line.qty,
            )  # fmt: skip


def check_places(lines: Sequence[Line]) -> None:
    """Somebody with a limit moves goods between places of his own and the world outside; the
    policy of moves asks for one end only, since both sides see a line."""
    if scope.current().everything:
        return
    wanted = {place for line in lines for place in (line.source, line.target)}
    if Location.objects.filter(pk__in=wanted).count() != len(wanted):
        raise KintsugiError(
            "stock.place-of-others",
            Text("其中有不属于您的仓库的库位。", "A place among them is not of your warehouses."),
            Text("请由对两边都有权限的人过账。", "Ask somebody whose warehouses both ends are."),
            field="target",
        )


def check_whose(posting: Posting, taken_back_by: str) -> None:
    """Only its document takes back what a document posted."""
    if posting.document_kind in REVERSED_AS_SUCH or posting.document_kind == taken_back_by:
        return
    raise KintsugiError(
        "stock.of-document",
        Text(f"{posting.number} 由单据 {posting.document_no} 过账,不能单独冲销。",
             f"{posting.number} belongs to {posting.document_no}; it is not reversed by itself."),
        Text("在该单据上操作:冲销出库、放回、退货或冲销收货。",
             "Take the step on the document: reverse the shipment, put back, return, or reverse "
             "the receipt."),
        posting=posting.number,
        document=posting.document_no,
    )  # fmt: skip


def check_whole(posting: Posting) -> None:
    """A reversal turns every line round; somebody with a limit needs all of them to be his."""
    if scope.current().everything:
        return
    places = Location.objects.values("pk")
    own = posting.moves.filter(source__in=places, target__in=places).count()
    with connection.cursor() as cursor:
        cursor.execute(query("stock", "count_moves"), [posting.pk])
        (every,) = cursor.fetchone()
    if own != every:
        raise KintsugiError(
            "stock.place-of-others",
            Text(f"{posting.number} 涉及您权限以外的仓库。",
                 f"{posting.number} concerns warehouses that are not yours."),
            Text("请由对各仓库都有权限的人冲销。", "Ask somebody who has all of them."),
            posting=posting.number,
        )  # fmt: skip
