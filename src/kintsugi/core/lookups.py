"""Text lookups that indexes answer: ``ilike`` for trigram indexes, prefixes for plain ones.

Django's ``icontains`` compares ``UPPER(column)``, which no index of ours holds.
"""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import CharField, Lookup, Model, Q, QuerySet, TextField

Row = TypeVar("Row", bound=Model)

#: The greatest code point: nothing that starts with a text sorts behind text + this.
LAST = "\U0010ffff"


@CharField.register_lookup
@TextField.register_lookup
class ILike(Lookup):
    """``name__ilike="%abc%"``: PostgreSQL's ILIKE, answered by a trigram index."""

    lookup_name = "ilike"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """The comparison."""
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} ILIKE {right}", (*left_params, *right_params)


def occurs(field: str, text: str) -> Q:
    """The field contains the text, whatever its case; percent signs and underscores are plain."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Q(**{f"{field}__ilike": f"%{plain}%"})


def starts(field: str, text: str) -> Q:
    """The field starts with the text: a range over a plain index (the collation is C.UTF-8)."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def by_number(rows: QuerySet[Row], text: str) -> Row | None:
    """The row with this number, or with this id where the text is one."""
    try:
        return rows.filter(pk=UUID(text)).first()
    except ValueError:
        return rows.filter(number=text).first()
