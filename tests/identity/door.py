"""What the tests of the log-in do at the door: log in, make codes, read events."""

import base64
import hashlib
import hmac
import struct
import time
from typing import Any

from django.test import Client

from kintsugi.identity.records import LoginEvent

PASSWORD = "gold-seam-2026"


def totp(secret: str, at_s: float | None = None) -> str:
    """The code of RFC 6238 (SHA-1, 30 s, 6 digits), worked here and not by the product."""
    counter = struct.pack(">Q", int(time.time() if at_s is None else at_s) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def log_in(client: Client, username: str = "li", password: str = PASSWORD) -> Any:
    """Send the log-in form."""
    return client.post("/accounts/login/", {"login": username, "password": password})


def is_in(client: Client) -> bool:
    """Whether this browser is logged in, as the product sees it."""
    return client.get("/search/").status_code == 200


def kinds(username: str | None = "li") -> list[str]:
    """The kinds of an account's events, oldest first."""
    rows = LoginEvent.objects.filter(account__username=username) if username else (
        LoginEvent.objects.all()
    )  # fmt: skip
    return [row.kind for row in rows.order_by("at", "id")]
