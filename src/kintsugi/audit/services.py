"""What other apps may do with the record: open a context, cover tables, make packs."""

from django.db import connections, transaction
from psycopg import sql

from kintsugi.audit.context import recorded, set_context
from kintsugi.audit.crosswalk import (
    OriginFacts,
    add_records,
    change_records,
    field_set_ids,
    known_records,
    records_of,
    register_origin,
    set_winners,
)
from kintsugi.audit.packs.build import copy_pack
from kintsugi.audit.packs.services import ask_for_pack, make_pack
from kintsugi.audit.sealing.acceptance import is_accepted
from kintsugi.audit.sealing.rounds import seal_round, verify_round
from kintsugi.audit.sealing.services import accept_guard, home, new_epoch, rotate_key, seal
from kintsugi.audit.sealing.witness import Witness
from kintsugi.audit.services_refusals import note_refusal
from kintsugi.audit.tables import business_tables
from kintsugi.audit.verifying.decoding import collect as read_wal
from kintsugi.audit.verifying.decoding import is_set_up as is_wal_witnessed
from kintsugi.audit.verifying.decoding import remove as end_wal_witness
from kintsugi.audit.verifying.decoding import set_up as set_up_wal_witness
from kintsugi.audit.verifying.keys import rotate as rotate_context_key
from kintsugi.core.models import Transition
from kintsugi.core.queries import query
from kintsugi.core.states import MACHINES

__all__ = [
    "OriginFacts",
    "Witness",
    "accept_guard",
    "add_records",
    "ask_for_pack",
    "business_tables",
    "change_records",
    "copy_pack",
    "cover_tables",
    "end_wal_witness",
    "field_set_ids",
    "is_guard_accepted",
    "is_sealable",
    "is_wal_witnessed",
    "known_records",
    "limit_sealed_tables",
    "make_pack",
    "new_epoch",
    "note_refusal",
    "publish_transitions",
    "read_wal",
    "recorded",
    "records_of",
    "register_origin",
    "rotate_context_key",
    "rotate_key",
    "seal",
    "seal_round",
    "set_context",
    "set_up_wal_witness",
    "set_winners",
    "verify_round",
]

#: Tables of the record itself; without them nothing can be covered yet.
RECORD = ("audit_change", "audit_transaction")


def cover_tables(*, using: str = "default") -> None:
    """Attach the change log to every existing business table; safe to repeat."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    if not set(RECORD) <= existing:
        return  # the audit migrations have not run yet (a partial migrate)
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in business_tables():
            if table in existing:
                cursor.execute(
                    sql.SQL(query("audit", "cover_table")).format(table=sql.Identifier(table))
                )
        if using == "default" and "audit_fold_state" in existing:
            with recorded(actor="system", command="migrate"):
                cursor.execute(query("audit", "record_columns"), [business_tables()])


def is_sealable(*, using: str = "default") -> bool:
    """Whether the tables of the sealed log are there (not after a partial migrate)."""
    return "audit_guard" in connections[using].introspection.table_names()


def is_guard_accepted(*, using: str = "default") -> bool:
    """Whether what protects the record is as somebody accepted it; True in a new database."""
    return not is_sealable(using=using) or is_accepted(home(), using=using)


def limit_sealed_tables(*, using: str = "default") -> None:
    """Give the sealer and the witness their rights and take everybody else's; safe to repeat."""
    if is_sealable(using=using):
        with connections[using].cursor() as cursor:
            cursor.execute(query("audit", "seal_roles"))


def publish_transitions(*, using: str = "default") -> None:
    """Write the state machines' steps into the database and guard their tables with them."""
    connection = connections[using]
    existing = set(connection.introspection.table_names())
    if "core_transition" not in existing:
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        wanted = {(m.name, a, b) for m in MACHINES.values() for a, b in m.steps}
        known = set(Transition.objects.using(using).values_list("machine", "source", "target"))
        for machine, source, target in known - wanted:
            Transition.objects.using(using).filter(
                machine=machine, source=source, target=target
            ).delete()
        Transition.objects.using(using).bulk_create(
            Transition(machine=m, source=a, target=b) for m, a, b in sorted(wanted - known)
        )
        for machine_ in MACHINES.values():
            if machine_.table in existing:
                cursor.execute(
                    sql.SQL(query("audit", "guard_states")).format(
                        table=sql.Identifier(machine_.table),
                        column=sql.Identifier(machine_.column),
                        machine=sql.Literal(machine_.name),
                        field=sql.Literal(machine_.column),
                    )
                )
