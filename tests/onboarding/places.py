"""Places that connectors ask, on this machine: a web server that says what the test says, and a
MariaDB database of its own."""

import contextlib
import http.server
import os
import threading
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

ROOT: dict[str, Any] = {"host": "127.0.0.1", "port": 3306, "user": "root", "password": ""}


class Served(http.server.BaseHTTPRequestHandler):
    """What the test says: (status, headers, body) for each path, and what was asked."""

    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
    asked: list[tuple[str, dict[str, str]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        queue = self.answers[self.path]
        status, headers, body = queue.pop(0) if len(queue) > 1 else queue[0]
        tag = headers.get("ETag")
        if tag and self.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def web() -> Iterator[str]:
    """The address of the server."""
    Served.answers, Served.asked = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def mariadb_runs() -> bool:
    """Whether a MariaDB runs here that lets us in."""
    try:
        pymysql.connect(**ROOT, connect_timeout=3).close()
    except pymysql.err.OperationalError:
        return False
    return True


@contextlib.contextmanager
def mariadb_database(of: str) -> Iterator[tuple[str, Any, Any]]:
    """A database with a user of the same name who may read it (password ``gold-seam``): its name,
    its owner's connection and cursor. Both are gone afterwards."""
    name = f"kt_{of}_{os.getpid()}"
    link = pymysql.connect(**ROOT, connect_timeout=3)
    with link, link.cursor() as cursor:
        cursor.execute(f"create database {name} character set utf8mb4")
        cursor.execute(f"create user {name}@'127.0.0.1' identified by 'gold-seam'")
        cursor.execute(f"grant select on {name}.* to {name}@'127.0.0.1'")
        try:
            yield name, link, cursor
        finally:
            cursor.execute(f"drop database {name}")
            cursor.execute(f"drop user {name}@'127.0.0.1'")
