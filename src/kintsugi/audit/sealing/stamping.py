"""Time stamps of an authority (RFC 3161) over checkpoints: since when a log has been as it is."""

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from kintsugi.audit.findings import Finding
from kintsugi.audit.models import Checkpoint, TimeStamp
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.store import last_checkpoint
from kintsugi.core.errors import KintsugiError, Text

TIMEOUT_S = 15
MAX_BYTES = 1 << 20
EVERY = dt.timedelta(days=1)


def stamp_daily(*, at: dt.datetime) -> TimeStamp | None:
    """Stamp the newest checkpoint if the last stamp is a day old; None where none is due.

    Raises KintsugiError ``audit.no-time-stamp`` (retryable).
    """
    last, newest = last_checkpoint(), TimeStamp.objects.order_by("-at").first()
    if last is None or (newest is not None and at - newest.at < EVERY):
        return None
    if newest is not None and newest.checkpoint_id == last.number:
        return None
    response = ask(settings.TSA_URL, last.body.encode())
    return services.add_time_stamp(
        checkpoint=last, at=at, authority=settings.TSA_URL, response=response
    )


def ask(url: str, message: bytes) -> bytes:
    """The authority's answer over a message, after making sure that it is one over this message."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise _refused(url, "not an http address")
    query = TimestampRequestBuilder(message, HashAlgorithm.SHA256).build()
    request = urllib.request.Request(
        url, query.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            data = bytes(answer.read(MAX_BYTES))
        response = decode_timestamp_response(data)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise _refused(url, str(error)) from error
    wrong = fault(response, message, nonce=query.nonce)
    if wrong:
        raise _refused(url, wrong)
    return data


def fault(response: TimeStampResponse, message: bytes, *, nonce: int | None = None) -> str:
    """Why this answer is no stamp over the message; empty when it is one. The signature is held
    against the authority's roots where they are configured (KINTSUGI_TSA_ROOTS)."""
    if PKIStatus(response.status) not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        return f"refused: {' '.join(response.status_string) or response.status}"
    if bytes(response.tst_info.message_imprint.message) != sha256(message).digest():
        return "a stamp over something else"
    if nonce is not None and response.tst_info.nonce != nonce:
        return "the answer to another question"
    roots = _roots()
    if roots:
        try:
            VerifierBuilder(roots=roots, nonce=nonce).build().verify_message(response, message)
        except (VerificationError, ValueError) as error:
            return str(error)
    return ""


def check_stamps(start: Checkpoint | None) -> Iterator[Finding]:
    """Every kept stamp is one over the body of its checkpoint."""
    rows = TimeStamp.objects.select_related("checkpoint").order_by("checkpoint_id")
    for one in rows.filter(checkpoint__number__gt=start.number if start else 0).iterator():
        try:
            response = decode_timestamp_response(bytes(one.response))
            wrong = fault(response, one.checkpoint.body.encode())
        except ValueError as error:
            wrong = str(error)
        if wrong:
            yield Finding(
                "tree",
                "tree.time-stamp-forged",
                "audit_time_stamp",
                str(one.checkpoint_id),
                one.at,
                Text(
                    f"检查点 {one.checkpoint_id} 的时间戳不成立。",
                    f"The time stamp of checkpoint {one.checkpoint_id} does not hold.",
                ),
                {"why": wrong},
            )


def _roots() -> list[Certificate]:
    if not settings.TSA_ROOTS:
        return []
    return load_pem_x509_certificates(Path(settings.TSA_ROOTS).read_bytes())


def _refused(url: str, why: str) -> KintsugiError:
    error = KintsugiError(
        "audit.no-time-stamp",
        Text("时间戳机构没有给出可用的时间戳。", "The authority gave no usable time stamp."),
        Text(
            "请检查 KINTSUGI_TSA_URL 与网络;封存照常进行,稍后会再试。",
            "Check KINTSUGI_TSA_URL and the network. Sealing goes on; it is asked again later.",
        ),
        authority=url,
        why=why,
    )
    error.retryable = True
    return error
