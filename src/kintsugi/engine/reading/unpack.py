"""Compressed sources, unpacked in bounded time and space."""

import contextlib
import zlib
from pathlib import Path
from typing import IO

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import MIB, ReadLimits


def guard(file: str, packed: int, unpacked: int, limits: ReadLimits, **facts: object) -> None:
    """Raises ``reading.bomb`` when content unfolds beyond the limits."""
    too_dense = unpacked > limits.ratio_free_bytes and unpacked > limits.max_ratio * max(1, packed)
    if unpacked > limits.max_uncompressed_bytes or too_dense:
        raise errors.bomb(
            file,
            packed_bytes=packed,
            unpacked_bytes=unpacked,
            max_ratio=limits.max_ratio,
            max_uncompressed_bytes=limits.max_uncompressed_bytes,
            **facts,
        )


def gunzip(source: Path, target: Path, *, file: str, limits: ReadLimits) -> None:
    """Unpacks a gzip file (of one or more members). Raises ``reading.truncated``, ``.bomb``."""
    packed = unpacked = 0
    inflate = zlib.decompressobj(wbits=31)
    with source.open("rb") as stream, target.open("wb") as out:
        while block := stream.read(MIB):
            packed += len(block)
            while block:
                try:
                    piece = inflate.decompress(block, 4 * MIB)
                except zlib.error as error:
                    raise errors.truncated(
                        file, unpacked_bytes=unpacked, packed_bytes=packed, detail=str(error)
                    ) from error
                unpacked += len(piece)
                guard(file, packed, unpacked, limits)
                out.write(piece)
                if inflate.eof:
                    block = inflate.unused_data
                    if not block.startswith(b"\x1f\x8b"):
                        block = b""  # padding after the last member
                    if block:
                        inflate = zlib.decompressobj(wbits=31)
                else:
                    block = inflate.unconsumed_tail
    if not inflate.eof:
        raise errors.truncated(file, unpacked_bytes=unpacked, packed_bytes=packed)


def copy_bounded(
    stream: IO[bytes], out: IO[bytes], *, file: str, packed: int, limits: ReadLimits
) -> None:
    """Copies what a member really holds, whatever its directory entry claims."""
    unpacked = 0
    while block := stream.read(MIB):
        unpacked += len(block)
        guard(file, packed, unpacked, limits)
        out.write(block)


def remove(path: Path) -> None:
    """Removes a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
