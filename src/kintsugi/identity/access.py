"""What a person may see."""

from typing import Any

from kintsugi.core.scope import EVERYTHING, NOTHING, Scope


def scope_of(user: Any) -> Scope:
    """The rows within the person's scope; somebody not logged in sees nothing."""
    return EVERYTHING if user.is_authenticated else NOTHING
