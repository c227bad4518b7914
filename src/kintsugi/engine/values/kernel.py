"""``norm`` for one value, ``normalise`` for a column: heavy Python once per distinct value.

For the kinds that make up most cells a Polars expression finds the values that are canonical
already; only the rest goes through Python. The guards are strict: what they let pass, the Python
normaliser would return unchanged and without issue (a property test holds the two together).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.engine.udi import gtin_mask
from kintsugi.engine.values import (
    aliases,
    coded,
    dates,
    models,
    numbers,
    parties,
    people,
    places,
    terms,
    texts,
    units,
)
from kintsugi.engine.values.base import EMPTY, MOJIBAKE, NULL_WORDS, Norm


def _list(raw: str, **args: object) -> Norm:
    return coded.norm_list(raw, normaliser=_kind(str(args.get("item") or "text")), **args)


KINDS: Mapping[str, Callable[..., Norm]] = {
    "text": texts.norm_text,
    "code": texts.norm_code,
    "serial": texts.norm_serial,
    "di": texts.norm_di,
    "udi": texts.norm_udi,
    "email": texts.norm_email,
    "country": texts.norm_country,
    "reference": texts.norm_text,
    "date": dates.norm_date,
    "integer": numbers.norm_integer,
    "decimal": numbers.norm_decimal,
    "money": numbers.norm_money,
    "currency": numbers.norm_currency,
    "quantity": units.norm_quantity,
    "duration": terms.norm_duration,
    "duration_months": terms.norm_duration_months,
    "boolean": coded.norm_boolean,
    "enum": coded.norm_enum,
    "list": _list,
    "phone": parties.norm_phone,
    "uscc": parties.norm_uscc,
    "id_card": parties.norm_id_card,
    "registration_no": parties.norm_registration_no,
    "party_key": parties.norm_party_key,
    "party_name": parties.norm_party_name,
    "alias": aliases.norm_alias,
    "model": models.norm_model,
    "place": places.norm_place,
    "person": people.norm_person,
}

SCHEMA = {
    "raw": pl.Utf8,
    "value": pl.Utf8,
    "rule": pl.Utf8,
    "issue": pl.Utf8,
    "confidence": pl.Float64,
    "precision": pl.Utf8,
    "unit": pl.Utf8,
    "more": pl.Utf8,
}


def _kind(kind: str) -> Callable[..., Norm]:
    try:
        return KINDS[kind]
    except KeyError:
        raise KintsugiError(
            "values.unknown-kind",
            Text(f"没有名为 {kind} 的规范化方法。", f"There is no normaliser called {kind}."),
            Text("可用的有：" + "、".join(KINDS), "There are: " + ", ".join(KINDS)),
            kind=kind,
        ) from None


def norm(kind: str, raw: str | None, **args: object) -> Norm:
    """What becomes of one raw value. Raises KintsugiError for an unknown kind."""
    normaliser = _kind(kind)
    return EMPTY if raw is None else normaliser(raw, **args)


# Text without anything to trim or remove: no outer blank, control, invisible or special space.
_CLEAN_TEXT = (
    r"^[^\s\p{Cc}\p{Cf}='\u{fe00}-\u{fe0f}\u{fffd}]"
    r"(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fe00}-\u{fe0f}\u{fffd}]*"
    r"[^\s\p{Cc}\p{Cf}\u{fe00}-\u{fe0f}\u{fffd}])?$"
)
_UPPER_CODE = r"^[A-Z0-9][A-Z0-9\-/_.#]*$"
_KEEP_CODE = r"^[A-Za-z0-9](?:[A-Za-z0-9 \-/_.#]*[A-Za-z0-9\-/_.#])?$"
# Codes a spreadsheet may have damaged, and inner runs of blanks.
_DUBIOUS_CODE = r"^[0-9]+\.0+$|  "
_MOJIBAKE = "|".join(MOJIBAKE)
# Lettered with four last digits, or eight digits and more: nothing of the kind is a placeholder
# but the same digit again and again, and 12345678….
_PLAIN_SERIAL = r"^[A-Z][A-Z0-9\-]*[0-9]{4}$|^[1-9][0-9]{7,}$"
_DUBIOUS_SERIAL = r"^(?:1+|2+|3+|4+|5+|6+|7+|8+|9+|123456789?0?)$"


def _length_ok(args: Mapping[str, object]) -> pl.Expr:
    longest = args.get("max_length")
    return pl.col("raw").str.len_chars() <= longest if isinstance(longest, int) else pl.lit(True)


def _maybe_null(raws: pl.Series) -> pl.Series:
    """True where a text is a word for nothing or, by signs that NFKC folds, could be one.

    No such word has a digit from 1 to 9 (a test holds this), so most values need no look-up.
    """
    short = (raws.str.len_chars() <= 24) & ~raws.str.contains("[1-9]")
    at = short.arg_true()
    bare = raws.gather(at).str.replace_all(r"\s", "").str.to_lowercase()
    null = bare.is_in(list(NULL_WORDS)) | ~bare.str.contains(r"^[\x00-\x7f\u{4e00}-\u{9fff}]*$")
    found = np.zeros(len(raws), dtype=np.bool_)
    found[at.to_numpy()] = null.to_numpy()
    return pl.Series(found)


def _canonical(kind: str, distinct: pl.DataFrame, args: Mapping[str, object]) -> pl.Series | None:
    """True where a raw value is canonical as it is; None if the kind has no guard."""
    raw = pl.col("raw")
    can_be_null = False
    guard: pl.Expr
    if kind in ("text", "reference"):
        guard = raw.str.contains(_CLEAN_TEXT) & ~raw.str.contains(_MOJIBAKE) & _length_ok(args)
        can_be_null = True
    elif kind == "code" and not args.get("pattern"):
        shape = _KEEP_CODE if args.get("case") == "keep" else _UPPER_CODE
        guard = raw.str.contains(shape) & ~raw.str.contains(_DUBIOUS_CODE) & _length_ok(args)
        can_be_null = True
    elif kind == "serial":
        guard = raw.str.contains(_PLAIN_SERIAL) & ~raw.str.contains(_DUBIOUS_SERIAL)
        guard = guard & _length_ok(args)
    elif kind == "di" and args.get("issuer") in (None, "GS1"):
        return gtin_mask(distinct["raw"])
    elif kind == "date":
        return _canonical_dates(distinct["raw"])
    elif kind == "boolean":
        guard = raw.is_in(["true", "false"])
    elif kind == "enum":
        guard = raw.is_in(_codes(args))
    elif kind == "integer" and "header" not in args:
        guard = raw.str.contains(r"^(?:0|-?[1-9][0-9]{0,17})$") & _in_range(args)
    elif kind == "decimal" and "header" not in args:
        guard = raw.str.contains(r"^-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]*[1-9])?$") & _in_range(args)
        guard = guard & (raw != "-0")
    elif kind == "money" and not args.get("header") and not args.get("unit"):
        shape = r"^-?(?:0|[1-9][0-9]{0,12})\.(?:[0-9]{2}|[0-9]{2,6}[1-9])$"
        guard = raw.str.contains(shape) & ~raw.str.contains(r"^-0\.0+$") & _in_range(args)
    else:
        return None
    mask = distinct.select(guard.fill_null(False)).to_series()
    return mask & ~_maybe_null(distinct["raw"]) if can_be_null else mask


def _codes(args: Mapping[str, object]) -> list[str]:
    allowed = args.get("allowed")
    return [str(code) for code in allowed] if isinstance(allowed, dict) else []


def _in_range(args: Mapping[str, object]) -> pl.Expr:
    """A value clearly inside the range; the edges are Python's matter, where it is exact."""
    number = pl.col("raw").cast(pl.Float64, strict=False)
    inside = pl.lit(True)
    if args.get("minimum") is not None:
        inside = inside & (number >= float(str(args["minimum"])))
    if args.get("maximum") is not None:
        inside = inside & (number <= float(str(args["maximum"])))
    return inside


