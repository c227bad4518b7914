"""A batch of messages as lines of one file; what is no record is put aside with the reason."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from kintsugi.engine.reading.jetstream import JetStream, Message

MESSAGE_MAX = 4 * 1024 * 1024
BATCH_BYTES = 256 * 1024 * 1024
TEXT_MAX = 2000
RANGES_MAX = 2000


@dataclass(frozen=True)
class Poison:
    """A message that is no JSON object."""

    sequence: int
    reason: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Messages ``first`` to ``last`` of a stream: a line of JSON each. ``again`` counts those that
    were kept before and came once more."""

    first: int
    last: int
    lines: list[bytes]
    poison: list[Poison]
    again: int
    held: list[list[int]]
    acknowledge: Callable[[], None]


def take(
    stack: ExitStack,
    host: str,
    port: int,
    *,
    tls: bool,
    said: Mapping[str, Any],
    secret: str,
    held: Sequence[Sequence[int]],
    limit: int,
) -> Batch | None:
    """The next messages; None where none wait. The connection lives as long as the stack.

    ``held``: the ranges of numbers that were kept before (``with_numbers``).
    """
    link = stack.enter_context(
        JetStream(host, port, tls=tls, user=str(said["user"]), secret=secret)
    )
    kept: list[Message] = []
    again: list[Message] = []
    size = 0
    for message in link.messages(said["stream"], said["consumer"], batch=limit):
        # What was kept before a crash could be acknowledged comes again, known by its number. The
        # highest number would not do: what was not kept comes again later than others.
        (again if _is_in(message.sequence, held) else kept).append(message)
        size += len(message.data)
        if size > BATCH_BYTES:
            break
    if not kept:
        for message in again:
            link.acknowledge(message)
        link.flush()
        return None
    kept.sort(key=lambda one: one.sequence)
    lines: list[bytes] = []
    poison: list[Poison] = []
    for message in kept:
        line, reason = record(message.data)
        if line is None:
            text = message.data[:TEXT_MAX].decode("utf-8", "replace").replace("\0", "�")
            poison.append(Poison(message.sequence, reason, text))
        else:
            lines.append(line)

    def acknowledge() -> None:
        for message in (*again, *kept):
            link.acknowledge(message)
        link.flush()

    numbers = with_numbers(held, [one.sequence for one in kept])
    return Batch(
        kept[0].sequence, kept[-1].sequence, lines, poison, len(again), numbers, acknowledge
    )


def _is_in(number: int, ranges: Sequence[Sequence[int]]) -> bool:
    return any(low <= number <= high for low, high in ranges)


def with_numbers(ranges: Sequence[Sequence[int]], numbers: Sequence[int]) -> list[list[int]]:
    """Ranges of whole numbers with more numbers in them; at most ``RANGES_MAX``, the latest."""
    joined: list[list[int]] = []
    for low, high in sorted([*((r[0], r[1]) for r in ranges), *((n, n) for n in numbers)]):
        if joined and low <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], high)
        else:
            joined.append([low, high])
    return joined[-RANGES_MAX:]


def record(data: bytes) -> tuple[bytes | None, str]:
    """A message as one line of JSON, or why it is none: ``too-large``, ``not-utf8``, ``not-json``,
    ``not-object``."""
    if len(data) > MESSAGE_MAX:
        return None, "too-large"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None, "not-utf8"
    try:
        found = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return None, "not-json"
    if not isinstance(found, dict) or not found:
        return None, "not-object"
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), ""
