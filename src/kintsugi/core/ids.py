"""Time-ordered identifiers (UUID version 7, RFC 9562 §5.7).

Ordered ids keep index pages of bulk loads dense; a random version 4 costs a page write a row.
"""

import secrets
import time
import uuid

import numpy as np
import polars as pl


def uuid7() -> uuid.UUID:
    """One new UUIDv7: 48 bits of Unix milliseconds, 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


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
