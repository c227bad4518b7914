"""Whose the documents of sales are: the sending warehouse's, or the customer's.

As subqueries, not joins. A document has both, so a join to both would be an inner one; and the
database hides the one that lies beyond the scope, and the document with it.
"""

from django.apps import apps
from django.db.models import Q

from kintsugi.core.scope import Scope
from kintsugi.parties.selectors import customer_within
from kintsugi.stock.selectors import warehouse_within


def sent_from(scope: Scope) -> Q:
    """What the warehouses of a scope send."""
    houses = apps.get_model("stock", "Warehouse")._base_manager.filter(warehouse_within(scope))
    return Q(warehouse__in=houses.values("pk"))


def sold_to(scope: Scope) -> Q:
    """What goes to the customers of a scope."""
    customers = apps.get_model("parties", "Party")._base_manager.filter(customer_within(scope))
    return Q(customer__in=customers.values("pk"))
