"""The evidence on a pair of columns in words."""

from typing import TYPE_CHECKING

from kintsugi.engine.mapping.columns import ColumnFacts
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.mapping.ranking import Evidence

# Weaker evidence is not worth a sentence.
_TELLS = 0.2
_EXAMPLES = 3


def reasons_of(
    told: "Evidence", i: int, j: int, source: ColumnFacts, target: ColumnFacts
) -> tuple[Text, ...]:
    """What speaks for the pair, the strongest first, then what speaks against it."""
    if told.approved[i, j]:
        return (Text("此前已核准", "approved before"),)
    names, values = told.names[i, j], told.values[i, j]
    shared = [v for v in source.values if v in set(target.values)][:_EXAMPLES]
    zh = ":" + "、".join(shared) if shared else ""
    en = ": " + ", ".join(shared) if shared else ""
    speak = [
        (names, Text(f"名称相近 {names:.0%}", f"names alike {names:.0%}")),
        (values, Text(f"值相符 {values:.0%}{zh}", f"values found {values:.0%}{en}")),
        (
            told.header[i, j],
            Text("表头列出了目标的值", "the header lists values of the target"),
        ),
        (told.patterns[i, j], Text("编码格式相同", "codes are written alike")),
        (told.numbers[i, j], Text("数值范围相近", "numbers of a like range")),
    ]
    listed = [one for share, one in sorted(speak, key=lambda s: -s[0]) if share >= _TELLS]
    if told.types[i, j] < 0.5:
        listed.append(Text("类型不符", "the types differ"))
    if told.disagreement[i, j] > 0.5:
        listed.append(Text("值大多不在目标中", "few values stand in the target"))
    return tuple(listed)
