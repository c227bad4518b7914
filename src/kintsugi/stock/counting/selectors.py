"""Reads of stocktakes and adjustments. While a stocktake is counted nobody is shown what the ledger
expects: not on the page, not in the API, not in an export."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from kintsugi.core.queries import query
from kintsugi.stock.models import (
    Adjustment,
    AdjustmentLine,
    Stocktake,
    StocktakeCount,
    StocktakeLine,
)

#: States in which what was expected is shown.
OPEN_BOOK = ("review", "posted")
PROPOSED_MAX = 200
#: Days after which a product of a class is counted again. ABC: products that make up the first 80 %
#: of the value of stock, the next 15 %, and the rest.
COUNT_AGAIN_DAYS = {"A": 30, "B": 90, "C": 180}


def stocktakes() -> QuerySet[Stocktake]:
    """All of them."""
    return Stocktake.objects.filter(is_void=False).select_related("warehouse", "posting")


def stocktake(pk: UUID) -> Stocktake:
    """One stocktake. Raises ``Stocktake.DoesNotExist``."""
    return stocktakes().get(pk=pk)


def sheet(pk: UUID) -> QuerySet[StocktakeLine]:
    """What is to be counted, blindly: place, product and lot, serial units of a lot as one row,
    with ``work``: open, again (by another person) or done. Found goods that nobody expected are not
    on it."""
    every = StocktakeLine.objects.filter(stocktake=pk)
    same = every.filter(
        Q(lot=OuterRef("lot")) | Q(lot=None, product=OuterRef("product")),
        location=OuterRef("location"), product=OuterRef("product"),
    )  # fmt: skip
    first = same.filter(unit__isnull=False, expected__gt=0, pk__lt=OuterRef("pk"))
    return (
        every.filter(expected__gt=0)
        .exclude(Q(unit__isnull=False) & Exists(first))
        .annotate(
            work=Case(
                When(Exists(same.filter(state="recount")), then=Value("again")),
                When(Exists(same.filter(state="open")), then=Value("open")),
                default=Value("done"),
                output_field=CharField(),
            )
        )
        .select_related("location__warehouse", "product", "lot")
    )


def lines_of(pk: UUID) -> QuerySet[StocktakeLine]:
    """Every line with what was expected, counted and posted; nothing while it is counted."""
    return (
        StocktakeLine.objects.filter(stocktake=pk, stocktake__status__in=OPEN_BOOK)
        .annotate(value=F("difference") * F("unit_cost"))
        .select_related("stocktake", "location__warehouse", "product", "lot", "unit__location")
    )


def differences(pk: UUID) -> QuerySet[StocktakeLine]:
    """The lines that differ; nothing while it is counted."""
    return lines_of(pk).filter(state="confirmed")


def line(pk: UUID) -> StocktakeLine:
    """One line that differs. Raises ``StocktakeLine.DoesNotExist``."""
    return StocktakeLine.objects.select_related(
        "stocktake", "product", "lot", "unit", "location__warehouse"
    ).get(pk=pk, stocktake__status__in=OPEN_BOOK)


def progress(pk: UUID) -> dict[str, int]:
    """How many lines are open, again, agreed and confirmed."""
    found = StocktakeLine.objects.filter(stocktake=pk).values("state").annotate(n=Count("pk"))
    by_state = {row["state"]: row["n"] for row in found.order_by()}
    unexplained = StocktakeLine.objects.filter(stocktake=pk, state="confirmed", reason="").count()
    return {
        **{state: by_state.get(state, 0) for state in ("open", "recount", "matched", "confirmed")},
        "unexplained": unexplained,
    }


def values(pk: UUID) -> dict[str, Any]:
    """What was missing and what was too much, at the average cost of the day it was judged."""
    found = differences(pk).aggregate(
        missing=Sum("value", filter=Q(difference__lt=0)),
        surplus=Sum("value", filter=Q(difference__gt=0)),
    )
    return {name: value or 0 for name, value in found.items()}


def counts_of(pk: UUID) -> QuerySet[StocktakeCount]:
    """Who found how many, once the book is open."""
    return StocktakeCount.objects.filter(
        line__stocktake=pk, line__stocktake__status__in=OPEN_BOOK
    ).select_related("line")


def has_counted(pk: UUID, person: UUID | None) -> bool:
    """Whether a person counted anything of a stocktake."""
    return StocktakeCount.objects.filter(line__stocktake=pk, counted_by=person).exists()


def counters(pk: UUID) -> list[str]:
    """Names of those who counted."""
    found = StocktakeCount.objects.filter(line__stocktake=pk).order_by("counted_by_name")
    return list(found.values_list("counted_by_name", flat=True).distinct()[:50])


def proposals(*, warehouse: UUID, today: Any) -> list[dict[str, Any]]:
    """Products of a warehouse that are due to be counted, the most valuable first: product_code,
    name, abc, value, counted_on, due_on."""
    with connection.cursor() as cursor:
        cursor.execute(
            query("stock", "cycle_proposals"),
            {"warehouse": warehouse, "today": today, "limit": PROPOSED_MAX,
             **{f"days_{name.lower()}": days for name, days in COUNT_AGAIN_DAYS.items()}},
        )  # fmt: skip
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def adjustments() -> QuerySet[Adjustment]:
    """All of them."""
    return Adjustment.objects.filter(is_void=False).select_related("warehouse", "posting")


def adjustment(pk: UUID) -> Adjustment:
    """One adjustment. Raises ``Adjustment.DoesNotExist``."""
    return adjustments().get(pk=pk)


def adjustment_lines(of: Adjustment) -> QuerySet[AdjustmentLine]:
    """Its lines in order."""
    return (
        AdjustmentLine.objects.filter(adjustment=of)
        .select_related("location__warehouse", "product", "lot", "unit")
        .order_by("line")
    )
