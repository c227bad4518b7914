"""Bodies are bounded before Django reads them."""

import asyncio
import json
from typing import Any

import pytest

from kintsugi.config.bodies import ENVELOPE_BYTES, LimitedBodies

MIB = 1024 * 1024
SESSION = [(b"cookie", b"a=b; sessionid=abc")]


def ask(path: str, headers: list[tuple[bytes, bytes]], chunks: list[int]) -> tuple[int, Any, int]:
    """Status, JSON answer, and bytes that the application inside read."""
    read = 0
    sent: list[Any] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        while True:
            message = await receive()
            read += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    waiting = [
        {"type": "http.request", "body": bytes(size), "more_body": number < len(chunks) - 1}
        for number, size in enumerate(chunks)
    ]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    app = LimitedBodies(
        inside,
        upload_paths=("/up/",),
        upload_bytes=20 * MIB,
        usual_bytes=5 * MIB,
        session_cookie="sessionid",
    )
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"]), read


def length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(size).encode())]


def test_a_body_that_says_it_is_too_large_is_not_read():
    status, answer, read = ask("/form/", length(7 * MIB), [7 * MIB])
    assert (status, read) == (413, 0)
    assert answer["error"]["code"] == "upload.too-large"


def test_a_body_that_says_nothing_is_counted_while_it_is_read():
    status, _answer, read = ask("/form/", [], [MIB] * 30)
    assert status == 413
    assert read <= 5 * MIB + ENVELOPE_BYTES


def test_a_body_that_lies_about_its_size_is_counted_too():
    assert ask("/form/", length(10), [MIB] * 30)[0] == 413


@pytest.mark.parametrize("size", ["-1", "1e9", "", "９", "9" * 20])
def test_a_length_that_is_no_number_is_refused(size):
    headers = [(b"content-length", size.encode())]
    assert ask("/form/", headers, [1])[0] == (200 if size == "" else 400)


def test_files_of_a_person_may_be_large_and_files_of_a_stranger_not():
    assert ask("/up/", length(15 * MIB), [15 * MIB])[0] == 413
    assert ask("/up/", [*SESSION, *length(15 * MIB)], [15 * MIB])[0] == 200
    assert ask("/up/", [(b"authorization", b"Bearer x"), *length(15 * MIB)], [15 * MIB])[0] == 200
    assert ask("/up/", [*SESSION, *length(22 * MIB)], [22 * MIB])[0] == 413
    assert ask("/form/", [*SESSION, *length(15 * MIB)], [15 * MIB])[0] == 413


def test_the_answer_speaks_the_language_asked_for():
    english = [(b"accept-language", b"en"), *length(7 * MIB)]
    assert ask("/form/", english, [1])[1]["error"]["message"] == "The limit is 6 MiB."
    assert ask("/form/", length(7 * MIB), [1])[1]["error"]["message"] == "请求超过 6 MiB 的上限。"


def test_the_web_process_has_these_limits():
    from kintsugi.config.asgi import application

    assert isinstance(application, LimitedBodies)
    assert application.usual_bytes == 5 * MIB + ENVELOPE_BYTES
    assert "/api/v1/imports" in application.upload_paths
