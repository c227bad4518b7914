"""The suite's own PostgreSQL, one migrated template, and no network.

Tests that ask for a database (``django_db`` mark, ``db`` or ``transactional_db`` fixture) share one
server per run, started on first need by our own supervisor with durability switched off:

- PostgreSQL of the wheel by default; ``KINTSUGI_PG_BIN=/usr/lib/postgresql/15/bin`` takes another;
  ``KINTSUGI_TEST_DATABASE_URL`` names a running server whose role may create databases.
- The first worker migrates one template; each worker works in a copy of it.
- After a transactional test the copy is made anew (about 0.1 s). Django's flush would truncate
  append-only tables, which the database refuses, and lose the rows that migrations made.

Folders in ``PURE`` never load Django when they are run alone.
"""

import hashlib
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from kintsugi.runtime.cluster import Cluster
from kintsugi.runtime.home import Home

TESTS = Path(__file__).resolve().parent
PURE = {"engine", "runtime"}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ

# -- a home of its own for the run, before anybody reads settings --------------------------------

if not (IS_WORKER and "KINTSUGI_TEST_HOME" in os.environ):
    # Short and open to pass through: the server's account must reach it, pytest's tmp is closed.
    _made = Path(tempfile.mkdtemp(prefix="kintsugi-test-"))
    _made.chmod(0o711)
    os.environ["KINTSUGI_TEST_HOME"] = str(_made)
TEST_HOME = Path(os.environ["KINTSUGI_TEST_HOME"])
os.environ["KINTSUGI_HOME"] = str(TEST_HOME)
# Whatever database the developer works with, the suite must not touch it.
os.environ.pop("DATABASE_URL", None)
# Thousands of requests from one address are what a suite is; tests of the limits switch them on.
os.environ["KINTSUGI_RATE_LIMITS"] = "0"

OTHER_SERVER = os.environ.get("KINTSUGI_TEST_DATABASE_URL", "")
# Names of this run's databases: several runs may share a server.
DATABASE_PREFIX = f"kt_{hashlib.sha256(str(TEST_HOME).encode()).hexdigest()[:8]}_"


def _needs_django(config: pytest.Config) -> bool:
    """Whether any test to be run lies outside the folders that work without Django."""
    for argument in config.args:
        path = (config.invocation_params.dir / argument.split("::")[0]).resolve()
        if not path.is_relative_to(TESTS) or path == TESTS:
            return True
        if path.relative_to(TESTS).parts[0] not in PURE:
            return True
    return False


def pytest_configure(config: pytest.Config) -> None:
    """Marks, the network block, and Django where it is needed."""
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    _block_network()
    if _needs_django(config):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
        import django

        django.setup()
        _make_argon2_cheap()


def _make_argon2_cheap() -> None:
    """The same algorithm, with next to no work: at its full cost, hashing the passwords of made-up
    accounts took about a third of the suite's time."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


def pytest_unconfigure() -> None:
    """The process that made the run's home removes it; the workers have ended by then."""
    if not IS_WORKER:
        if OTHER_SERVER:
            _drop_leftovers(DatabaseServer(OTHER_SERVER, 0))
        Cluster(TEST_HOME, ephemeral=True).stop_if_unused()
        shutil.rmtree(TEST_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything below tests/browser is a browser test."""
    for item in items:
        if TESTS / "browser" in item.path.parents:
            item.add_marker("browser")
            # One worker drives Chromium; the others go on with the rest (--dist loadgroup).
            item.add_marker(pytest.mark.xdist_group("browser"))
        if item.get_closest_marker("browser"):
            # Playwright's synchronous API runs an event loop in the test's thread.
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


# -- no network ----------------------------------------------------------------------------------


class NetworkBlocked(RuntimeError):
    """A test tried to reach something beyond this machine."""


def _local(host: object) -> bool:
    if not host or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _guarded(call: Callable[..., Any], host_of: Callable[..., object]) -> Callable[..., Any]:
    def guard(*args: Any, **kwargs: Any) -> Any:
        if not _local(host_of(*args, **kwargs)):
            raise NetworkBlocked(f"Tests reach loopback only, not {host_of(*args, **kwargs)!r}.")
        return call(*args, **kwargs)

    return guard


def _block_network() -> None:
    def peer(self: socket.socket, address: Any, *_rest: Any) -> object:
        return address[0] if self.family in (socket.AF_INET, socket.AF_INET6) else None

    def named(host: object, *_args: Any, **_kwargs: Any) -> object:
        return host.decode() if isinstance(host, bytes) else host

    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name), peer))
    socket.getaddrinfo = _guarded(socket.getaddrinfo, named)


# -- the database --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DatabaseServer:
    """The run's server: ``url(name)`` addresses a database, ``admin`` runs one statement."""

    base_url: str
    version: int  # major

    def url(self, database: str) -> str:
        """Address of a database of this server."""
        parts = urlsplit(self.base_url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{database}{query}"

    def admin(self, statement: str, **names: str) -> bool:
        """Runs one statement outside a transaction; ``{name}`` places are identifiers.
        True when it returned a row."""
        composed = sql.SQL(statement).format(**{k: sql.Identifier(v) for k, v in names.items()})  # type: ignore[arg-type]
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            cursor = connection.execute(composed)
            return cursor.description is not None and cursor.fetchone() is not None

    def exists(self, database: str) -> bool:
        """Whether a database of this name exists."""
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, [database]).fetchone() is not None

    def copy(self, source: str, target: str) -> None:
        """Makes ``target`` anew as a copy of ``source``; sessions in it are ended."""
        self.admin("DROP DATABASE IF EXISTS {target} WITH (FORCE)", target=target)
        self.admin("CREATE DATABASE {target} TEMPLATE {source}", target=target, source=source)


def _drop_leftovers(server: DatabaseServer) -> None:
    """Drops the databases of this run on a server that is not ours to stop."""
    with psycopg.connect(server.base_url, autocommit=True) as connection:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname::text, %s)"
        names = [name for (name,) in connection.execute(query, [DATABASE_PREFIX])]
    for name in names:
        server.admin("DROP DATABASE IF EXISTS {db} WITH (FORCE)", db=name)


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    """The PostgreSQL of this run (see the module's text for how to choose another)."""
    if OTHER_SERVER:
        with psycopg.connect(OTHER_SERVER) as connection:
            version = connection.info.server_version // 10000
        yield DatabaseServer(OTHER_SERVER, version)
        return
    with Cluster(TEST_HOME, settings=FAST_SETTINGS, ephemeral=True).attach() as server:
        yield DatabaseServer(server.url("postgres"), int(server.version.split(".")[0]))


