"""Messages of a NATS JetStream: pulled in batches, acknowledged when their bytes are kept.

The protocol is lines of text: ``INFO``, ``CONNECT``, ``SUB``, ``PUB``, ``HMSG``. A client library
would bring an event loop for what is one request and its answers here.
"""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Final

from kintsugi.engine.reading import errors

_LINE_MAX: Final = 64 * 1024
_MESSAGE_MAX: Final = 64 * 1024 * 1024
_QUIET: Final = ("404", "408", "409")


@dataclass(frozen=True)
class Message:
    """One message: its number in the stream, how often it was delivered, and where to answer."""

    sequence: int
    deliveries: int
    subject: str
    data: bytes
    reply: str


class JetStream:
    """A connection to a NATS server. Raises ReadError ``reading.queue-…``.

    ``user`` with ``secret`` logs in by name, ``secret`` alone is a token.
    """

    def __init__(
        self, host: str, port: int, *, tls: bool, user: str, secret: str, timeout_s: float = 10
    ) -> None:
        self._place = f"{host}:{port}"
        self._asked = 0
        try:
            self._sock = socket.create_connection((host, port), timeout=timeout_s)
            self._file: BinaryIO = self._sock.makefile("rb")
            self._info = self._read_info()
            if tls or self._info.get("tls_required"):
                context = ssl.create_default_context()
                self._sock = context.wrap_socket(self._sock, server_hostname=host)
                self._file = self._sock.makefile("rb")
            options: dict[str, Any] = {
                "verbose": False, "pedantic": False, "lang": "python", "version": "1",
                "headers": True, "no_responders": True, "protocol": 1, "name": "kintsugi",
            }  # fmt: skip
            if user:
                options |= {"user": user, "pass": secret}
            elif secret:
                options["auth_token"] = secret
            self._send(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
            while not self._line().startswith(b"PONG"):
                continue
        except OSError as error:
            raise errors.queue_unreachable(self._place, type(error).__name__) from error

    def __enter__(self) -> "JetStream":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._file.close()
            self._sock.close()

    def messages(
        self, stream: str, consumer: str, *, batch: int, wait_s: float = 2.0
    ) -> Iterator[Message]:
        """Up to ``batch`` messages that wait for a durable consumer, in the order of the stream."""
        inbox = self._subscribe()
        request = {"batch": batch, "expires": int(wait_s * 1e9), "no_wait": True}
        place = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._publish(place, json.dumps(request).encode(), inbox)
        until = time.monotonic() + wait_s + 5
        for _ in range(batch):
            answer = self._next(until)
            if answer is None:
                return
            subject, reply, status, data = answer
            if status:
                if status in _QUIET:
                    return
                raise errors.queue_refused(self._place, stream, consumer, status)
            # $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>
            parts = reply.split(".")
            if not reply.startswith("$JS.ACK.") or len(parts) < 9:
                raise errors.queue_refused(self._place, stream, consumer, "no JetStream")
            at = -5 if len(parts) == 9 else -7
            yield Message(int(parts[at + 1]), int(parts[at]), subject, data, reply)

    def acknowledge(self, message: Message) -> None:
        """Say that a message is kept; it is not delivered again."""
        self._publish(message.reply, b"+ACK", "")

    def flush(self) -> None:
        """Wait until the server has read what was sent."""
        self._send(b"PING\r\n")
        while not self._line().startswith(b"PONG"):
            continue

    # -- the protocol ------------------------------------------------------------------------------

    def _subscribe(self) -> str:
        self._asked += 1
        inbox = f"_INBOX.kintsugi.{time.monotonic_ns()}.{self._asked}"
        self._send(f"SUB {inbox} {self._asked}\r\n".encode())
        return inbox

    def _publish(self, subject: str, data: bytes, reply: str) -> None:
        head = f"PUB {subject} {reply + ' ' if reply else ''}{len(data)}\r\n"
        self._send(head.encode() + data + b"\r\n")

    def _next(self, until: float) -> tuple[str, str, str, bytes] | None:
        """(subject, reply, status, data) of the next message; None when it is time."""
        while time.monotonic() < until:
            self._sock.settimeout(max(0.1, until - time.monotonic()))
            try:
                line = self._line()
            except TimeoutError:
                return None
            if line == b"PING":
                self._send(b"PONG\r\n")
            elif line.startswith((b"MSG ", b"HMSG ")):
                return self._message(line)
        return None

    def _message(self, line: bytes) -> tuple[str, str, str, bytes]:
        words = line.decode("utf-8", "replace").split()
        headed = words[0] == "HMSG"
        sizes = [int(one) for one in words[-2 if headed else -1 :]]
        plain = words[1 : -2 if headed else -1]
        subject, reply = plain[0], plain[2] if len(plain) > 2 else ""
        if sizes[-1] > _MESSAGE_MAX:
            raise errors.too_large(self._place, sizes[-1], _MESSAGE_MAX)
        body = self._exactly(sizes[-1])
        self._exactly(2)
        status = ""
        if headed:
            first = body[: sizes[0]].split(b"\r\n", 1)[0].split()
            status = first[1].decode() if len(first) > 1 else ""
            body = body[sizes[0] :]
        return subject, reply, status, body

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise errors.queue_unreachable(self._place, "closed")
        return data

    def _read_info(self) -> dict[str, Any]:
        line = self._line()
        try:
            if not line.startswith(b"INFO "):
                raise ValueError("no INFO")
            info = json.loads(line[5:])
        except ValueError as error:
            raise errors.queue_unreachable(self._place, "not NATS") from error
        return info if isinstance(info, dict) else {}

    def _line(self) -> bytes:
        line = self._file.readline(_LINE_MAX)
        if not line:
            raise errors.queue_unreachable(self._place, "closed")
        if line.startswith(b"-ERR"):
            raise errors.queue_refused(
                self._place, "", "", line[4:].decode("utf-8", "replace").strip(" '\r\n")
            )
        return line.strip()

    def _send(self, data: bytes) -> None:
        self._sock.sendall(data)
