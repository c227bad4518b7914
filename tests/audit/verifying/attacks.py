"""Sixteen ways in which a superuser of the database falsifies what the record says.

Each is a function of the scene, and names the verifiers that find it: in a run over everything, and
in one that looks only at what was recorded since just before the attack, as the hourly job does.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.test import override_settings

from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.memory import sealer_memory
from kintsugi.runtime.home import Home
from tests.audit.verifying.scene import (
    COLLEAGUE,
    Scene,
    change,
    device_beside,
    execute,
    one,
    superuser,
)

VERIFIERS = ("tree", "witness", "guard", "fold", "decoding", "token")
SEALED = ("audit_cosignature", "audit_time_stamp", "audit_leaf_run", "audit_node",
          "audit_checkpoint", "audit_epoch")  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """``full`` and ``recent``: which verifiers find it in a run over everything, and in one since
    the moment before it. ``row``: which row of the scene is named; none where nothing but the
    transaction or the trigger can be."""

    name: str
    does: Callable[[Scene], Any]
    full: frozenset[str]
    recent: frozenset[str]
    row: str


ATTACKS: list[Attack] = []


def attack(
    name: str, *, full: str, recent: str, row: str = "touched"
) -> Callable[[Callable[[Scene], Any]], Callable[[Scene], Any]]:
    """Adds a function to the list under a name that people read."""

    def add(does: Callable[[Scene], Any]) -> Callable[[Scene], Any]:
        found = frozenset(full.split()), frozenset(recent.split())
        ATTACKS.append(Attack(name, does, *found, row))
        return does

    return add


# -- rows ------------------------------------------------------------------------------------------


@attack("a row is edited", full="fold decoding", recent="decoding")
def edit(scene: Scene) -> None:
    with superuser():
        _set(scene.touched, "2031-12-31")


@attack("a row is edited, used, and set back", full="decoding", recent="decoding")
def edit_and_revert(scene: Scene) -> None:
    was = one("select warranty_end from devices_device where id = %s", [scene.touched])
    with superuser():
        _set(scene.touched, "2031-12-31")
    with superuser():
        _set(scene.touched, was)


@attack("a row is deleted and another put in its place", full="fold decoding", recent="decoding")
def exchange(scene: Scene) -> None:
    with superuser():
        device_beside(scene.touched)
        execute("delete from devices_device where id = %s", [scene.touched])


@attack(
    "a row is edited where the write-ahead log does not look (table unlogged meanwhile)",
    full="fold",
    recent="",
)
def edit_unlogged(scene: Scene) -> None:
    with unlogged("devices_device"), superuser():
        _set(scene.touched, "2031-12-31")


# -- triggers and functions ------------------------------------------------------------------------


@attack("a trigger is left disabled for later", full="guard", recent="guard", row="")
def disable_trigger(scene: Scene) -> None:
    with superuser(silent=False):
        execute("alter table devices_device disable trigger audit_update")


@attack(
    "the log's function is replaced by one that keeps silent, and a row edited",
    full="guard fold decoding",
    recent="guard decoding",
)
def replace_function(scene: Scene) -> None:
    with superuser(silent=False):
        execute(
            "create or replace function audit_log_update() returns trigger language plpgsql"
            " security definer as $$ begin return null; end $$"
        )
    change(scene.touched, warranty_end="2031-12-31")


# -- the log ---------------------------------------------------------------------------------------


@attack("a sealed entry and its row are edited together", full="tree decoding", recent="decoding")
def edit_sealed(scene: Scene) -> None:
    with superuser():
        _edit_entry(scene.touched)
        _set(scene.touched, "2031-12-31")


@attack(
    "the same where the write-ahead log does not look",
    full="tree",
    recent="",
)
def edit_sealed_unlogged(scene: Scene) -> None:
    with unlogged("audit_change", "devices_device"), superuser():
        _edit_entry(scene.touched)
        _set(scene.touched, "2031-12-31")


@attack(
    "the same, and all is sealed anew with the stolen sealing key", full="witness", recent="witness"
)
def seal_anew(scene: Scene) -> None:
    edit_sealed_unlogged(scene)
    sealed = execute("select size, at from audit_checkpoint order by number")
    with unlogged(*SEALED), superuser():
        execute(f"truncate {', '.join(SEALED)}")
    # On a machine of his own: the product's sealer would ask the witness.
    thief = Home(scene.home.root.parent / "thief")
    shutil.copytree(scene.home.secrets, thief.secrets)
    before = 0
    with override_settings(HOME=thief.root):
        for size, at in sealed:
            services.seal(at=at, most=size - before)
            before = size
    sealer_memory(thief).path.replace(sealer_memory(scene.home).path)


@attack(
    "an entry and its row are edited before they are sealed",
    full="decoding",
    recent="decoding",
    row="fresh",
)
def edit_before_sealing(scene: Scene) -> None:
    with superuser():
        execute(
            'update audit_change set after = after || \'{"lot_no": "L-2"}\' where row_id = %s',
            [scene.fresh],
        )
        execute("update devices_device set lot_no = 'L-2' where id = %s", [scene.fresh])


@attack("two sealed entries change places", full="tree decoding", recent="decoding")
def reorder(scene: Scene) -> None:
    """Of two changes of one device, so that the later one seems to be the earlier."""
    first, second = (
        number
        for (number,) in execute(
            "select id from audit_change where row_id = %s and op = 'U' order by id",
            [scene.touched],
        )
    )
    with superuser():
        for old, new in ((first, -1), (second, first), (-1, second)):
            execute("update audit_change set id = %s where id = %s", [new, old])


@attack(
    "the end of the log is cut off, with its rows and its checkpoint",
    full="tree witness decoding",
    recent="tree witness decoding",
    row="recent",
)
def cut_off(scene: Scene) -> None:
    gone = [str(scene.recent), str(scene.fresh)]
    with superuser():
        last = one("select max(number) from audit_checkpoint")
        execute("delete from audit_cosignature where checkpoint_id = %s", [last])
        execute("delete from audit_leaf_run where checkpoint_id = %s", [last])
        execute("delete from audit_checkpoint where number = %s", [last])
        execute(
            "delete from audit_transaction where id in (select transaction_id from audit_change"
            " where row_id = any(%s::uuid[]))",
            [gone],
        )
        execute(
            "delete from audit_change c where not exists"
            " (select from audit_transaction t where t.id = c.transaction_id)"
        )
        execute("delete from devices_device where id = any(%s::uuid[])", [gone])
        execute(
            "delete from products_product p where not exists"
            " (select from audit_change c where c.row_id = p.id)"
        )


@attack(
    "an older backup takes the database's place",
    full="tree witness decoding",
    recent="tree witness decoding",
    row="recent",
)
def restore(scene: Scene) -> None:
    scene.restore()


# -- contexts --------------------------------------------------------------------------------------


@attack("a change is made in a colleague's name", full="token", recent="token", row="")
def forge_context(scene: Scene) -> None:
    with superuser(silent=False):
        _as({"actor": COLLEAGUE, "command": "device.change", "reason": "更正", "facts": {}})
        _set(scene.touched, "2031-12-31")


@attack("a colleague's context is used again, token and all", full="token", recent="token", row="")
def replay_context(scene: Scene) -> None:
    with superuser(silent=False):
        execute("alter table audit_transaction drop constraint context_token_once")
        context = one(
            "select to_jsonb(t) - 'id' - 'xid' - 'at' from audit_transaction t"
            " join audit_change c on c.transaction_id = t.id where c.row_id = %s",
            [scene.recent],
        )
        _as(context if isinstance(context, dict) else json.loads(context))
        _set(scene.touched, "2031-12-31")


@attack(
    "a change is dated three days back",
    full="decoding token",
    recent="decoding token",
    row="",
)
def backdate(scene: Scene) -> None:
    with superuser(silent=False):
        made = one(
            "insert into audit_transaction (xid, at, actor, command, reason, facts) values"
            " (pg_current_xact_id()::text::bigint, now() - interval '3 days', %s,"
            " 'device.change', '更正', '{}') returning id",
            [COLLEAGUE],
        )
        # The log refuses another time than this transaction's, unless it takes it for its own row.
        execute(
            "select set_config('kintsugi.transaction', pg_current_xact_id() || ':' || %s, true)",
            [made],
        )
        _as({"actor": COLLEAGUE, "command": "device.change", "reason": "更正", "facts": {}})
        _set(scene.touched, "2031-12-31")


# -- tools -----------------------------------------------------------------------------------------


@contextmanager
def unlogged(*tables: str) -> Iterator[None]:
    """While a table is unlogged nothing of it reaches the write-ahead log. Tables that others refer
    to come last."""
    for table in tables:
        _alter(f"alter table {table} set unlogged")
    yield
    for table in reversed(tables):
        _alter(f"alter table {table} set logged")


def _alter(statement: str) -> None:
    with superuser(silent=False):
        execute(statement)


def _set(row_id: UUID, warranty_end: Any) -> None:
    execute("update devices_device set warranty_end = %s where id = %s", [warranty_end, row_id])


def _edit_entry(row_id: UUID) -> None:
    """The sealed entry that says when the warranty ends."""
    execute(
        'update audit_change set after = after || \'{"warranty_end": "2031-12-31"}\''
        " where row_id = %s and after ? 'warranty_end'",
        [row_id],
    )


def _as(context: dict[str, Any]) -> None:
    execute("select set_config('kintsugi.context', %s, true)", [json.dumps(context)])
