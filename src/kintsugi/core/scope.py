"""Which rows the person at work may see: one scope, bound once, obeyed by ORM and database alike.

A request binds the scope of its person before anything is read. From then on the managers of
``Scoped`` models filter by it, and the same condition stands in the database as a row-level
security policy for the role ``kintsugi_runtime``, so that hand-written SQL cannot go round it.
Without limits the role is ``kintsugi_system``. The web process starts with a scope that shows
nothing: a forgotten binding hides rows, it never reveals any.
"""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models
from django.db.models import Q
from psycopg import sql

from kintsugi.core.queries import query

PERSON_ROLE = "kintsugi_runtime"
SYSTEM_ROLE = "kintsugi_system"


@dataclass(frozen=True)
class Scope:
    """Rows somebody may see. The dimensions add up: a region and one customer elsewhere.

    ``regions`` are GB/T 2260 codes without their trailing zeros: ``44`` is the province,
    ``4403`` the city. ``customers`` and ``warehouses`` are ids; ``own`` is the person's id.
    """

    everything: bool = False
    regions: frozenset[str] = frozenset()
    customers: frozenset[UUID] = frozenset()
    warehouses: frozenset[UUID] = frozenset()
    own: UUID | None = None

    def as_json(self) -> str:
        """The form that the policies read from the setting ``kintsugi.scope``."""
        lists: dict[str, Any] = {
            field.name: sorted(map(str, getattr(self, field.name)))
            for field in dataclasses.fields(self)
            if field.name not in ("everything", "own")
        }
        own = [str(self.own)] if self.own else []
        return json.dumps({"everything": self.everything, **lists, "own": own})

    def __or__(self, other: "Scope") -> "Scope":
        """What both together may see."""
        return Scope(
            everything=self.everything or other.everything,
            regions=self.regions | other.regions,
            customers=self.customers | other.customers,
            warehouses=self.warehouses | other.warehouses,
            own=self.own or other.own,
        )


NOTHING = Scope()
EVERYTHING = Scope(everything=True)

_bound: ContextVar[Scope | None] = ContextVar("kintsugi_scope", default=None)
_process = EVERYTHING
_as_owner: ContextVar[bool] = ContextVar("kintsugi_as_owner", default=False)


def current() -> Scope:
    """The scope at work here: bound by a request or a block, else that of the process."""
    return _bound.get() or _process


def process_shows_nothing() -> None:
    """From now on what is not bound sees no scoped row; for processes that serve people."""
    global _process
    _process = NOTHING


def bind(scope: Scope | None, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Bind a scope to this thread of execution and to its connection; None goes back to the
    process's own. Outside a transaction: a rollback would take the setting back."""
    _bound.set(scope)
    _tell(connections[using])


@contextmanager
def bound(scope: Scope) -> Iterator[None]:
    """The scope for the length of a block, for jobs and tests."""
    before = _bound.get()
    bind(scope)
    try:
        yield
    finally:
        bind(before)


@contextmanager
def restored() -> Iterator[None]:
    """A block whose ``widen`` ends with it. Stands around the transaction, not within it."""
    before = _bound.get()
    try:
        yield
    finally:
        if _bound.get() is not before:
            _bound.set(before)
            # What waits to be rolled back takes the setting back by itself.
            if not connections[DEFAULT_DB_ALIAS].needs_rollback:
                _tell(connections[DEFAULT_DB_ALIAS])


def widen() -> None:
    """See everything until the block of ``restored`` ends: for a command that has found, within
    the person's scope, the document it changes. What the command does with the document reaches
    places that the person may not look into: a keeper of one warehouse ships to customers."""
    if not current().everything:
        bind(EVERYTHING)


def on_connection(connection: Any, **_: Any) -> None:
    """A new connection starts with the scope at work."""
    apply(connection)


def forget(**_: Any) -> None:
    """After a request: its scope ends with it, on the connection too if that is open."""
    if _bound.get() is None:
        return
    _bound.set(None)
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is not None and not connection.needs_rollback:
        _tell(connection)


def _tell(connection: Any) -> None:
    """Apply the scope at work; a connection that cannot be told is let go of, since the next one
    starts with it."""
    try:
        apply(connection)
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        connection.close()


def apply(connection: Any) -> None:
    """Tell a connection the scope at work and take on the role that goes with it. Where the roles
    were never made the connection stays who it is."""
    if _as_owner.get():
        return
    scope = current()
    role = SYSTEM_ROLE if scope.everything else PERSON_ROLE
    with connection.cursor() as cursor:
        cursor.execute(query("core", "take_role"), [role, scope.as_json()])


def role_of_system() -> str:
    """The role that a process of the system takes on here, for connections that are not Django's
    (those of the job queue); empty where the roles were never made."""
    with bound(EVERYTHING), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("select current_setting('role')")
        role = str(cursor.fetchone()[0])
    return role if role == SYSTEM_ROLE else ""


@contextmanager
def as_owner(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A block that works as the account that was logged in: the owner of the tables. For
    migrations; the connection is made anew before and after."""
    connections[using].close()
    token = _as_owner.set(True)
    try:
        yield
    finally:
        _as_owner.reset(token)
        connections[using].close()


Row = TypeVar("Row", bound="Scoped")


class ScopedManager(models.Manager[Row]):
    """Finds only what the scope at work lets through."""

    def get_queryset(self) -> models.QuerySet[Row]:
        """The rows within the scope."""
        rows = super().get_queryset()
        scope = current()
        return rows if scope.everything else rows.filter(self.model.within(scope))


class Scoped(models.Model):
    """A table whose rows belong to somebody. ``within`` is the condition for the ORM; the same
    condition as SQL lies in the app's ``sql/scope_<table>.sql``; a test holds them together."""

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        abstract = True

    @classmethod
    def within(cls, scope: Scope) -> Q:
        """The rows that a limited scope lets through."""
        raise AssertionError(f"{cls.__name__} says whose its rows are")


def scoped_models() -> list[type[Scoped]]:
    """All tables with a scope, by name."""
    found = [m for m in apps.get_models() if issubclass(m, Scoped) and m._meta.managed]
    return sorted(found, key=lambda m: str(m._meta.db_table))


def guard_database(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make roles, grants and policies; safe to repeat, run after each migration by the owner."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    if "audit_change" not in existing:
        return  # a partial migrate
    with connection.cursor() as cursor:
        cursor.execute(query("core", "scope"))
        cursor.execute(query("core", "roles"))
        cursor.execute(query("core", "role_exists"), [PERSON_ROLE])
        if cursor.fetchone() is None:
            return
        for model in scoped_models():
            table = str(model._meta.db_table)
            if table not in existing:
                continue
            rule = query(model._meta.app_label, f"scope_{table}")
            statement = sql.SQL(query("core", "scope_table")).format(
                table=sql.Identifier(table), rule=sql.SQL(rule)
            )
            cursor.execute(statement)
