"""Every table is either a business table or named here with the reason why it is none."""

from django.apps import apps

from kintsugi.audit.services import business_tables
from kintsugi.core.models import BusinessModel

#: Our tables whose rows are not business rows.
OTHERS = {
    "audit_transaction": "the record itself",
    "audit_change": "the record itself; only triggers write it",
    "audit_epoch": "the sealed log; append-only",
    "audit_seal_key": "the sealed log; append-only, endorsed",
    "audit_guard": "the sealed log; append-only, accepted by the tables' owner",
    "audit_checkpoint": "the sealed log; append-only, signed",
    "audit_leaf_run": "the sealed log; append-only, covered by signed roots",
    "audit_node": "the sealed log; append-only, covered by signed roots",
    "audit_cosignature": "the sealed log; append-only, signed by the witness",
    "audit_time_stamp": "the sealed log; append-only, signed by an authority",
    "audit_fold_state": "how far the last fold came; authenticated by a key outside the database",
    "audit_verification": "answers of verifiers; append-only, about the log and not of it",
    "audit_crosswalkchange": "provenance: what the crosswalk said before, by a trigger",
    "audit_origin": "provenance, written with the rows it explains",
    "audit_fieldset": "provenance: interned field names",
    "audit_provenance": "provenance: the crosswalk",
    "core_command": "idempotency keys",
    "core_event": "the outbox",
    "core_sequence": "number series",
    "core_transition": "state machines as data",
    "onboarding_chunk": "a run's ledger, written with its chunks",
    "onboarding_profile": "what a snapshot's table measures; made again from it",
    "onboarding_progress": "what a run does right now; overwritten",
    "onboarding_runissuecount": "counts of a run, made again by a rerun",
    "identity_dutyconflict": "the matrix's conflicts as data",
    "identity_matrixentry": "the matrix as data",
    "identity_apitokenuse": "when a token was last used; overwritten",
    "identity_session": "open log-ins; ends by deletion, last seen is overwritten",
    "identity_passwordrecord": "old hashes: they do not belong into a log that others read",
    "identity_requestcount": "counters of the present minute",
    "stock_balance": "the fold of the ledger, written by its trigger alone",
    "stock_cost": "the value of the ledger, carried forward by its trigger alone",
    "identity_user_groups": "Django's link table",
    "identity_user_user_permissions": "Django's link table",
}


def ours() -> list[type]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("kintsugi.")
    ]


def test_a_table_that_is_no_business_table_is_named_with_its_reason() -> None:
    plain = {m._meta.db_table for m in ours() if not issubclass(m, BusinessModel)}
    assert plain == set(OTHERS)


def test_business_models_are_business_tables_with_an_id_for_ever() -> None:
    found = {m._meta.db_table: m for m in ours() if issubclass(m, BusinessModel)}
    assert sorted(found) == business_tables()
    for table, model in found.items():
        assert model._meta.pk.name == "id", table
        assert {"version", "created_at", "updated_at", "is_void", "void_reason"} <= {
            f.name for f in model._meta.get_fields()
        }, table
        assert model._meta.managed, table


def test_nothing_cascades_into_a_business_table() -> None:
    """Rows are voided, never deleted: a foreign key that deletes would go round the record."""
    for model in ours():
        if not issubclass(model, BusinessModel):
            continue
        for field in model._meta.get_fields():
            if field.is_relation and getattr(field, "many_to_one", False):
                assert field.remote_field.on_delete.__name__ == "PROTECT", field
