"""Records that are one by rule, before any model: the same in every column, or the same maker's
serial number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kintsugi.engine.contract import load_contract
from kintsugi.engine.mapping.headers import named_fields
from kintsugi.engine.matching.clusters import SAME, SERIAL, rule_links
from kintsugi.engine.matching.lookalikes import shape
from kintsugi.engine.matching.model import Compared, Decision
from kintsugi.engine.values.aliases import alias_key, makers

Ints = npt.NDArray[np.int64]
#: Records that leave cells blank are one by rule where so few others would say by chance what they
#: say in the rest.
_BY_CHANCE = 0.1
#: How surely a header has to name its column.
_NAMED = 0.9
_SERIAL_LENGTH, _SERIAL_DIGITS = 5, 3
_RISING = "01234567890123456789"


@dataclass(frozen=True)
class Same:
    """``seen``: the rows that a model has to look at, ascending; each other row says the same as
    one of them. ``links`` are those of the rule, columns as ``LINKS``."""

    seen: Ints
    links: pl.DataFrame


def identical(
    plain: pl.DataFrame,
    columns: Sequence[Compared],
    sides: pl.Series | None,
    decisions: Sequence[Decision],
    *,
    one_to_one: bool,
) -> Same:
    """Rows that say the same in every compared column. ``plain``: folded texts; ``sides``: True
    for rows of the second of two lists, which are joined across only, and all seen.

    A row that a person keeps apart from any other is seen by the model as well.
    """
    names = [one.column for one in columns]
    rows = plain.select(names).with_row_index("__row")
    grouped = rows.group_by(names, maintain_order=True).agg("__row")
    distinct = grouped.height
    groups = grouped.filter(pl.col("__row").list.len() > 1)
    groups = groups.filter(_no_chance(grouped, groups, names, distinct))
    everyone = np.arange(plain.height, dtype=np.int64)
    apart = {row for d in decisions if d.link == "cannot" for row in (d.left, d.right)}
    if sides is not None:
        second = set(sides.arg_true().to_list())
        links = _across(groups["__row"].to_list(), second, one_to_one=one_to_one)
        return Same(everyone, rule_links(links, "same", SAME))
    forbidden = {frozenset((d.left, d.right)) for d in decisions if d.link == "cannot"}
    hidden: list[int] = []
    stars: list[tuple[int, int]] = []
    for members in groups["__row"].to_list():
        joined = members[:1]
        for row in members[1:]:
            if row in apart and any(frozenset((row, other)) in forbidden for other in joined):
                continue
            joined.append(row)
            stars.append((joined[0], row))
            if row not in apart:
                hidden.append(row)
    kept = np.ones(plain.height, dtype=np.bool_)
    kept[hidden] = False
    return Same(everyone[kept], rule_links(stars, "same", SAME))


def _no_chance(
    everything: pl.DataFrame, groups: pl.DataFrame, names: Sequence[str], distinct: int
) -> pl.Series:
    """Whether what each group says is too much to be said twice by chance: every column, or words
    in the others so rare that hardly another record has them all."""
    expected = pl.Series([float(distinct)], dtype=pl.Float64).new_from_index(0, groups.height)
    for name in names:
        counts = everything.group_by(name).len("n").drop_nulls(name)
        share = groups.select(name).join(counts, on=name, how="left", maintain_order="left")["n"]
        expected = expected * (share / distinct).fill_null(1.0)
    full = groups.select(pl.all_horizontal(pl.col(names).is_not_null())).to_series()
    return full | (expected < _BY_CHANCE)


def _across(
    groups: Sequence[Sequence[int]], second: set[int], *, one_to_one: bool
) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for members in groups:
        a = [row for row in members if row not in second]
        b = [row for row in members if row in second]
        if one_to_one:
            found += zip(a, b, strict=False)
        elif a and b:
            found += [(a[0], row) for row in b] + [(row, b[0]) for row in a[1:]]
    return found


def same_serials(
    plain: pl.DataFrame, headers: Sequence[str], sides: pl.Series | None
) -> pl.DataFrame:
    """Links of rows with one maker and one serial number, columns as ``LINKS``. ``headers``: the
    columns that may say so; one that is the same in all rows, such as the only maker's, too.

    Only where the headers name both columns, and where there is no doubt: the number is no filler
    (00000, 12345), the maker has no other that only looks like it, and the models, where a column
    names them, do not contradict each other.
    """
    named = _named(headers)
    nothing = rule_links([], "serial", SERIAL)
    if "serial" not in named or "maker" not in named:
        return nothing
    keys = _units(plain, named)
    found: list[tuple[int, int]] = []
    second = set(sides.arg_true().to_list()) if sides is not None else None
    for members, models in keys:
        if _contradict(models):
            continue
        if second is None:
            found += [(members[0], row) for row in members[1:]]
        else:
            found += _across([members], second, one_to_one=False)
    return rule_links(found, "serial", SERIAL)


def _named(headers: Sequence[str]) -> dict[str, str]:
    """Which columns name the maker, the model and the serial number, by the contracts' words."""
    wanted = (
        ("serial", "device", "serial_no"),
        ("maker", "product", "manufacturer"),
        ("model", "product", "model"),
    )
    found: dict[str, str] = {}
    for what, entity, field in wanted:
        contract = load_contract(entity)
        scored = [(named_fields(name, contract).get(field, (0.0, ""))[0], name) for name in headers]
        # Two columns that may be meant as well leave it open.
        best = [name for score, name in scored if score >= max(_NAMED, max(s for s, _ in scored))]
        if len(best) == 1:
            found[what] = best[0]
    return found


