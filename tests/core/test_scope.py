"""The scope: what a person may not see is neither in the ORM's answer nor in the database's."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kintsugi.audit.services import recorded
from kintsugi.core.bulk import copy_frame
from kintsugi.core.ids import uuid7_series
from kintsugi.core.scope import EVERYTHING, NOTHING, Scope, bind, bound, scoped_models
from kintsugi.devices.models import Device
from kintsugi.parties.models import Party
from tests.audit.rows import insert, product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_limits_afterwards() -> Iterator[None]:
    yield
    bind(None)


def party(name: str, region: str | None, roles: list[str] | None) -> UUID:
    return insert("parties_party", party_key=name, name=name, region_code=region, roles=roles)


def device(serial: str, customer: UUID | None) -> UUID:
    return insert("devices_device", serial_no=serial, product_id=product(), customer_id=customer)


@pytest.fixture
def world() -> dict[str, UUID]:
    """A maker, hospitals in Shenzhen, Guangzhou and Beijing, one without a region, one unknown."""
    with recorded(actor="test", command="test"):
        made = {
            "maker": party("厂家", "110000", ["manufacturer"]),
            "shenzhen": party("深圳医院", "440304", ["customer"]),
            "guangzhou": party("广州医院", "440106", ["customer", "supplier"]),
            "beijing": party("北京医院", "110105", ["customer"]),
            "somewhere": party("某医院", None, ["customer"]),
            "unknown": party("不明单位", "440304", None),
            "empty": party("无角色", "110000", []),
        }
        for name in ("shenzhen", "guangzhou", "beijing", "somewhere"):
            device(f"SN-{name}", made[name])
        device("SN-stock", None)
    return made


def seen() -> tuple[set[str], set[str]]:
    """Names of parties and serials of devices that the ORM shows."""
    return (
        set(Party.objects.values_list("name", flat=True)),
        set(Device.objects.values_list("serial_no", flat=True)),
    )


def seen_by_hand() -> tuple[set[str], set[str]]:
    """The same by SQL without any condition: only the database limits it."""
    with connection.cursor() as cursor:
        cursor.execute("select name from parties_party")
        parties = {row[0] for row in cursor.fetchall()}
        cursor.execute("select serial_no from devices_device")
        return parties, {row[0] for row in cursor.fetchall()}


ALL = {"厂家", "深圳医院", "广州医院", "北京医院", "某医院", "不明单位", "无角色"}
SERIALS = {"SN-shenzhen", "SN-guangzhou", "SN-beijing", "SN-somewhere", "SN-stock"}


def test_without_limits_everything_is_seen(world: dict[str, UUID]) -> None:
    with bound(EVERYTHING):
        assert seen() == seen_by_hand() == (ALL, SERIALS)


def test_with_nothing_granted_only_makers_are_seen_and_no_device(world: dict[str, UUID]) -> None:
    with bound(NOTHING):
        assert seen() == seen_by_hand() == ({"厂家"}, set())


def test_a_province_shows_its_hospitals_and_their_devices(world: dict[str, UUID]) -> None:
    with bound(Scope(regions=frozenset({"44"}))):
        assert seen() == seen_by_hand()
        assert seen() == (
            {"厂家", "深圳医院", "广州医院", "不明单位"},
            {"SN-shenzhen", "SN-guangzhou"},
        )


def test_a_city_and_one_customer_elsewhere_add_up(world: dict[str, UUID]) -> None:
    scope = Scope(regions=frozenset({"4403"}), customers=frozenset({world["beijing"]}))
    with bound(scope):
        assert seen() == seen_by_hand()
        assert seen()[1] == {"SN-shenzhen", "SN-beijing"}


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_orm_and_database_always_agree(world: dict[str, UUID], data: st.DataObject) -> None:
    scope = Scope(
        everything=data.draw(st.sampled_from([False, False, False, True])),
        regions=data.draw(st.frozensets(st.sampled_from(["11", "44", "4403", "440106", "1"]))),
        customers=data.draw(st.frozensets(st.sampled_from(sorted(world.values())))),
    )
    with bound(scope):
        assert seen() == seen_by_hand()


def test_a_row_outside_the_scope_is_neither_changed_nor_made(world: dict[str, UUID]) -> None:
    scope = Scope(regions=frozenset({"11"}))
    with bound(scope), recorded(actor="test", command="test"), connection.cursor() as cursor:
        cursor.execute("update devices_device set notes = 'x' where serial_no = 'SN-shenzhen'")
        assert cursor.rowcount == 0
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            party("新医院", "440304", ["customer"])
        assert caught.value.__cause__.sqlstate == "42501"


def test_every_scoped_table_is_limited_for_the_persons_role_and_for_readers() -> None:
    with connection.cursor() as cursor:
        for model in scoped_models():
            cursor.execute(
                "select c.relrowsecurity, array_agg(p.polname order by p.polname)"
                " from pg_class c left join pg_policy p on p.polrelid = c.oid"
                " where c.relname = %s group by 1",
                [model._meta.db_table],
            )
            assert cursor.fetchone() == (
                True,
                ["scope_of_person", "scope_of_reader", "scope_of_system"],
            )


def test_no_role_of_the_product_owns_a_table_or_may_switch_a_trigger_off() -> None:
    for scope in (EVERYTHING, NOTHING):
        with bound(scope), connection.cursor() as cursor:
            cursor.execute("select current_user")
            (role,) = cursor.fetchone()
            assert role in ("kintsugi_system", "kintsugi_runtime")
            cursor.execute(
                "select count(*) from pg_class where pg_has_role(%s, relowner, 'usage')"
                " and relnamespace = 'public'::regnamespace",
                [role],
            )
            assert cursor.fetchone() == (0,)
            for statement in (
                "alter table devices_device disable trigger audit_update",
                "truncate audit_change",
                "delete from audit_change",
                "insert into audit_change (transaction_id, table_name, row_id, op)"
                " values (1, 'x', gen_random_uuid(), 'I')",
                "update audit_transaction set actor = 'nobody'",
                "set session_replication_role = replica",
                "drop policy scope_of_person on devices_device",
                "delete from core_transition",
            ):
                with pytest.raises(DatabaseError) as caught, transaction.atomic():
                    cursor.execute(statement)
                assert caught.value.__cause__.sqlstate == "42501", statement


@pytest.mark.parametrize("bypasses", [True, False])
def test_a_load_reaches_a_limited_table_with_and_without_the_right_to_bypass(
    bypasses: bool, table_owner: None
) -> None:
    import polars as pl

    with connection.cursor() as cursor:
        # The transaction of the test takes the attribute back.
        cursor.execute(f"alter role kintsugi_system {'' if bypasses else 'no'}bypassrls")
    with bound(EVERYTHING), recorded(actor="test", command="test"):
        ids = uuid7_series(3)
        frame = pl.DataFrame({"id": ids, "party_key": ids, "name": ["甲", "乙", None]})
        full = frame.with_columns(pl.col("name").fill_null("丙"))
        assert copy_frame(table="parties_party", frame=full) == 3
        assert Party.objects.filter(party_key__in=ids.to_list()).count() == 3


def test_a_request_that_ended_leaves_no_scope_behind(client: Any) -> None:
    client.get("/accounts/login/")
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_setting('kintsugi.scope')::jsonb")
        role, scope = cursor.fetchone()
    assert role == "kintsugi_system"
    assert "true" in str(scope)
