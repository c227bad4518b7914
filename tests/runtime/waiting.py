"""Waiting for something another process does."""

import time
from collections.abc import Callable


def eventually(fact: Callable[[], object], timeout_s: float = 30) -> bool:
    """Whether ``fact`` came true within the time, looked at every 20 ms."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if fact():
            return True
        time.sleep(0.02)
    return False
