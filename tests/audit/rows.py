"""One row of every business table, by hand: the least the database accepts.

A new business table has no maker here and fails ``test_every_business_table_has_a_row_by_hand``.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from kintsugi.core.ids import uuid7

#: Something of each type, for columns that must not be null and that no test is about.
FILLERS: dict[str, Any] = {
    "character varying": "x",
    "text": "x",
    "boolean": False,
    "integer": 1,
    "bigint": 1,
    "jsonb": "{}",
    "timestamp with time zone": "2026-11-22T08:00:00Z",
    "date": "2026-11-22",
}


def insert(table: str, **values: Any) -> UUID:
    """Insert one row by plain SQL and return its id; required columns not given are filled."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name, data_type from information_schema.columns where table_name = %s"
            " and is_nullable = 'NO' and column_default is null and column_name <> all(%s)",
            [table, ["id", *values]],
        )
        filled = {name: FILLERS[kind] for name, kind in cursor.fetchall()}
    values = {"id": uuid7(), **filled, **values}
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values.values()))
    return values["id"]


def party() -> UUID:
    mark = uuid7().hex
    return insert("parties_party", party_key=mark, name=f"示例医院 {mark}", roles=["customer"])


def product() -> UUID:
    return insert("products_product", product_code=uuid7().hex, name="监护仪", tracking="serial")


def identifier() -> UUID:
    mark = uuid7().hex[:30]
    return insert(
        "products_udiidentifier", device_identifier=mark, issuer="GS1", product_id=product()
    )


def device() -> UUID:
    return insert("devices_device", serial_no=uuid7().hex, product_id=product(), notes="a\\b\n“c”")


def person() -> UUID:
    return insert("identity_person", name="张三", kind="employee")


def user() -> UUID:
    return insert(
        "identity_user",
        person_id=person(),
        username=uuid7().hex,
        password="!",
        display_name="张三",
        language="zh-hans",
        theme="auto",
        is_superuser=False,
        is_staff=False,
        is_active=True,
    )


def source(**values: Any) -> UUID:
    given = {"authority": 50, "status": "live", "value_maps": "{}", **values}
    return insert(
        "onboarding_source",
        code=uuid7().hex,
        name_zh="台账",
        name_en="Register",
        kind="csv",
        **given,
    )


def snapshot() -> UUID:
    mark = uuid7().hex
    return insert(
        "onboarding_snapshot",
        sha256=mark,
        folder=mark,
        file_name="台账.csv",
        kind="csv",
        bytes=1,
        parser_version="1",
        tables="[]",
    )


def mapping() -> UUID:
    return insert(
        "onboarding_mappingversion",
        source_id=source(),
        number=1,
        content="{}",
        sha256=uuid7().hex,
        origin="given",
    )


def run(**values: Any) -> UUID:
    given = {"status": "created", "counts": "{}", "steps": "[]", "notes": "[]", **values}
    return insert(
        "onboarding_run",
        number=uuid7().hex[:30],
        source_id=source(),
        location="台账.csv",
        file_name="台账.csv",
        **given,
    )


def issue(**values: Any) -> UUID:
    given = {"status": "open", **values}
    run_id = run()
    return insert(
        "onboarding_issue",
        source_id=source(),
        run_id=run_id,
        entity="device",
        rule="date.invalid",
        severity="ask",
        place="1",
        table_no=0,
        raw_hash=uuid7().hex,
        **given,
    )


ROWS: dict[str, Callable[..., UUID]] = {
    "devices_device": device,
    "identity_person": person,
    "identity_user": user,
    "onboarding_issue": issue,
    "onboarding_mappingversion": mapping,
    "onboarding_run": run,
    "onboarding_snapshot": snapshot,
    "onboarding_source": source,
    "parties_party": party,
    "products_product": product,
    "products_udiidentifier": identifier,
}


def stored(table: str, row_id: UUID) -> dict[str, Any] | None:
    """The row as JSON without its id and nulls; None when there is none."""
    statement = sql.SQL(
        "select jsonb_strip_nulls(to_jsonb(t) - 'id')::text from {} t where id = %s"
    ).format(sql.Identifier(table))
    return _json(statement, [row_id])


def _json(statement: Any, params: list[Any]) -> dict[str, Any] | None:
    import json

    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    return None if row is None else json.loads(row[0])


def fold(table: str, row_id: UUID) -> dict[str, Any] | None:
    """The row as its changes in the log make it, nulls left out."""
    import json

    state: dict[str, Any] | None = None
    with connection.cursor() as cursor:
        cursor.execute(
            "select op, after::text from audit_change where table_name = %s and row_id = %s"
            " order by id",
            [table, row_id],
        )
        changes = cursor.fetchall()
    for op, after in changes:
        if op == "I":
            assert state is None, "a row is inserted once"
            state = json.loads(after)
        elif op == "U":
            assert state is not None, "only a row that stands is updated"
            state = {**state, **json.loads(after)}
        else:
            assert state is not None, "only a row that stands is deleted"
            state = None
    return state if state is None else {k: v for k, v in state.items() if v is not None}
