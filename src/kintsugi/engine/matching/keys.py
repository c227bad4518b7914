"""What two records may have in common though a column is written differently: its beginning, its
sound, its rare words. Each is a column of keys beside the table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

import polars as pl
from pypinyin import lazy_pinyin

from kintsugi.engine.matching.model import Compared

How = Literal["whole", "start", "sound", "pinyin", "initials", "words"]
_SIGN: Final[dict[How, str]] = {
    "start": "^", "sound": " ~sound", "pinyin": " ~pinyin", "initials": " ~initials",
    "words": " ~words",
}  # fmt: skip
_START: Final = 4
_HAN: Final = r"[\u4e00-\u9fff]"
#: As many values of a column have to be Chinese, or Latin, for keys of that kind.
_SHARE: Final = 0.05
#: A word that more records have brings no two of them together; tried one after the other.
_WORD_RECORDS: Final = (60, 20, 6, 2)
_WORDS_EACH: Final = 3
#: Words for each value on average, below which a word is the value itself.
_WORDS_MEAN: Final = 1.5
#: Pairs for each record that the rare words of one column may bring.
_PER_RECORD: Final = 6
_CODES: Final = {
    "bfpv": "1", "cgjkqsxz": "2", "dt": "3", "l": "4", "mn": "5", "r": "6", "aeiouy": "0",
    "hw": "",
}  # fmt: skip
_CODE_OF: Final = {letter: code for letters, code in _CODES.items() for letter in letters}


@dataclass(frozen=True)
class Key:
    """A column of keys: of which column of the table, and how it is made from it."""

    name: str
    column: str
    how: How

    def finer(self, other: "Key") -> bool:
        """Whether records that agree on this key agree on the other too."""
        return self.column == other.column and (
            self.how == other.how or (self.how == "whole" and other.how != "words")
        )


@dataclass(frozen=True)
class Keyed:
    """A table with its keys, by name. ``words`` keys are lists: one in common is enough."""

    frame: pl.DataFrame
    keys: dict[str, Key] = field(default_factory=dict)

    def base(self, name: str) -> str:
        """The column of the table that a key is made of."""
        return self.keys[name].column if name in self.keys else name

    def listed(self, name: str) -> bool:
        """Whether a record has several keys of this name."""
        return name in self.keys and self.keys[name].how == "words"


def keyed(table: pl.DataFrame, columns: Sequence[Compared]) -> Keyed:
    """The table with all keys of the compared columns: every column but plain numbers whole; of
    names and long texts the beginning and rare words; of names the sound."""
    found: dict[str, Key] = {}
    more: list[pl.Series] = []

    def add(one: Compared, how: How, values: pl.Series | None) -> None:
        if values is None:
            return
        name = one.column + _SIGN[how]
        while name in table.columns:
            name += "'"
        found[name] = Key(name, one.column, how)
        more.append(values.alias(name))

    for one in columns:
        if one.kind != "number":
            found[one.column] = Key(one.column, one.column, "whole")
        if one.kind not in ("name", "text"):
            continue
        values = table[one.column]
        add(one, "start", values.str.slice(0, _START))
        add(one, "words", rare_words(values))
        if one.kind == "name":
            add(one, "sound", _per_value(values, "[a-z]{2}", sound))
            add(one, "pinyin", _per_value(values, _HAN, pinyin))
            add(one, "initials", _per_value(values, _HAN, initials))
    return Keyed(table.with_columns(more), found)


def _per_value(values: pl.Series, script: str, make: object) -> pl.Series | None:
    """A key for each value, made once for each different one; None in a column of hardly any text
    in this script."""
    distinct = values.drop_nulls().unique(maintain_order=True)
    if not len(distinct) or float(distinct.str.contains(script).mean() or 0) < _SHARE:  # type: ignore[arg-type]
        return None
    made = distinct.to_frame("value").with_columns(make(pl.col("value")).alias("key"))  # type: ignore[operator]
    made = made.with_columns(pl.when(pl.col("key") != "").then(pl.col("key")))
    return values.to_frame("value").join(made, on="value", how="left", maintain_order="left")["key"]


def _bare(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}", "")


def sound(text: pl.Expr) -> pl.Expr:
    """The Soundex of each Latin word of a folded text, in alphabetical order: robert smith and
    smyth rupert are both r163 s530. Accents do not count; Chinese has no such key."""
    words = _bare(text).str.extract_all("[a-z']{2,}")
    return pl.when(~text.str.contains(_HAN)).then(
        words.list.eval(soundex(pl.element())).list.sort().list.join(" ")
    )


def soundex(word: pl.Expr) -> pl.Expr:
    """The American Soundex of a word in small letters: robert, rupert → r163; ashcraft → a261."""
    plain = word.str.replace_all("[^a-z]", "")
    # h or w at the beginning stands like a vowel: its code is dropped with the first anyway.
    coded = plain.str.replace("^[hw]", "a").str.replace_many(
        list(_CODE_OF), list(_CODE_OF.values())
    )
    for code in "0123456":
        coded = coded.str.replace_all(f"{code}+", code)
    digits = coded.str.slice(1).str.replace_all("0", "")
    return plain.str.slice(0, 1) + (digits + "000").str.slice(0, 3)


@cache
def _readings() -> tuple[list[str], list[str], list[str]]:
    """Chinese characters, how each is read, and the first letter of that."""
    signs = [chr(code) for code in range(0x4E00, 0xA000)]
    read = [lazy_pinyin(sign)[0] for sign in signs]
    known = [(sign, said) for sign, said in zip(signs, read, strict=True) if said != sign]
    return [s for s, _ in known], [r for _, r in known], [r[0] for _, r in known]


def pinyin(text: pl.Expr) -> pl.Expr:
    """A folded name in Latin letters without anything between: 张三 and zhang san → zhangsan."""
    signs, read, _first = _readings()
    return _bare(text).str.replace_many(signs, read).str.replace_all("[^a-z0-9]", "")


def initials(text: pl.Expr) -> pl.Expr:
    """The first letters of a Chinese name, or of the words of a Latin one: 张三, zhang san → zs. A
    single Latin word is taken for initials where it is short (zs), else it has none."""
    signs, _read, first = _readings()
    han = text.str.extract_all(_HAN).list.join("").str.replace_many(signs, first)
    words = _bare(text).str.extract_all("[a-z]+")
    latin = (
        pl.when(words.list.len() > 1)
        .then(words.list.eval(pl.element().str.slice(0, 1)).list.join(""))
        .when(text.str.contains("^[a-z]{2,4}$"))
        .then(text)
    )
    return pl.when(text.str.contains(_HAN)).then(han).otherwise(latin)


def rare_words(values: pl.Series) -> pl.Series | None:
    """For each text its rarest words that others have too, in a list: Latin words and numbers,
    pairs of Chinese characters. None where a text is one word, or no word is rare enough."""
    text = pl.col("text")
    latin = text.str.extract_all("[a-z0-9]{2,}")
    even = text.str.extract_all(_HAN + "{2}")
    # Without the first of each run the pairs in between come out.
    odd = text.str.replace_all(f"(^|[^\u4e00-\u9fff]){_HAN}", "${1} ").str.extract_all(_HAN + "{2}")
    told = (
        values.to_frame("text")
        .with_row_index("row")
        .drop_nulls("text")
        .select(
            "row", pl.concat_list(latin, even, odd).list.unique(maintain_order=True).alias("word")
        )
    )
    if not told.height or float(told["word"].list.len().mean() or 0) < _WORDS_MEAN:  # type: ignore[arg-type]
        return None
    each = told.explode("word").drop_nulls("word")
    counts = each.group_by("word").len("n").filter(pl.col("n") > 1)
    for most in _WORD_RECORDS:
        rare = each.join(counts.filter(pl.col("n") <= most), on="word")
        rare = rare.sort("row", "n", "word").group_by("row", maintain_order=True).head(_WORDS_EACH)
        pairs = rare.group_by("word").len("n").select((pl.col("n") * (pl.col("n") - 1) / 2).sum())
        if float(pairs.item() or 0) <= max(_PER_RECORD * len(values), 20_000):
            break
    else:
        return None
    if not rare.height:
        return None
    lists = rare.group_by("row").agg(pl.col("word").sort())
    rows = pl.DataFrame({"row": pl.int_range(len(values), dtype=pl.UInt32, eager=True)})
    return rows.join(lists, on="row", how="left", maintain_order="left")["word"]
