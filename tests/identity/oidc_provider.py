"""A small OpenID provider on loopback: discovery, JWKS, code flow with PKCE, RS256, userinfo."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "kintsugi", "a secret of the client"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Provider:
    """Says who somebody is. ``claims`` is what it knows of the next person."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.url = ""
        self.asked: list[str] = []

    def authorize(self, query: dict[str, str]) -> str:
        """The code a browser carries back."""
        code = _b64(hashlib.sha256(json.dumps(query).encode()).digest())
        self.codes[code] = query
        return code

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """Tokens for a code, once, if the verifier and the secret fit."""
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("client_secret") != SECRET:
            return None
        verifier = form.get("code_verifier", "")
        if _b64(hashlib.sha256(verifier.encode()).digest()) != asked["code_challenge"]:
            return None
        now = int(time.time())
        payload = {
            "iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked.get("nonce", ""), **self.claims,
        }  # fmt: skip
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.signed(payload)}

    def signed(self, payload: dict[str, Any]) -> str:
        """A JWT under the provider's key."""
        head = {"alg": "RS256", "kid": "one", "typ": "JWT"}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, payload))
        made = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(made)}"

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        numbers = self.key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        key = {
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
            "n": _b64(numbers.n.to_bytes(size, "big")), "e": _b64(numbers.e.to_bytes(3, "big")),
        }  # fmt: skip
        return {"keys": [key]}

    def discovery(self) -> dict[str, Any]:
        """Where everything is."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, served until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            """Quiet."""

        def answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            pages = {
                "/.well-known/openid-configuration": provider.discovery,
                "/jwks": provider.jwks,
                "/userinfo": lambda: provider.claims,
            }
            made = pages.get(path)
            self.answer(200, made()) if made else self.answer(404, {})

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(size).decode()).items()}
            tokens = provider.token(form)
            self.answer(200, tokens) if tokens else self.answer(400, {"error": "invalid_grant"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
