"""Lines with too few or too many fields, brought to the width of their table where that is clear.

Too few fields are padded with blanks unless what stands there contradicts its columns; too many are
joined where a delimiter that nobody quoted explains them in exactly one way.
"""

from collections.abc import Sequence

from kintsugi.engine.reading.fit import Fit


def padded(fields: Sequence[str], fit: Fit) -> list[str] | None:
    """A short line with blanks at its end. None when it holds one field, or when blanks elsewhere
    fit the kinds of the columns better: then a delimiter is missing somewhere before."""
    if len(fields) < 2:
        return None
    blanks = [""] * (len(fit.kinds) - len(fields))
    at_end = fit.misfits(fields)
    if at_end > fit.allowed:
        for at in range(len(fields)):
            if fit.misfits([*fields[:at], *blanks, *fields[at:]]) < at_end:
                return None
    return [*fields, *blanks]


def joined(fields: Sequence[str], fit: Fit, delimiter: str) -> list[str] | None:
    """A long line whose surplus is one text with delimiters in it. None unless one place, and one
    only, fits: by the kinds of the columns, or by the blanks behind the delimiters of a text."""
    width, more = len(fit.kinds), len(fields) - len(fit.kinds)
    if not delimiter or width < 2 or more > width:
        return None
    tried = []
    for at in range(width):
        inside = fields[at : at + more + 1]
        if not all(part.strip() for part in inside):
            continue
        line = [*fields[:at], delimiter.join(inside), *fields[at + more + 1 :]]
        spaced = all(part.startswith(" ") for part in inside[1:])
        tried.append((fit.misfits(line), not spaced, line))
    if not tried:
        return None
    least = min(misfits for misfits, *_ in tried)
    best = [one for one in tried if one[0] == least]
    spaced_only = [one for one in best if not one[1]]
    chosen = spaced_only if len(best) > 1 else best
    if len(chosen) != 1 or least > fit.allowed:
        return None
    if len(best) == 1 and len(tried) == 1 and width > 2 and chosen[0][1]:
        return None
    return chosen[0][2]
