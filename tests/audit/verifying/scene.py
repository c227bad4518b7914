"""A small installation with everything on, sealed, witnessed twice and folded; and a superuser."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, connections, transaction
from psycopg.conninfo import conninfo_to_dict

from kintsugi.audit.findings import Finding
from kintsugi.audit.sealing.rounds import seal_round
from kintsugi.audit.services import recorded
from kintsugi.audit.verification import run_all
from kintsugi.audit.verifying import decoding
from kintsugi.audit.verifying.keys import key_file
from kintsugi.core.errors import KintsugiError
from kintsugi.runtime.home import Home
from tests.audit.rows import device, insert, product
from tests.audit.sealing.tampering import switch_keepers

#: What the product's people do; and a colleague who did nothing wrong.
CLERK, COLLEAGUE = "仓库 王", "设备科 李"


@dataclass
class Scene:
    """Ids of devices: ``touched`` was sealed and witnessed some time ago, ``recent`` under the last
    checkpoint, and ``fresh`` was written since."""

    home: Home
    touched: UUID
    recent: UUID
    fresh: UUID
    #: Makes the database what it was after the first checkpoint.
    restore: Callable[[], None]
    #: The moment before the attack.
    at: dt.datetime

    @property
    def witness(self) -> Path:
        """The folder of the witness, of both kinds."""
        return self.home.root / "witness"


def set_the_scene(home: Path, server: Any) -> Scene:
    """Write, seal, witness and fold; ``server`` is the tests' database server."""
    _take_home(home)
    decoding.set_up(Path(settings.HOME) / "witness", url=_url())
    write()
    touched = write()
    change(touched, warranty_end="2027-06-30")
    change(touched, install_site="3 楼")
    assert found_by() == {}, "the scene is clean before anything happens"
    backup = _back_up(server)
    recent = write(actor=COLLEAGUE)
    assert found_by() == {}
    fresh = write(actor=COLLEAGUE)
    return Scene(Home(settings.HOME), touched, recent, fresh, backup, _now())


def found_by(since: dt.datetime | None = None) -> dict[str, list[Finding]]:
    """The day goes on: seal, watch, read; then all verifiers. Those that found something."""
    # A sealer that refuses is logged by its job, and the product goes on.
    with suppress(KintsugiError):
        seal_round(at=_now())
    decoding.collect(Path(settings.HOME) / "witness", url=_url())
    verdicts = run_all(since=since)
    assert [one.verifier for one in verdicts] == [
        *("tree", "witness", "guard", "fold", "decoding", "token")
    ]
    told = {one.verifier: [f for f in one.findings if _ours(f)] for one in verdicts}
    unsure = [(one.verifier, str(one.reason)) for one in verdicts if one.reason is not None]
    assert not unsure, f"every verifier can tell: {unsure}"
    return {name: findings for name, findings in told.items() if findings}


def write(actor: str = CLERK) -> UUID:
    """A device, as services write it."""
    with recorded(actor=actor, command="device.create", reason="验收"):
        return device()


def change(row_id: UUID, actor: str = CLERK, **values: Any) -> None:
    """Columns of a device, as services change them."""
    columns = ", ".join(f"{name} = %s" for name in values)
    with recorded(actor=actor, command="device.change", reason="更正"):
        execute(f"update devices_device set {columns} where id = %s", [*values.values(), row_id])


def execute(statement: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """One statement; its rows, if it has any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def superuser(*, silent: bool = True) -> Iterator[None]:
    """A committed transaction of the server's superuser; ``silent``: and no trigger fires, those
    that fire always neither, which are put back before the end."""
    with transaction.atomic():
        execute("set local role none")
        if silent:
            execute("set local session_replication_role = replica")
            with connection.cursor() as cursor:
                switch_keepers(cursor, "disable trigger")
        yield
        if silent:
            with connection.cursor() as cursor:
                switch_keepers(cursor, "enable always trigger")


def one(statement: str, params: list[Any] | None = None) -> Any:
    """The only value of a query."""
    ((value,),) = execute(statement, params)
    return value


def device_beside(row_id: UUID) -> UUID:
    """Another device of the same product, written by whatever session is at work."""
    product_id = one("select product_id from devices_device where id = %s", [row_id])
    return insert("devices_device", serial_no=f"X-{row_id.hex[:8]}", product_id=product_id)


def _take_home(root: Path) -> None:
    """A home of its own, in which the keys of the migrations are known."""
    keys = key_file()
    settings.HOME = root
    Home(root).prepare()
    shutil.copy(keys, key_file())
    with recorded(actor="system", command="test.product"):
        product()


def _back_up(server: Any) -> Callable[[], None]:
    """A copy of the database; calling the answer puts it in the place of the one there is."""
    connections.close_all()
    name = str(connection.settings_dict["NAME"])
    server.copy(name, f"{name}_backup")

    def restore() -> None:
        connections.close_all()
        server.copy(f"{name}_backup", name)

    return restore


def remove_backup(server: Any) -> None:
    """What the scene left on the server."""
    name = conninfo_to_dict(_url())["dbname"]
    server.admin("DROP DATABASE IF EXISTS {db} WITH (FORCE)", db=f"{name}_backup")


def _ours(finding: Finding) -> bool:
    """Roles belong to the whole server, and other tests of this run make some."""
    return not finding.kind.startswith(("guard.role-", "guard.member-"))


def _url() -> str:
    return os.environ["DATABASE_URL"]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
