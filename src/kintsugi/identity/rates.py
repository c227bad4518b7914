"""How often one may ask for what costs much."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Rate:
    """At most so many requests of one kind in one window, by account and by address without one."""

    name: str
    applies: Callable[[HttpRequest], bool]
    by_account: int
    by_address: int
    window_s: int = 60


def _is_upload(request: HttpRequest) -> bool:
    kind = request.headers.get("Content-Type", "")
    return request.method == "POST" and kind.startswith("multipart/form-data") and (
        "upload" in request.path or request.path.startswith("/api/")
    )  # fmt: skip


#: The first that applies counts. A log-in is counted by address, since nobody is logged in yet.
RATES: tuple[Rate, ...] = (
    Rate(
        "log-in",
        lambda r: r.method == "POST" and r.path.startswith("/accounts/"),
        by_account=30,
        by_address=60,
    ),
    Rate("upload", _is_upload, by_account=60, by_address=5),
    Rate("export", lambda r: r.GET.get("export") == "csv", by_account=30, by_address=5),
    Rate("search", lambda r: r.path == "/search/", by_account=240, by_address=30),
    Rate("api", lambda r: r.path.startswith("/api/"), by_account=1200, by_address=120),
)


def rate_of(request: HttpRequest) -> Rate | None:
    """The limit that counts for a request; None for what is cheap."""
    return next((rate for rate in RATES if rate.applies(request)), None)
