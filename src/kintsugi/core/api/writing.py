"""What commands over HTTP share: their key, and reasons and codes as text."""

from typing import Annotated, Any

from ninja.params.functions import Header
from pydantic import StringConstraints

Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]
Line = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
KEY: Any = Header(
    ...,
    alias="Idempotency-Key",
    min_length=1,
    max_length=120,
    pattern=r"^[\x21-\x7e]+$",
    description="new for every command; the same one again when a request is repeated",
)


def codes_of(names: dict[str, Any]) -> str:
    """Codes with their meaning in both languages, for a field's description."""
    return "; ".join(f"`{code}` {text.en} {text.zh}" for code, text in names.items())
