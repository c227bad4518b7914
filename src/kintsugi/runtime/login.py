"""Logging in to the embedded server: the proof that it is ready, and that it is ours."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from kintsugi.runtime import faults, postmaster
from kintsugi.runtime.home import Home

USER = "kintsugi"
DATABASE = "kintsugi"
PASSWORD_SECRET = "postgres-password"
#: The account that programs work with: it owns nothing and takes on the roles of the product.
APP_USER = "kintsugi_app"
APP_PASSWORD_SECRET = "app-password"
ROLES = ("kintsugi_runtime", "kintsugi_system", "kintsugi_sealer", "kintsugi_witness")
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


def app_url(server: Server, home: Home) -> str:
    """Address under which programs work: not as the owner of the tables. Makes the account on
    first use; the owner's address where the migration has not made the roles yet."""
    password = home.secret(APP_PASSWORD_SECRET)
    url = replace(server, user=APP_USER, password=password).url()
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            asked = connection.execute(_MISSING, [list(ROLES)]).fetchone()
            if asked == (0,):
                return url
    except psycopg.OperationalError:
        pass  # there is no such account yet, or its password was lost
    return url if _make_app_account(server, password) else server.url()


# How many of the roles the account is not a member of.
_MISSING = """
    SELECT count(*) FROM unnest(%s::text[]) AS wanted (name) LEFT JOIN pg_roles r ON rolname = name
    WHERE r.oid IS NULL OR NOT pg_has_role(session_user, r.oid, 'member')
"""


def _make_app_account(server: Server, password: str) -> bool:
    """The account with its roles; False where the roles do not exist yet."""
    account = sql.Identifier(APP_USER)
    with psycopg.connect(server.url()) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [APP_USER])
        rows = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[APP_USER, *ROLES]]
        )
        known = {name for (name,) in rows}
        if not known.issuperset(ROLES):
            return False
        if APP_USER not in known:
            # Noinherit: without a role it has taken on, the account may do nothing.
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(account))
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(account, sql.Literal(password))
        )
        roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
        connection.execute(sql.SQL("GRANT {} TO {}").format(roles, account))
    return True


def create_database(server: Server) -> None:
    """Makes our database where it is missing. Raises RuntimeFault when the disk is full."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, [DATABASE]).fetchone() is None:
            try:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            except psycopg.errors.DiskFull as error:
                raise faults.disk_full(server.data) from error
