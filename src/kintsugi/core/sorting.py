"""Sort keys: Chinese names sort by their sound, others by their letters.

The embedded server has no ICU collations, so the key is stored beside the name.
"""

import polars as pl
from pypinyin import lazy_pinyin

#: Characters of a key; longer names sort by their beginning.
KEY_CHARS = 200


def sort_key(name: str) -> str:
    """The pinyin of Chinese characters and the lower-cased rest, e.g. ``示例 A`` → ``shi li a``."""
    return " ".join(lazy_pinyin(name)).casefold()[:KEY_CHARS]


def with_sort_key(
    frame: pl.DataFrame, *, name: str = "name", key: str = "name_sort"
) -> pl.DataFrame:
    """The frame with a sort key column; names without Chinese characters take the fast path."""
    if name not in frame.columns:
        return frame
    chinese = pl.col(name).str.contains(r"\p{Han}")
    distinct = frame.filter(chinese).select(name).unique()
    keys = distinct.with_columns(
        pl.Series(key, [sort_key(v) for v in distinct[name].to_list()], dtype=pl.String)
    )
    return frame.join(keys, on=name, how="left").with_columns(
        pl.coalesce(key, pl.col(name).str.to_lowercase().str.slice(0, KEY_CHARS), pl.lit("")).alias(
            key
        )
    )