@pytest.fixture(scope="session")
def migrated_template(
    database_server: DatabaseServer,
    django_test_environment: None,
    django_db_blocker: Any,
) -> str:
    """Name of a database with all migrations applied; made by the first worker that needs it."""
    template, building = f"{DATABASE_PREFIX}template", f"{DATABASE_PREFIX}building"
    lock = Home(TEST_HOME)
    lock.lock_file = lock.run / "template.lock"
    with lock.locked(timeout_s=280):
        if not database_server.exists(template):
            from django.core.management import call_command
            from django.db import connections

            from kintsugi.core.scope import as_owner

            database_server.admin("DROP DATABASE IF EXISTS {db} WITH (FORCE)", db=building)
            database_server.admin("CREATE DATABASE {db} TEMPLATE template0", db=building)
            _point_django_at(database_server, building)
            with django_db_blocker.unblock(), as_owner():
                call_command("migrate", verbosity=0, interactive=False)
                call_command("createcachetable", verbosity=0)
                connections.close_all()
            database_server.admin("ALTER DATABASE {db} RENAME TO {to}", db=building, to=template)
    return template


def _point_django_at(server: DatabaseServer, database: str) -> None:
    """Django's default connection, in all threads from now on, and DATABASE_URL for children."""
    from django.conf import settings
    from django.db import connections

    connections.close_all()
    parts: dict[str, Any] = conninfo_to_dict(server.url(database))
    wanted = {key: parts.pop(key.lower(), "") for key in ("USER", "PASSWORD", "HOST", "PORT")}
    wanted |= {"NAME": parts.pop("dbname"), "OPTIONS": parts, "CONN_MAX_AGE": 0}
    for entry in (settings.DATABASES["default"], connections["default"].settings_dict):
        entry.update(wanted)
    os.environ["DATABASE_URL"] = server.url(database)


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: DatabaseServer, migrated_template: str, django_db_blocker: Any
) -> Iterator[None]:
    """Takes the place of pytest-django's: a copy of the template for this worker."""
    from django.db import connections
    from django.test import TransactionTestCase

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = migrated_template.replace("template", worker)

    def anew(_case: object = None) -> None:
        connections.close_all()
        database_server.copy(migrated_template, database)

    anew()
    _point_django_at(database_server, database)
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", anew)
    yield
    patch.undo()
    os.environ.pop("DATABASE_URL", None)
    with django_db_blocker.unblock():
        connections.close_all()
    database_server.admin("DROP DATABASE IF EXISTS {db} WITH (FORCE)", db=database)


@pytest.fixture
def table_owner() -> Iterator[None]:
    """The test works as the account that owns the tables, not as a role that owns nothing; ask
    for it after the database's own fixture."""
    from django.db import connection

    from kintsugi.core.scope import apply

    with connection.cursor() as cursor:
        cursor.execute("set role none")
    yield
    if connection.connection is not None and not connection.needs_rollback:
        apply(connection)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Lets go of connections that were ended while their database was made anew.

    Connections belong to a context, and a browser's driver has one of its own: what was opened
    there is not seen when the copy is replaced, and would meet the next test as a dead session.
    """
    if "django.db" not in sys.modules:
        return
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        return
    from kintsugi.core import scope

    # Whoever imports the web process's entry point makes this process one that shows nothing.
    scope._process = scope.EVERYTHING
    for known in connections.all(initialized_only=True):
        if known.connection is not None and not known.in_atomic_block and not known.is_usable():
            known.close()