def _canonical_dates(raws: pl.Series) -> pl.Series:
    """Real days written YYYY-MM-DD within the plausible years."""
    shaped = raws.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$").fill_null(False)
    days = raws.str.to_date("%Y-%m-%d", strict=False)
    years = days.dt.year()
    plausible = (years >= dates.EARLIEST_YEAR) & (years <= dates.LATEST_YEAR)
    return shaped & days.is_not_null() & plausible.fill_null(False)


def _useful(kind: str, args: Mapping[str, object]) -> dict[str, object]:
    """The arguments without a header that says nothing about the numbers below it: with one there
    is no guard."""
    kept = dict(args)
    header = kept.get("header")
    if kind in ("integer", "decimal", "money") and header is not None:
        told = numbers.scale_of_header(str(header)) or numbers.currency_of_header(str(header))
        # An amount without a header is read by the unit of its column.
        if not told and not (kind == "money" and kept.get("unit")):
            del kept["header"]
    return kept


def normalise(kind: str, raws: pl.Series, args: Mapping[str, object] | None = None) -> pl.DataFrame:
    """One row per distinct raw value, columns as in ``SCHEMA``.

    ``more`` is a JSON object or null. Null raw values are left out: join back on ``raw``.

    Raises KintsugiError for an unknown kind.
    """
    normaliser, args = _kind(kind), _useful(kind, args or {})
    distinct = pl.DataFrame({"raw": raws.cast(pl.Utf8).drop_nulls().unique()})
    mask = _canonical(kind, distinct, args)
    if mask is None:
        rest, fine = distinct, distinct.clear()
    else:
        rest, fine = distinct.filter(~mask), distinct.filter(mask)
    done = _as_they_are(kind, fine["raw"])
    rows = []
    for raw in rest["raw"]:
        n = normaliser(raw, **args)
        more = json.dumps(dict(n.more), ensure_ascii=False) if n.more else None
        rows.append((raw, n.value, n.rule, n.issue, n.confidence, n.precision, n.unit, more))
    if not rows:
        return done
    return pl.concat([done, pl.DataFrame(rows, schema=SCHEMA, orient="row")])


