"""Hosts that a connector may ask: one in the house only where somebody said so.

An address that is fetched by the server on somebody's behalf must not become a way to the
database, the metadata service or a printer behind the firewall; redirects and names that resolve
to such an address are the usual way there.
"""

import ipaddress
import socket
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from kintsugi.engine.reading import errors


def is_inside(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local or otherwise not of the internet."""
    try:
        known = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return True
    mapped = getattr(known, "ipv4_mapped", None)
    return not (mapped or known).is_global or known.is_multicast


def refuse_inside(host: str, port: int | None = None) -> None:
    """Raise ReadError ``reading.inside`` where a host is, or resolves to, an address inside; and
    ``reading.rest-unreachable`` where it has none."""
    try:
        found = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)
    except OSError as error:
        raise errors.rest_unreachable(host, type(error).__name__) from error
    for *_, address in found:
        if is_inside(str(address[0])):
            raise errors.inside(host)


class _Checked:
    """Looks at the peer before a byte is sent: a name may resolve otherwise the second time."""

    host: str
    port: int | None

    def _new_conn(self) -> socket.socket:
        refuse_inside(self.host, self.port)
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        if is_inside(str(sock.getpeername()[0])):
            sock.close()
            raise errors.inside(self.host)
        return sock


class _CheckedHTTP(_Checked, HTTPConnection):  # type: ignore[misc]
    pass


class _CheckedHTTPS(_Checked, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _CheckedHTTP  # type: ignore[assignment]


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPS  # type: ignore[assignment]


class OutsidePool(urllib3.PoolManager):
    """Connections to the internet only, wherever an answer redirects to."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
