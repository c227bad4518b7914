"""Context tokens: proof that a transaction's context came from the product.

``<key id>.<nonce>.<mac>``: the nonce is a UUIDv7 and so tells when the token was issued; the mac is
HMAC-SHA256 over the nonce and the context in one canonical form. The database stores the token
with the context and knows no key.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from kintsugi.audit.verifying.keys import ContextKey, context_keys
from kintsugi.core.ids import uuid7

FORMAT = "kintsugi-context-1"
#: What a token covers, in this order.
COVERED = ("actor", "actor_id", "command", "reason", "request_id", "run_id", "facts")
#: Clocks of two machines, and transactions that run for hours, may lie this far apart.
STALE_AFTER = dt.timedelta(hours=24)
#: Transactions that ran while the key was changed.
HANDOVER = dt.timedelta(minutes=5)

Fault = Literal["forged", "unknown-key", "retired-key", "stale"]


def issue_token(context: Mapping[str, Any]) -> str:
    """The token of a context: a mapping of COVERED names, ids as text or None."""
    key = context_keys()[-1]
    nonce = uuid7().hex
    return f"{key.key_id}.{nonce}.{mac_of(key, nonce, plain(context))}"


def token_fault(
    token: str,
    context: Mapping[str, Any],
    *,
    at: dt.datetime,
    keys: Mapping[str, tuple[ContextKey, dt.datetime | None]],
) -> Fault | None:
    """What is wrong with a token for this plain context of a transaction begun ``at``, or None.

    ``keys``: by id, each with the time its successor was made.
    """
    key_id, _, rest = token.partition(".")
    nonce, _, mac = rest.partition(".")
    if key_id not in keys:
        return "unknown-key"
    key, retired_at = keys[key_id]
    if len(nonce) != 32 or not hmac.compare_digest(mac_of(key, nonce, context), mac):
        return "forged"
    issued_at = issued(nonce)
    if retired_at is not None and issued_at > retired_at + HANDOVER:
        return "retired-key"
    if abs(issued_at - at) > STALE_AFTER:
        return "stale"
    return None


def issued(nonce: str) -> dt.datetime:
    """When a nonce was made: the first 48 bits of a UUIDv7 are milliseconds since 1970."""
    return dt.datetime.fromtimestamp(int(nonce[:12], 16) / 1000, dt.UTC)


def mac_of(key: ContextKey, nonce: str, context: Mapping[str, Any]) -> str:
    """The mac of a plain context under a nonce, as 64 hexadecimal digits."""
    covered = [FORMAT, nonce, *(context[name] for name in COVERED)]
    return hmac.new(key.secret, canonical(covered).encode(), hashlib.sha256).hexdigest()


def plain(value: Any) -> Any:
    """A value as it comes back from a jsonb column: what JSON has no form for as text, numbers
    exactly."""
    return from_json(json.dumps(value, default=str))


def from_json(text: str) -> Any:
    """JSON text as a value with all numbers exact."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def canonical(value: Any) -> str:
    """A plain value as one text that survives the way through a jsonb column: keys in order,
    numbers by their value, whatever way they were written."""
    return "".join(_parts(value))


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for name in sorted(value):
            yield json.dumps(name) + ":"
            yield from _parts(value[name])
            yield ","
        yield "}"
    elif isinstance(value, list):
        yield "["
        for one in value:
            yield from _parts(one)
            yield ","
        yield "]"
    elif isinstance(value, Decimal):
        yield "0" if value == 0 else format(value.normalize(), "f")
    else:
        yield json.dumps(value)