def _as_they_are(kind: str, raws: pl.Series) -> pl.DataFrame:
    """What ``normalise`` says of values that are canonical."""
    empty = pl.lit(None, dtype=pl.Utf8)
    return pl.DataFrame({"raw": raws}).select(
        pl.col("raw"),
        pl.col("raw").alias("value"),
        empty.alias("rule"),
        empty.alias("issue"),
        pl.lit(1.0).alias("confidence"),
        (pl.lit("day") if kind == "date" else empty).alias("precision"),
        empty.alias("unit"),
        empty.alias("more"),
    )


#: Of so many first values at least so many differ: looking at each is cheaper than telling them
#: apart and joining back (measured: a sixth of the time for a column of serials).
_LOOK, _MANY = 10_000, 5_000


def normalise_column(
    kind: str, raws: pl.Series, args: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """``value`` and ``issue`` (texts) for each row of a column, in its order; null stays null.

    The same values as ``normalise`` joined back. Raises KintsugiError for an unknown kind.
    """
    args = _useful(kind, args or {})
    raws = raws.cast(pl.Utf8).rename("raw")
    mask = None
    if raws.head(_LOOK).n_unique() > _MANY:
        mask = _canonical(kind, raws.to_frame(), args)
    left = raws if mask is None else raws.filter(~mask.fill_null(value=False))
    known = normalise(kind, left, args).select("raw", "value", "issue")
    joined = left.to_frame().join(known, on="raw", how="left", maintain_order="left")
    if mask is None:
        return joined.select("value", "issue")
    # Both parts behind each other, and each row takes its own: no join over the canonical ones.
    at = np.arange(len(raws))
    odd = (~mask.fill_null(value=False)).to_numpy()
    at[odd] = len(raws) + np.arange(int(odd.sum()))
    value = pl.concat([raws, joined["value"].rename("raw")]).gather(at).rename("value")
    none = pl.Series("raw", [None], dtype=pl.Utf8)
    issue = pl.concat([none, joined["issue"].rename("raw")])
    place = np.zeros(len(raws), dtype=np.int64)
    place[odd] = 1 + np.arange(int(odd.sum()))
    return pl.DataFrame([value, issue.gather(place).rename("issue")])
