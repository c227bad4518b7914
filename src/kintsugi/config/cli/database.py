"""The database for the length of a command: embedded or given, migrated, Django ready."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime import faults
from kintsugi.runtime.binaries import MINIMUM_MAJOR
from kintsugi.runtime.cluster import Cluster
from kintsugi.runtime.home import Home
from kintsugi.runtime.login import app_url

SETTINGS = "kintsugi.config.settings"
#: Address of the tables' owner, for migrations; the programs themselves then own nothing.
OWNER_URL = "KINTSUGI_OWNER_URL"
# Any number, the same in all processes: two migrations at once wait for each other.
_MIGRATION_LOCK = 5_052_026


@contextmanager
def database(*, migrate: bool = True, home: str | Path | None = None) -> Iterator[str]:
    """Address of a ready database; while inside, Django works on it.

    ``DATABASE_URL`` if it is set, else the embedded server of the home, started or joined and let
    go of at the end. Sets ``DATABASE_URL``, ``KINTSUGI_HOME`` and ``DJANGO_SETTINGS_MODULE`` for
    this process and its children, calls ``django.setup()`` and applies pending migrations (one
    process at a time). Raises RuntimeFault.
    """
    place = Home(home)
    os.environ["KINTSUGI_HOME"] = str(place.root)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    with ExitStack() as stack:
        url = os.environ.get("DATABASE_URL")
        server = None
        if url:
            place.prepare()
            check_server(url)
        else:
            server = stack.enter_context(Cluster(place.root).attach())
            url = server.url()
            stack.enter_context(_embedded(url))
        import django

        django.setup()
        from kintsugi.core.access import SYSTEM, bound

        stack.enter_context(bound(SYSTEM))
        if migrate:
            apply_migrations(url)
            if server is not None:
                url = app_url(server, place)
                _work_as(url)
        try:
            yield url
        except KintsugiError as error:
            _keep_refusal(error)
            raise


def _keep_refusal(error: KintsugiError) -> None:
    """A command that a rule refused is a refused act like one of the web; that it cannot be kept
    (the tables are not there yet) changes nothing about the answer."""
    from datetime import UTC, datetime

    from django.db import DatabaseError

    from kintsugi.audit.services import note_refusal

    with suppress(DatabaseError):
        note_refusal(
            actor=f"cli:{getpass.getuser()}",
            command=f"kintsugi {' '.join(sys.argv[1:2])}",
            error=error,
            rule=error.code,
            status=0,
            at=datetime.now(UTC),
        )


def _work_as(url: str) -> None:
    """This process and its children go on under the account of an address of the same database."""
    from django.conf import settings
    from django.db import connections

    connections.close_all()
    os.environ["DATABASE_URL"] = url
    parts = urlsplit(url)
    account = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
    for entry in (settings.DATABASES["default"], connections["default"].settings_dict):
        entry.update(account)


@contextmanager
def as_tables_owner() -> Iterator[None]:
    """A block in which Django works as the owner of the tables: the account in
    ``KINTSUGI_OWNER_URL``, else the one that logged in."""
    from kintsugi.core.scope import as_owner

    ours = os.environ["DATABASE_URL"]
    owner = os.environ.get(OWNER_URL)
    with as_owner():
        if owner:
            _work_as(owner)
        try:
            yield
        finally:
            if owner:
                _work_as(ours)


@contextmanager
def _embedded(url: str) -> Iterator[None]:
    """DATABASE_URL for the block; afterwards no connection is left that would delay the stop."""
    os.environ["DATABASE_URL"] = url
    try:
        yield
    finally:
        os.environ.pop("DATABASE_URL", None)
        from django.apps import apps
        from django.db import connections

        if apps.ready:
            connections.close_all()


def without_password(url: str) -> str:
    """The address as it may be shown."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{user}{host}{parts.path}"


def check_server(url: str) -> str:
    """Version of a given server, after logging in. Raises RuntimeFault when it does not answer,
    is older than our SQL needs, or the address is not one."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.ProgrammingError as error:
        # libpq quotes the whole address, password and all: its words are not passed on.
        reason = "not a postgresql:// address"
        raise faults.database_unreachable(without_password(url), reason) from error
    except psycopg.OperationalError as error:
        lines = str(error).strip().splitlines() or ["no answer"]
        raise faults.database_unreachable(without_password(url), lines[-1].strip()) from error
    shown = f"{version // 10000}.{version % 10000}"
    if version // 10000 < MINIMUM_MAJOR:
        raise faults.database_too_old(without_password(url), shown)
    return shown


def apply_migrations(url: str) -> list[str]:
    """Applies what is pending and names it. Quick and without a lock when nothing is.

    Raises RuntimeFault (database-newer) when our tables were made by a newer release.
    """
    from django.core.management import call_command

    if not _pending():
        return []
    with psycopg.connect(url, autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        applied = _pending()  # again: the one we waited for has done the work
        if applied:
            with as_tables_owner():
                call_command("migrate", verbosity=0, interactive=False)
                call_command("createcachetable", verbosity=0)
        return applied


def _pending() -> list[str]:
    """Names of the migrations that are not yet applied, in order."""
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    loader = executor.loader
    ours = {
        config.label for config in apps.get_app_configs() if config.name.startswith("kintsugi.")
    }
    known = set(loader.disk_migrations or ())
    known |= {key for m in (loader.disk_migrations or {}).values() for key in m.replaces}
    unknown = [
        f"{app}.{name}"
        for app, name in loader.applied_migrations or ()
        if app in ours and (app, name) not in known
    ]
    if unknown:
        raise faults.database_newer(sorted(unknown))
    return [str(step) for step, _backwards in executor.migration_plan(loader.graph.leaf_nodes())]
