"""What is different about rows that ought to be the same, by the shape of the difference."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from kintsugi.engine.text import Text

#: Kinds of breaks: what each says.
BREAKS: dict[str, Text] = {
    "only-left": Text("只在左边有", "only on the left"),
    "only-right": Text("只在右边有", "only on the right"),
    "repeated-left": Text("左边重复", "there once more on the left"),
    "repeated-right": Text("右边重复", "there once more on the right"),
    "timing": Text("金额相同,日期超出容差", "same amount, dates further apart than allowed"),
    "rounding": Text("舍入差", "rounded differently"),
    "sign": Text("正负号相反", "the sign is turned round"),
    "transposed": Text("数字位置颠倒", "two digits changed places"),
    "shifted": Text("小数点错位", "the decimal point is elsewhere"),
    "digit": Text("一位数字不同", "one digit differs"),
    "ratio": Text("按固定比例不同", "differs by a ratio that others share"),
    "constant": Text("相差固定金额", "differs by an amount that others share"),
    "partial": Text("只到一部分", "only a part is there"),
    "amount": Text("金额不同", "the amounts differ"),
    "not-alike": Text("文字不同", "the texts differ"),
    "unread": Text("金额或日期无法识别", "amount or date cannot be read"),
}
#: From so many breaks on with one ratio or one difference it is a pattern and no chance.
SHARED_MIN = 3
_ROUNDING = Decimal("0.05")


def shape(left: int, right: int, places: int) -> str:
    """The kind of one difference between two amounts in counts of 10^-places."""
    off = left - right
    if abs(off) <= int(_ROUNDING.scaleb(places)):
        return "rounding"
    if left == -right:
        return "sign"
    a, b = str(abs(left)), str(abs(right))
    if (left < 0) != (right < 0):
        return "amount"
    if a.rstrip("0") == b.rstrip("0"):
        return "shifted"
    if len(a) == len(b):
        differing = [at for at, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        if len(differing) == 1:
            return "digit"
        if _changed_places(a, b, differing):
            return "transposed"
    return "amount"


def _changed_places(a: str, b: str, differing: Sequence[int]) -> bool:
    if len(differing) != 2:
        return False
    i, j = differing
    return j == i + 1 and a[i] == b[j] and a[j] == b[i]


def shared(pairs: Sequence[tuple[int, int]], places: int) -> dict[tuple[int, int], tuple[str, str]]:
    """Pairs whose ratio (tax, currency) or difference (a fee) several others have too: the kind and
    the ratio or amount, by pair. ``pairs`` are amounts that differ with no other explanation."""
    ratios = Counter(_ratio(a, b) for a, b in pairs if b)
    steps = Counter(a - b for a, b in pairs)
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for a, b in pairs:
        if b and ratios[_ratio(a, b)] >= SHARED_MIN and _several(pairs, _ratio(a, b)):
            found[a, b] = ("ratio", f"{_ratio(a, b).normalize():f}")
        elif steps[a - b] >= SHARED_MIN:
            found[a, b] = ("constant", f"{Decimal(a - b).scaleb(-places).normalize():f}")
    return found


def _ratio(a: int, b: int) -> Decimal:
    return (Decimal(a) / Decimal(b)).quantize(Decimal("0.001"))


def _several(pairs: Sequence[tuple[int, int]], ratio: Decimal) -> bool:
    """Whether amounts of different size share the ratio: the same pair again says nothing."""
    return len({pair for pair in pairs if pair[1] and _ratio(*pair) == ratio}) >= SHARED_MIN
