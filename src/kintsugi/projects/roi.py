"""Cost and benefit in exact decimals: net present value, payback, return, three cases. Pure.

Formulas: monthly rate m = (1 + r)^(1/12) − 1; NPV = Σ flow_t ÷ (1 + m)^t, t = 0 first;
ROI = (Σ benefit − Σ cost) ÷ Σ cost; payback = the first month from which the sum of all flows so
far stays at or above zero.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

CENT = Decimal("0.01")
_EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)


def months_from(first: dt.date, count: int) -> list[dt.date]:
    """The first days of so many months, beginning with this one."""
    start = first.year * 12 + first.month - 1
    return [dt.date(n // 12, n % 12 + 1, 1) for n in range(start, start + count)]


def monthly_rate(rate_pct: Decimal) -> Decimal:
    """What an annual rate in percent comes to in a month, compounded."""
    with localcontext(_EXACT):
        return (1 + rate_pct / 100) ** (Decimal(1) / 12) - 1


def npv(flows: Sequence[Decimal], rate_pct: Decimal) -> Decimal:
    """Value today of monthly flows, the first of them now; to the cent."""
    with localcontext(_EXACT):
        if rate_pct == 0:  # exact, whatever the roots of one come to
            return sum(flows, Decimal(0)).quantize(CENT)
        factor = 1 + monthly_rate(rate_pct)
        total = Decimal(0)
        for flow in reversed(flows):
            total = total / factor + flow
        return total.quantize(CENT)


def payback(flows: Sequence[Decimal]) -> int | None:
    """How many months until the money is back for good: 1 when the first month already does; None
    when it never is, or when nothing was ever spent."""
    total, found, spent = Decimal(0), None, False
    for number, flow in enumerate(flows, 1):
        total += flow
        spent = spent or flow < 0
        if total < 0:
            found = None
        elif found is None:
            found = number
    return found if spent else None


def roi_pct(cost: Decimal, benefit: Decimal) -> Decimal | None:
    """(benefit − cost) ÷ cost in percent, one decimal; None where nothing was spent."""
    if cost == 0:
        return None
    with localcontext(_EXACT):
        return ((benefit - cost) / cost * 100).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Line:
    """A cost or benefit by month; None is unknown. Percentages are those of the cases."""

    side: str
    amounts: dict[dt.date, Decimal | None]
    best_pct: int = 100
    worst_pct: int = 100


@dataclass(frozen=True)
class Summary:
    """What lines come to. ``unknown`` counts the months of lines that nobody knows: they are left
    out, so sums with any are not the whole truth."""

    months: list[dt.date]
    flows: list[Decimal]
    cost: Decimal
    benefit: Decimal
    npv: Decimal
    payback: int | None
    roi_pct: Decimal | None
    unknown: int

    @property
    def net(self) -> Decimal:
        """Benefit less cost."""
        return self.benefit - self.cost


def summary(lines: Iterable[Line], *, rate_pct: Decimal, case: str = "base") -> Summary | None:
    """The lines together, in the case ``best``, ``base`` or ``worst``; None without any month."""
    costs: dict[dt.date, Decimal] = {}
    benefits: dict[dt.date, Decimal] = {}
    seen: set[dt.date] = set()
    unknown = 0
    for line in lines:
        share = {"best": line.best_pct, "worst": line.worst_pct}.get(case, 100)
        into = costs if line.side == "cost" else benefits
        for month, amount in line.amounts.items():
            seen.add(month)
            if amount is None:
                unknown += 1
                continue
            # What turned out worse than nothing is not made smaller by a bad case.
            scaled = amount * share / 100 if amount >= 0 else amount
            into[month] = into.get(month, Decimal(0)) + scaled
    if not seen:
        return None
    first, last = min(seen), max(seen)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    months = months_from(first, count)
    flows = [benefits.get(m, Decimal(0)) - costs.get(m, Decimal(0)) for m in months]
    cost = sum(costs.values(), Decimal(0)).quantize(CENT)
    benefit = sum(benefits.values(), Decimal(0)).quantize(CENT)
    return Summary(
        months=months, flows=[flow.quantize(CENT) for flow in flows], cost=cost, benefit=benefit,
        npv=npv(flows, rate_pct), payback=payback(flows), roi_pct=roi_pct(cost, benefit),
        unknown=unknown,
    )  # fmt: skip
