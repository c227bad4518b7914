"""What other apps may do with the record: open a context, cover tables."""

from django.apps import apps
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
from kintsugi.audit.sealing.acceptance import is_accepted
from kintsugi.audit.sealing.rounds import seal_round, verify_round
from kintsugi.audit.sealing.services import accept_guard, home, new_epoch, rotate_key, seal
from kintsugi.audit.sealing.witness import Witness
from kintsugi.audit.services_refusals import note_refusal
from kintsugi.core.models import BusinessModel, Transition
from kintsugi.core.queries import query
from kintsugi.core.states import MACHINES

__all__ = [
    "OriginFacts",
    "Witness",
    "accept_guard",
    "add_records",
    "business_tables",
    "change_records",
    "cover_tables",
    "field_set_ids",
    "is_guard_accepted",
    "is_sealable",
    "known_records",
    "limit_sealed_tables",
    "new_epoch",
    "note_refusal",
    "publish_transitions",
    "recorded",
    "records_of",
    "register_origin",
    "rotate_key",
    "seal",
    "seal_round",
    "set_context",
    "set_winners",
    "verify_round",
]

#: Tables of the record itself; without them nothing can be covered yet.
RECORD = ("audit_change", "audit_transaction")


def business_tables() -> list[str]:
    """Names of all tables whose rows are business rows, in order."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, BusinessModel) and model._meta.managed
    )


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
