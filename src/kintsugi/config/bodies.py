"""How large a request may be, decided before Django reads it.

Django's ASGI handler spools the whole body to disk before any view, middleware or log-in sees the
request. This wrapper stands before it: a body that says it is too large is refused unread, one that
grows too large is refused while it is read, and the large limit of uploads is for those only who
bring a session or a token at all.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

ENVELOPE_BYTES = 1024 * 1024  # what a multipart body may hold besides the files' bytes


class _TooLarge(Exception):
    """The body grew beyond its limit."""


class LimitedBodies:
    """An ASGI application whose request bodies are bounded.

    ``upload_paths`` start the addresses that take files, up to ``upload_bytes``; everything else
    takes ``usual_bytes``. An upload without the session cookie and without an Authorization header
    counts as everything else.
    """

    def __init__(
        self,
        app: App,
        *,
        upload_paths: tuple[str, ...],
        upload_bytes: int,
        usual_bytes: int,
        session_cookie: str,
    ) -> None:
        self.app = app
        self.upload_paths = upload_paths
        self.upload_bytes = upload_bytes + ENVELOPE_BYTES
        self.usual_bytes = usual_bytes + ENVELOPE_BYTES
        self.session_cookie = session_cookie

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        limit = self._limit(scope, headers)
        said = headers.get(b"content-length", "")
        if said and not (said.isascii() and said.isdigit() and len(said) < 16):
            await _refuse(send, headers, 400, limit)
            return
        if said and int(said) > limit:
            await _refuse(send, headers, 413, limit)
            return
        read, started = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > limit:
                    raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLarge:
            if not started:
                await _refuse(send, headers, 413, limit)

    def _limit(self, scope: dict[str, Any], headers: dict[bytes, str]) -> int:
        if not scope["path"].startswith(self.upload_paths):
            return self.usual_bytes
        if headers.get(b"authorization"):
            return self.upload_bytes
        try:
            cookies = SimpleCookie(headers.get(b"cookie", ""))
        except CookieError:
            return self.usual_bytes
        return self.upload_bytes if self.session_cookie in cookies else self.usual_bytes


async def _refuse(send: Send, headers: dict[bytes, str], status: int, limit: int) -> None:
    """A small answer in the language asked for; the connection ends, since the body is unread."""
    chinese = not headers.get(b"accept-language", "zh").lower().startswith("en")
    mib = limit // 1024**2
    if status == 413:
        message = f"请求超过 {mib} MiB 的上限。" if chinese else f"The limit is {mib} MiB."
        remedy = (
            "请分批发送,或先登录。" if chinese else "Send it in parts, or log in before you upload."
        )
        code = "upload.too-large"
    else:
        message = "Content-Length 有误。" if chinese else "Content-Length is no number."
        remedy = "请检查客户端。" if chinese else "Check the client."
        code = "api.malformed"
    error = {"code": code, "message": message, "remedy": remedy, "facts": {"limit": limit}}
    body = json.dumps({"ok": False, "error": error}, ensure_ascii=False).encode()
    answer = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": answer})
    await send({"type": "http.response.body", "body": body})
