"""Whether a customer may have products, summed up over many lines: one verdict a check."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from kintsugi.core.verdicts import NOTHING, Verdict
from kintsugi.engine.text import Text
from kintsugi.products.selectors import trade_verdicts

NAMED_MAX = 5


def may_trade(customer: UUID, products: Mapping[UUID, str], *, on: dt.date) -> list[Verdict]:
    """Licence, scope, first review, status and certificate for products by id with their codes: one
    verdict for each check, which passes when it passes for all of them."""
    found = trade_verdicts(party=customer, products=list(products), role="customer", on=on)
    checks: dict[str, list[tuple[str, Verdict]]] = {}
    for product, verdicts in found.items():
        for one in verdicts:
            checks.setdefault(one.check, []).append((products[product], one))
    return [_summed(rows) for rows in checks.values()]


def _summed(rows: Sequence[tuple[str, Verdict]]) -> Verdict:
    first = rows[0][1]
    failing = [(code, one) for code, one in rows if not one.passed]
    if not failing:
        return Verdict(first.check, True, first.title, first.why, NOTHING, first.facts)
    whys = dict.fromkeys((one.why.zh, one.why.en) for _code, one in failing)
    codes = list(dict.fromkeys(code for code, _one in failing))
    named = ", ".join(codes[:NAMED_MAX]) + (" …" if len(codes) > NAMED_MAX else "")
    zh = " ".join(dict.fromkeys(zh for zh, _en in list(whys)[:NAMED_MAX]))
    en = " ".join(dict.fromkeys(en for _zh, en in list(whys)[:NAMED_MAX]))
    return Verdict(
        first.check,
        False,
        first.title,
        Text(f"{zh}({named})", f"{en} ({named})"),
        failing[0][1].remedy,
        {"products": codes, **failing[0][1].facts},
    )