def _units(
    plain: pl.DataFrame, named: dict[str, str]
) -> Iterator[tuple[list[int], list[str | None]]]:
    """Rows with one maker and serial, and their models, without numbers in doubt."""
    serial = pl.col("serial")
    model = pl.col(named["model"]) if "model" in named else pl.lit(None, dtype=pl.String)
    frame = plain.select(
        pl.col(named["maker"]).alias("maker"), pl.col(named["serial"]).alias("serial"),
        model.alias("model"), pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
    ).drop_nulls(["maker", "serial"])  # fmt: skip
    book = makers()
    meant = {}
    for name in frame["maker"].unique().to_list():
        known = book.meant(name)
        meant[name] = known[0] if len(known) == 1 else name
    keys = {name: alias_key(text) or name for name, text in meant.items()}
    frame = frame.with_columns(
        pl.col("maker").replace_strict(keys, return_dtype=pl.String) if keys else "maker"
    ).filter(
        (serial.str.len_chars() >= _SERIAL_LENGTH)
        & (serial.str.count_matches("[0-9]") >= _SERIAL_DIGITS)
    )
    frame = frame.with_columns(shape(serial).alias("shape"))
    one = frame.group_by("maker", "shape").agg(pl.col("serial").n_unique().alias("n"))
    sure = frame.join(one.filter(pl.col("n") == 1), on=["maker", "shape"], how="semi",
                      maintain_order="left")  # fmt: skip
    grouped = sure.group_by("maker", "serial", maintain_order=True).agg("row", "model")
    for _maker, text, rows, models in grouped.filter(pl.col("row").list.len() > 1).iter_rows():
        if not _filler(text):
            yield rows, models


def _filler(text: str) -> bool:
    """Whether a serial number only fills its field: one digit over and over, or 12345."""
    digits = "".join(c for c in text if c.isdigit())
    return len(set(digits)) == 1 or digits in _RISING or digits[::-1] in _RISING


def _contradict(models: Sequence[str | None]) -> bool:
    """Whether two models of one unit cannot both be right: neither is written in the other."""
    bare = {"".join(c for c in text if c.isalnum()) for text in models if text}
    longest = max(bare, key=len, default="")
    return any(one not in longest for one in bare)
