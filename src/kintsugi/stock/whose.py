"""Whose places and things are, for the ORM; the same conditions as SQL: ``sql/scope_stock_*.sql``.

A warehouse belongs to a scope that names it or its region; a customer's site or consignment to a
scope of that customer. The world outside (supplier, scrap, differences, opening) is a place
everybody needs to name, but what lies there is shown only without limits.
"""

from django.db.models import Q

from kintsugi.core.scope import Scope
from kintsugi.parties.selectors import customer_within
from kintsugi.stock.kinds import UNCOUNTED


def warehouse_within(scope: Scope, path: str = "") -> Q:
    """The warehouses of a scope; ``path`` leads to the warehouse, such as ``warehouse__``."""
    found = Q(**{f"{path}id__in": scope.warehouses})
    for region in sorted(scope.regions):
        found |= Q(**{f"{path}region_code__startswith": region})
    return found


def things_within(scope: Scope, path: str) -> Q:
    """What lies in these warehouses or with these customers; ``path`` leads to the location."""
    return warehouse_within(scope, f"{path}warehouse__") | customer_within(scope, f"{path}party__")


def units_within(scope: Scope, path: str = "") -> Q:
    """Units that lie there, and those that were never here: a new one begins outside."""
    outside = Q(**{f"{path}location__kind__in": UNCOUNTED})
    return outside | things_within(scope, f"{path}location__")


def place_within(scope: Scope) -> Q:
    """Places of the scope, suppliers, and the places that are nobody's."""
    nobodys = Q(warehouse__isnull=True, party__isnull=True)
    return nobodys | Q(kind="supplier") | things_within(scope, "")
