"""The suite's own promises: loopback only, and a database of its own."""

import socket

import pytest


def test_a_test_cannot_reach_beyond_this_machine() -> None:
    with socket.socket() as probe, pytest.raises(RuntimeError, match="loopback only"):
        probe.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="loopback only"):
        socket.getaddrinfo("example.org", 443)


def test_the_suite_runs_its_own_server(database_server) -> None:
    assert database_server.version >= 15
    database_server.admin("CREATE DATABASE {db}", db="suite_probe")
    assert database_server.exists("suite_probe")
    database_server.copy("suite_probe", "suite_copy")
    assert database_server.exists("suite_copy")
