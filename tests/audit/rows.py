"""One row of every business table, by hand: the least the database accepts.

A new business table has no maker here and fails ``test_every_business_table_has_a_row_by_hand``.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from kintsugi.core.ids import uuid7
from tests.audit import rows_billing, rows_projects

#: Something of each type, for columns that must not be null and that no test is about.
FILLERS: dict[str, Any] = {
    "character varying": "x",
    "text": "x",
    "boolean": False,
    "integer": 1,
    "smallint": 1,
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


def rollback(**values: Any) -> UUID:
    made = run(reverts_id=run(), status="planned")
    return insert("onboarding_rollback", run_id=made, plan_sha256="0" * 64, **values)


def load_window() -> UUID:
    return insert(
        "onboarding_loadwindow", code=uuid7().hex, name_zh="夜间", name_en="Night",
        time_zone="Asia/Shanghai",
    )  # fmt: skip


def wave() -> UUID:
    return insert("onboarding_wave", run_id=run(), kind="pilot")


def restore_point() -> UUID:
    return insert("onboarding_restorepoint", run_id=run())


def rollback_item(**values: Any) -> UUID:
    given = {"stage": "plan", "entity": "device", "outcome": "edited", **values}
    return insert("onboarding_rollbackitem", rollback_id=rollback(), row_id=uuid7(), **given)


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


def reauthentication() -> tuple[UUID, UUID, UUID, Any]:
    """A fresh log-in: its id, account, person and time."""
    account_id = user()
    person_id = _column("identity_user", account_id, "person_id")
    at = _clock()
    made = insert(
        "identity_reauthentication",
        account_id=account_id,
        person_id=person_id,
        at=at,
        method="password",
    )
    return made, account_id, person_id, at


def signature(
    content: str = "{}", object_id: UUID | None = None, meaning: str = "reviewed"
) -> tuple[UUID, UUID, UUID]:
    """A signature: its id, account and person."""
    fresh, account_id, person_id, at = reauthentication()
    made = insert(
        "identity_signature",
        account_id=account_id,
        person_id=person_id,
        printed_name=_column("identity_person", person_id, "name"),
        meaning=meaning,
        object_kind="act",
        object_id=object_id or uuid7(),
        content=content,
        content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        signed_at=at,
        authenticated_at=at,
        method="password",
        reauthentication_id=fresh,
        reason="试验",
    )
    return made, account_id, person_id


def _plan(status: str = "draft") -> dict[str, Any]:
    """An act with its only revision: what the rows about it repeat."""
    account_id = user()
    author_id = _column("identity_user", account_id, "person_id")
    content = '{"plan":{}}'
    plan = {"revision": 1, "plan_sha256": hashlib.sha256(content.encode()).hexdigest(),
            "author_id": author_id}  # fmt: skip
    act_id = insert(
        "identity_act", number=uuid7().hex, subject_id=uuid7(), status="draft", reason="x", **plan
    )
    plan |= {"act_id": act_id}
    plan["revision_id"] = insert(
        "identity_actrevision", content=content, account_id=account_id, written_at=_clock(), **plan
    )
    return plan


def act() -> UUID:
    return _plan()["act_id"]


def act_in(status: str) -> UUID:
    """An act in this state; where the database asks for evidence, only its owner makes one so."""
    return insert(
        "identity_act", number=uuid7().hex, subject_id=uuid7(), status=status, revision=1,
        author_id=person(), reason="x",
    )  # fmt: skip


def act_revision() -> UUID:
    return _plan()["revision_id"]


def _approval() -> tuple[dict[str, Any], UUID, UUID]:
    plan = _plan()
    del plan["revision_id"]
    _to(plan["act_id"], "submitted")
    signed, account_id, approver_id = signature('{"plan":{}}', plan["act_id"], "approved")
    made = insert(
        "identity_approval",
        approver_id=approver_id,
        account_id=account_id,
        decision="approved",
        meaning="approved",
        signature_id=signed,
        **plan,
    )
    return plan, made, approver_id


def approval() -> UUID:
    return _approval()[1]


def _execution() -> tuple[dict[str, Any], UUID, UUID]:
    plan, approved, approver_id = _approval()
    _to(plan["act_id"], "approved")
    signed, account_id, executor_id = signature('{"plan":{}}', plan["act_id"], "executed")
    made = insert(
        "identity_execution",
        approval_id=approved,
        approver_id=approver_id,
        executor_id=executor_id,
        account_id=account_id,
        signature_id=signed,
        **plan,
    )
    return plan, made, executor_id


def execution() -> UUID:
    return _execution()[1]


def verification() -> UUID:
    plan, run_id, executor_id = _execution()
    _to(plan["act_id"], "executing")
    with connection.cursor() as cursor:
        cursor.execute(
            "update identity_execution set outcome = 'executed', ended_at = now() where id = %s",
            [run_id],
        )
    _to(plan["act_id"], "executed")
    signed, account_id, verifier_id = signature('{"plan":{}}', plan["act_id"], "verified")
    return insert(
        "identity_verification",
        execution_id=run_id,
        executor_id=executor_id,
        verifier_id=verifier_id,
        account_id=account_id,
        outcome="passed",
        meaning="verified",
        signature_id=signed,
        **plan,
    )


def _to(act_id: UUID, status: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("update identity_act set status = %s where id = %s", [status, act_id])


def _column(table: str, row_id: UUID, name: str) -> Any:
    statement = sql.SQL("select {} from {} where id = %s").format(
        sql.Identifier(name), sql.Identifier(table)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [row_id])
        return cursor.fetchone()[0]


def _clock() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        return cursor.fetchone()[0]


#: Evidence: rows that are added and never changed; the database refuses everything else.
ONLY_GROW = frozenset(
    {
        "audit_refusal",
        "identity_loginevent",
        "identity_actrevision",
        "identity_approval",
        "identity_failedreauthentication",
        "identity_reauthentication",
        "identity_signature",
        "identity_verification",
        "billing_bankstatement",
        "billing_invoiceline",
        "billing_journalbatch",
        "billing_match",
        "sales_checkrecord",
        "sales_orderjudgement",
        "sales_orderrevision",
        "sales_pickscan",
        "sales_receipt",
        "sales_receiptline",
        "stock_move",
        "stock_period",
        "stock_posting",
        "stock_reading",
        "stock_recalldrill",
        "stock_stocktakecount",
        "stock_storagecheck",
    }
)
#: Rows that change but are never deleted, and of which only the end may be added.
NEVER_DELETED = frozenset({"billing_journalline", "identity_act", "identity_execution"})


def grant() -> UUID:
    return insert(
        "identity_rolegrant", person_id=person(), role="desk", scope_kind="all", scope_values="{}",
        reason="x",
    )  # fmt: skip


def delegation() -> UUID:
    return insert(
        "identity_delegation", grant_id=grant(), person_id=person(), given_by_id=person(),
        valid_from="2026-11-23T08:00:00Z", valid_to="2026-11-24T08:00:00Z", reason="x",
    )  # fmt: skip


def review() -> UUID:
    return insert(
        "identity_grantreview", grant_id=grant(), decision="keep", reviewed_by_id=person()
    )


def token() -> UUID:
    return insert(
        "identity_apitoken", account_id=user(), sha256=uuid7().hex, scopes="{search.read}",
        expires_at="2026-12-22T08:00:00Z",
    )  # fmt: skip


#: Orders: what was ordered stands, and only the release is added, once (tests of retention).
RELEASED_ONCE = frozenset({"audit_legalhold"})


def pack(status: str = "asked") -> UUID:
    return insert(
        "audit_evidencepack", number=uuid7().hex[:30], language="zh", status=status,
        manifest_sha256="0" * 64, file_sha256="0" * 64,
    )  # fmt: skip


def hold() -> UUID:
    return insert(
        "audit_legalhold", number=uuid7().hex[:30], kind="device", subject_id=uuid7(),
        placed_by_id=uuid7(),
    )  # fmt: skip


def warehouse() -> UUID:
    return insert("stock_warehouse", code=uuid7().hex[:30], name="示例仓")


def location(kind: str = "opening") -> UUID:
    return insert("stock_location", code=uuid7().hex[:30], kind=kind)


def lot() -> UUID:
    return insert("stock_lot", product_id=product(), lot_no=uuid7().hex)


def unit() -> UUID:
    return insert(
        "stock_unit", product_id=product(), serial_no=uuid7().hex, location_id=location(),
        quality="qualified",
    )  # fmt: skip


def posting() -> UUID:
    mark = uuid7().hex
    return insert("stock_posting", number=mark, key=mark, kind="opening")


def move() -> UUID:
    gloves = insert("products_product", product_code=uuid7().hex, name="手套", tracking="none")
    return insert(
        "stock_move", posting_id=posting(), product_id=gloves, source_id=location(),
        target_id=location("van"), source_quality="qualified", target_quality="qualified", qty=1,
    )  # fmt: skip


def reservation() -> UUID:
    return insert(
        "stock_reservation", document_line=uuid7(), product_id=product(), status="released",
        location_id=location(), qty=1,
    )  # fmt: skip


def period() -> UUID:
    """A month long ago, another one each time."""
    months = uuid7().int % 9_000
    month = dt.date(1100 + months // 12, 1 + months % 12, 1)
    return insert("stock_period", month=month)


def block() -> UUID:
    return insert("stock_block", kind="hold", product_id=product())


ROWS: dict[str, Callable[..., UUID]] = {
    **rows_billing.ROWS,
    **rows_projects.ROWS,
    "audit_evidencepack": pack,
    "audit_legalhold": hold,
    "audit_refusal": lambda: insert("audit_refusal", status=403),
    "audit_reportdefinition": lambda: insert(
        "audit_reportdefinition", name=uuid7().hex, owner_id=uuid7()
    ),
    "devices_device": device,
    "identity_apitoken": token,
    "identity_delegation": delegation,
    "identity_grantreview": review,
    "identity_loginevent": lambda: insert("identity_loginevent", kind="success"),
    "identity_person": person,
    "identity_rolegrant": grant,
    "identity_act": act,
    "identity_actrevision": act_revision,
    "identity_approval": approval,
    "identity_execution": execution,
    "identity_failedreauthentication": lambda: insert(
        "identity_failedreauthentication", account_id=user()
    ),
    "identity_reauthentication": lambda: reauthentication()[0],
    "identity_signature": lambda: signature()[0],
    "identity_user": user,
    "identity_verification": verification,
    "onboarding_issue": issue,
    "onboarding_mappingversion": mapping,
    "onboarding_loadwindow": load_window,
    "onboarding_wave": wave,
    "onboarding_restorepoint": restore_point,
    "onboarding_rollback": rollback,
    "onboarding_rollbackitem": rollback_item,
    "onboarding_run": run,
    "onboarding_snapshot": snapshot,
    "onboarding_source": source,
    "parties_mergedrows": lambda: insert(
        "parties_mergedrows", merge_id=rows_trade.merge(), table_name=uuid7().hex, rows="{}"
    ),
    "parties_party": party,
    "products_authorisedproduct": lambda: insert(
        "products_authorisedproduct", qualification_id=rows_trade.licence(), product_id=product()
    ),
    "products_certificateproduct": lambda: insert(
        "products_certificateproduct", certificate_id=rows_trade.certificate(), product_id=product()
    ),
    "products_product": product,
    "products_udiidentifier": identifier,
    "sales_orderjudgement": lambda: insert(
        "sales_orderjudgement", order_id=rows_trade.order(), verdicts="[]", occasion="submit"
    ),
    "sales_orderrevision": lambda: insert("sales_orderrevision", order_id=rows_trade.order(), no=1),
    "stock_block": block,
    "stock_location": location,
    "stock_lot": lot,
    "stock_move": move,
    "stock_period": period,
    "stock_posting": posting,
    "stock_reservation": reservation,
    "stock_unit": unit,
    "stock_warehouse": warehouse,
}
# Below what they are made of: the makers of other modules use those above.
from tests.audit import rows_trade  # noqa: E402

ROWS |= rows_trade.TRADE_ROWS
from tests.audit.rows_delivery import DELIVERY_ROWS, delivery, return_  # noqa: E402

ROWS |= DELIVERY_ROWS
__all__ = ["delivery", "return_"]


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


from tests.audit import rows_purchasing  # noqa: E402  it makes its rows of ours

ROWS |= rows_purchasing.ROWS

#: Every business table under its app, for tests that take the tables of an app in one database:
#: a database for each of a hundred tables is most of such a test's time.
TABLES_OF = {
    app: sorted(table for table in ROWS if table.partition("_")[0] == app)
    for app in sorted({table.partition("_")[0] for table in ROWS})
}
