"""Time stamps by a real authority: openssl's, behind a loopback address."""

import datetime as dt
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.models import TimeStamp
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.rounds import seal_round
from kintsugi.audit.sealing.stamping import ask
from kintsugi.audit.sealing.verifiers import TreeVerifier
from kintsugi.audit.verification import run
from kintsugi.core.errors import KintsugiError
from tests.audit.sealing.tampering import behind

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
Log = Callable[..., list[Any]]

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority() -> Iterator[tuple[str, Path]]:
    """Address and root certificate of a time-stamping authority."""
    has_ts = (
        shutil.which("openssl")
        and not subprocess.run(
            ["openssl", "ts", "-help"], capture_output=True, check=False
        ).returncode
    )
    if not has_ts:
        pytest.skip("openssl with its command ts is not installed here")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        config = folder / "tsa.cnf"
        config.write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=root",
            "-keyout", folder / "root.key", "-out", folder / "root.pem",
        )  # fmt: skip
        openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tsa",
            "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr",
        )  # fmt: skip
        openssl(
            "x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem",
            "-CAkey", folder / "root.key", "-CAcreateserial", "-days", "30",
            "-extfile", config, "-extensions", "stamping", "-out", folder / "tsa.pem",
        )  # fmt: skip

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                (folder / "query").write_bytes(query)
                openssl(
                    "ts", "-reply", "-config", config, "-queryfile", folder / "query",
                    "-out", folder / "reply",
                )  # fmt: skip
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write((folder / "reply").read_bytes())

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", folder / "root.pem"
        server.shutdown()
        server.server_close()


def test_a_checkpoint_is_stamped_once_a_day(
    authority: tuple[str, Path], log: Log, settings: Any
) -> None:
    settings.TSA_URL, settings.TSA_ROOTS = authority[0], str(authority[1])
    for hours in (0, 1, 23, 25):
        log(1)
        seal_round(at=AT + hours * HOUR)
    assert list(TimeStamp.objects.order_by("at").values_list("checkpoint_id", flat=True)) == [1, 4]
    assert run(TreeVerifier()).state == "clean"
    behind(
        "update audit_time_stamp set response ="
        " (select response from audit_time_stamp where checkpoint_id = 4) where checkpoint_id = 1"
    )
    (found,) = run(TreeVerifier()).findings
    assert (found.kind, found.key) == ("tree.time-stamp-forged", "1")
    assert found.facts["why"] == "a stamp over something else"


def test_a_stamp_of_an_authority_nobody_trusts_is_refused(
    authority: tuple[str, Path], settings: Any, tmp_path: Path
) -> None:
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=other",
        "-keyout", tmp_path / "other.key", "-out", tmp_path / "other.pem",
    )  # fmt: skip
    settings.TSA_ROOTS = str(tmp_path / "other.pem")
    with pytest.raises(KintsugiError) as refused:
        ask(authority[0], b"hello")
    assert refused.value.code == "audit.no-time-stamp"
    assert refused.value.retryable


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/passwd", "nonsense"])
def test_an_authority_away_stops_no_sealing(log: Log, settings: Any, url: str) -> None:
    settings.TSA_URL = url
    log(1)
    assert seal_round(at=AT).added == 1
    assert TimeStamp.objects.count() == 0
    assert services.seal(at=AT).added == 0
