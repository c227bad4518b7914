"""What every app's ``api.py`` is made of: log-in, errors, lists, records.

``api_url(name, **path)`` addresses a route by the name of its function.
"""

from typing import Any

from django.urls import reverse

#: Namespace of the routes under /api/v1.
NAMESPACE = "api-1.0.0"


def api_url(name: str, **path: Any) -> str:
    """The address of a route."""
    return reverse(f"{NAMESPACE}:{name}", kwargs=path)
