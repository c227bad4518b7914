"""Time-ordered identifiers (UUID version 7, RFC 9562 §5.7).

Ordered ids keep index pages of bulk loads dense; a random version 4 costs a page write a row.
"""

import secrets
import threading
import time
import uuid

import numpy as np
import polars as pl

_RANDOM_BITS = 74
_STEP_BITS = 32
_last = 0  # milliseconds and the 74 bits after them, of the id given out last
_lock = threading.Lock()


def uuid7() -> uuid.UUID:
    """One new UUIDv7, greater than all that this process made before.

    48 bits of Unix milliseconds and 74 random bits. Inside one millisecond, and while a clock that
    was set back catches up, the bits go on from the last id by a random step (RFC 9562 §6.2,
    method 2): rows written one after another in a transaction keep their order.
    """
    global _last
    fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    with _lock:
        if fresh >> _RANDOM_BITS <= _last >> _RANDOM_BITS:
            fresh = _last + 1 + secrets.randbits(_STEP_BITS)
        _last = fresh
    stamp, bits = fresh >> _RANDOM_BITS, fresh & ((1 << _RANDOM_BITS) - 1)
    high, low = bits >> 62, bits & ((1 << 62) - 1)
    return uuid.UUID(int=stamp << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)


def uuid7_series(count: int) -> pl.Series:
    """``count`` new UUIDv7 as text, strictly increasing, for a bulk load.

    The 12 bits after the version and the 14 bits after the variant count up inside one
    millisecond, the remaining 48 bits are random, as RFC 9562 §6.2 (method 1) allows.
    """
    start_ms = time.time_ns() // 1_000_000
    index = np.arange(count, dtype=np.uint64)
    # 2**26 ids share a millisecond; later ones borrow the following milliseconds.
    stamp = np.uint64(start_ms) + (index >> np.uint64(26))
    counter = index & np.uint64((1 << 26) - 1)
    random = np.frombuffer(secrets.token_bytes(8 * count), dtype=np.uint64) >> np.uint64(16)
    high = stamp << np.uint64(16) | np.uint64(0x7000) | counter >> np.uint64(14)
    low = np.uint64(0x8000 << 48) | (counter & np.uint64(0x3FFF)) << np.uint64(48) | random
    raw = np.empty((count, 2), dtype=">u8")
    raw[:, 0], raw[:, 1] = high, low
    text = raw.tobytes().hex()
    return pl.Series(
        [
            f"{text[i : i + 8]}-{text[i + 8 : i + 12]}-{text[i + 12 : i + 16]}"
            f"-{text[i + 16 : i + 20]}-{text[i + 20 : i + 32]}"
            for i in range(0, 32 * count, 32)
        ],
        dtype=pl.String,
    )
