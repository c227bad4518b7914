"""Logging in to the embedded server: the proof that it is ready, and that it is ours."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg

from kintsugi.runtime import faults, postmaster
from kintsugi.runtime.home import Home

USER = "kintsugi"
DATABASE = "kintsugi"
PASSWORD_SECRET = "postgres-password"
_WHO = "SELECT current_setting('data_directory'), current_setting('server_version')"


@dataclass(frozen=True)
class Server:
    """A running server that was logged into."""

    host: str
    port: int
    user: str
    password: str
    version: str
    data: Path
    pid: int
    started: bool  # by this attachment, rather than joined

    def url(self, database: str = DATABASE) -> str:
        """Connection address of one database."""
        password = quote(self.password, safe="")
        return f"postgresql://{self.user}:{password}@{self.host}:{self.port}/{database}"


def log_in(
    home: Home, data: Path, *, started: bool, deadline: float | None = None
) -> Server | None:
    """Logs in and asks the server for its data directory; waits until ``deadline`` (monotonic).

    None when the server ended meanwhile or, without a deadline, does not answer at once.
    Raises RuntimeFault (password-refused) when the kept password is not the server's.
    """
    password = home.secret(PASSWORD_SECRET)
    while (main := postmaster.running(data)) is not None:
        if main.port is not None:
            server = Server("127.0.0.1", main.port, USER, password, "", data, main.pid, started)
            try:
                with psycopg.connect(server.url("postgres"), connect_timeout=5) as connection:
                    row = connection.execute(_WHO).fetchone()
                if row is not None and Path(row[0]).resolve() == data.resolve():
                    return replace(server, version=row[1])
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise faults.password_refused(home.secrets / PASSWORD_SECRET, data) from None
        if deadline is None or time.monotonic() > deadline:
            return None
        time.sleep(0.05)
    return None


def create_database(server: Server) -> None:
    """Makes our database where it is missing. Raises RuntimeFault when the disk is full."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            try:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            except psycopg.errors.DiskFull as error:
                raise faults.disk_full(server.data) from error
