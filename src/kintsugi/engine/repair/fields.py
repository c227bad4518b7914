"""Values of a column whose contract field is known, written as the field's normaliser asks."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from kintsugi.engine.contract import Contract, Field
from kintsugi.engine.mapping.headers import named_fields
from kintsugi.engine.repair.coding import Coded
from kintsugi.engine.repair.model import ValueSignal
from kintsugi.engine.values import normalise, vote_date_order

_MOSTLY: Final = 0.5
_NAMED: Final = 0.9  # confidence of a header's name from which a column is taken for the field


def fields_of(headers: Iterable[str], contract: Contract) -> Mapping[str, Field]:
    """The contract's field for each header that surely names one; a field is given once."""
    taken: dict[str, str] = {}
    for header in headers:
        named = named_fields(header, contract)
        best = max(named, key=lambda name: (named[name][0], name), default=None)
        if best is not None and named[best][0] >= _NAMED and best not in taken.values():
            taken[header] = best
    return {header: contract.field(name) for header, name in taken.items()}


def field_signals(column: Coded, field: Field) -> list[ValueSignal]:
    """What the normaliser changes is sure; what it cannot read is doubted, without a proposal."""
    raw = pl.Series("raw", [v for v in column.values if v], dtype=pl.String)
    if raw.is_empty():
        return []
    args = dict(field.norm_args)
    if field.norm == "date" and (order := vote_date_order(raw)):
        args["order"] = order
    known = normalise(field.norm, raw, args)
    total = int(column.counts.sum())
    codes = {v: c for c, v in enumerate(column.values)}
    unread = known.filter(pl.col("issue").is_not_null())["raw"]
    # A header may name the field and mean another thing: then hardly anything can be read.
    if sum(int(column.counts[codes[v]]) for v in unread) > _MOSTLY * total:
        return []
    found = []
    changed = known.filter(
        pl.col("issue").is_not_null() | pl.col("value").ne_missing(pl.col("raw"))
    )
    for text, value, issue in changed.select("raw", "value", "issue").iter_rows():
        code = codes[text]
        sure = 0.95 if issue is None else 0.7
        to = (value or "") if issue is None else None
        found.append(
            ValueSignal(code, to, "contract", sure, int(column.counts[code]), total, field.name)
        )
    return found
