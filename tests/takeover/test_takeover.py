"""Another system's stock comes over: what is sound as it is stated, what is not by name."""

import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from kintsugi.core.errors import KintsugiError
from kintsugi.takeover import selectors, services
from kintsugi.takeover.models import StatedLevel, Takeover
from tests.scenarios.world import World, last_change
from tests.takeover.systems import LEVELS, MOVED, MOVEMENTS, RIGHT, SMALL, WRONG

AT = dt.datetime(2026, 11, 26, 2, tzinfo=dt.UTC)
PRODUCTS = """产品编码,产品名称,追踪方式
G-1,手套,不追踪
L-1,支架,批号
S-1,监护仪,序列号
"""


def person(name: str, role: str) -> Any:
    """Somebody with a role."""
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user

    with recorded(actor="test", command="test.make"):
        return create_user(
            username=name, password="gold-seam-2026", display_name=name, roles=[role]
        )


def people() -> tuple[Any, Any]:
    """Who asks, and who approves."""
    return person("steward", "steward"), person("checker", "quality")


def stated(world: World, levels: str = LEVELS) -> None:
    """The products and the small system's list, imported."""
    from kintsugi.audit.services import recorded
    from kintsugi.products.models import Product

    with recorded(actor="test", command="test.make"):
        for code, name, tracking in (
            ("G-1", "手套", "none"), ("L-1", "支架", "lot"), ("S-1", "监护仪", "serial"),
        ):  # fmt: skip
            Product.objects.get_or_create(
                product_code=code, defaults={"name": name, "tracking": tracking}
            )
    world.load(world.file("levels.csv", levels), mapping=SMALL, source=("small", 50))


def wrong(system: str = "SMALL") -> dict[str, set[str]]:
    """What stands against each row."""
    found: dict[str, set[str]] = {}
    for one in selectors.faults(system):
        found.setdefault(one["item_ref"], set()).add(one["code"])
    return found


def on_hand() -> dict[tuple[str, str, str, str, str], Decimal]:
    """What the ledger holds in bins: balances of what has no serial, units one by one."""
    from kintsugi.stock.models import Balance, Unit

    found = {}
    for one in Balance.objects.filter(is_ours=True, on_hand__gt=0).select_related(
        "product", "lot", "location__warehouse"
    ):
        if not Unit.objects.filter(product=one.product).exists():
            lot = one.lot.lot_no if one.lot else ""
            key = (one.product.product_code, str(one.location), lot, "", one.quality)
            found[key] = one.on_hand
    for unit in Unit.objects.filter(location__kind="bin").select_related(
        "product", "lot", "location__warehouse"
    ):
        lot = unit.lot.lot_no if unit.lot else ""
        code = unit.product.product_code
        found[code, str(unit.location), lot, unit.serial_no, unit.quality] = Decimal(1)
    return found


def propose(actor: Any, key: str = "k1", reason: str = "年终盘点 PD-7") -> Takeover:
    return services.propose(actor=actor, system="SMALL", reason=reason, key=key, at=AT)


def approve(actor: Any, takeover: Takeover) -> Takeover:
    return services.approve(actor=actor, takeover=takeover.pk, reason="已核对", at=AT)


@pytest.mark.django_db
def test_sound_rows_come_over_as_stated_and_each_other_row_says_why_not(world: World) -> None:
    asks, decides = people()
    stated(world)
    assert wrong() == WRONG
    made = propose(asks)
    assert (made.status, made.levels) == ("proposed", len(RIGHT))
    assert on_hand() == {}  # a claim moves nothing
    assert approve(decides, made).status == "posted"
    assert on_hand() == {key: Decimal(qty) for key, qty in RIGHT.items()}
    assert selectors.disagreements(made) == []
    # The dates that one of two rows knew are the lot's.
    from kintsugi.stock.models import Lot

    lot = Lot.objects.get(lot_no="LOT7")
    assert (lot.mfg_date, lot.expiry_date) == (dt.date(2025, 1, 2), dt.date(2027, 12, 31))
    # What came over does not wait any more; what did not still does.
    assert wrong() == WRONG
    assert set(StatedLevel.objects.filter(takeover=made).values_list("item_ref", flat=True)) == {
        "1", "2", "3", "4", "8",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_same_again_posts_nothing_twice(world: World) -> None:
    asks, decides = people()
    stated(world)
    made = propose(asks)
    assert propose(asks) == made
    approve(decides, made)
    before, seen = on_hand(), last_change()
    approve(decides, made)
    assert (on_hand(), last_change()) == (before, seen)
    stated(world)  # the same file once more
    with pytest.raises(KintsugiError) as refused:
        propose(asks, key="k2")
    assert refused.value.code == "takeover.nothing"
    with pytest.raises(KintsugiError) as other:
        propose(asks, reason="另一个原因")
    assert other.value.code == "core.key-reused"


@pytest.mark.django_db
def test_a_row_that_was_mended_comes_over_in_a_second_takeover(world: World) -> None:
    asks, decides = people()
    stated(world)
    approve(decides, propose(asks))
    stated(world, LEVELS.replace("7,L-1,W1,A1,,,,,7,", "7,L-1,W1,A1,LOT7,,,,7,"))
    assert "7" not in wrong()
    approve(decides, propose(asks, key="k2"))
    assert on_hand()["L-1", "W1/A1", "LOT7", "", "qualified"] == 37


@pytest.mark.django_db
def test_who_asked_does_not_approve_and_the_database_agrees(world: World) -> None:
    asks, _ = people()
    stated(world)
    made = propose(asks)
    with pytest.raises(KintsugiError) as refused:
        approve(asks, made)
    assert refused.value.code == "takeover.same-person"
    from kintsugi.audit.services import recorded

    with (
        pytest.raises(DatabaseError, match="takeover_approved_by_another"),
        transaction.atomic(),
        recorded(actor="x", command="test.cheat"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "update takeover_takeover set status = 'posted', decided_by_id = requested_by_id,"
            " decided_at = now() where id = %s",
            [made.pk],
        )


@pytest.mark.django_db
def test_what_changed_after_it_was_shown_is_not_posted(world: World) -> None:
    asks, decides = people()
    stated(world)
    made = propose(asks)
    stated(world, LEVELS.replace("1,G-1,W1,A 1,,,,,100,", "1,G-1,W1,A 1,,,,,1000,"))
    with pytest.raises(KintsugiError) as refused:
        approve(decides, made)
    assert refused.value.code == "takeover.changed"
    assert on_hand() == {}
    services.withdraw(actor=asks, takeover=made.pk, reason="数量已变", at=AT)
    approve(decides, propose(asks, key="k2"))
    assert on_hand()["G-1", "W1/A1", "", "", "qualified"] == 1000


@pytest.mark.django_db
def test_what_the_ledger_refuses_leaves_nothing_behind(world: World) -> None:
    """Another bin of that name keeps goods cold: the posting is refused, with all that was made."""
    from kintsugi.audit.services import recorded
    from kintsugi.products.models import Product
    from kintsugi.stock import services as ledger
    from kintsugi.stock.models import Lot, Warehouse

    asks, decides = people()
    stated(world)
    with recorded(actor="test", command="test.make"):
        Product.objects.filter(product_code="G-1").update(storage_condition="normal")
        home = ledger.open_warehouse(actor="test", code="W1", name="一号仓")
        ledger.add_location(
            actor="test", code="B2", kind="bin", warehouse=home, zone="qualified", temp_zone="cold"
        )
    made = propose(asks)
    with pytest.raises(KintsugiError) as refused, transaction.atomic():
        approve(decides, made)
    assert refused.value.code == "stock.temperature"
    assert not Lot.objects.exists()
    assert not Warehouse.objects.filter(code="W2").exists()
    made.refresh_from_db()
    assert made.status == "proposed"


@pytest.mark.django_db
def test_a_serial_that_is_ours_already_does_not_come_over(world: World) -> None:
    asks, decides = people()
    stated(world)
    approve(decides, propose(asks))
    stated(world, LEVELS + "19,S-1,W2,A1,,SN1,,,1,\n")
    assert wrong()["19"] == {"serial-known"}


@pytest.mark.django_db
def test_levels_and_movements_of_the_other_system_are_held_against_each_other(
    world: World,
) -> None:
    stated(world)
    world.load(world.file("movements.csv", MOVEMENTS), mapping=MOVED, source=("moved", 50))
    found = {
        (one["code"], one["item_ref"], one["movement_ref"], one["stated"], one["other"])
        for one in selectors.differences("SMALL")
        if one["code"] != "no-movement-with-quantity"
    }
    assert found == {
        ("chain-breaks", "2", "m4", Decimal("2.5"), Decimal(3)),
        ("level-and-last-movement", "3", "m5", Decimal(30), Decimal(31)),
        ("movement-without-item", "99", "m6", Decimal(1), None),
    }
    silent = {
        one["item_ref"]
        for one in selectors.differences("SMALL")
        if one["code"] == "no-movement-with-quantity"
    }
    assert silent == {str(n) for n in range(4, 19)}


@pytest.mark.django_db(transaction=True)
def test_two_people_who_approve_at_once_post_once(world: World, committed: None) -> None:
    from django.db import connections

    asks, decides = people()
    third = person("third", "finance")
    stated(world)
    made = propose(asks)
    answers: list[Any] = []
    gate = threading.Barrier(2)

    def act(actor: Any) -> None:
        gate.wait(20)
        try:
            answers.append(approve(actor, made).status)
        except KintsugiError as error:
            answers.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(one,)) for one in (decides, third)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert answers == ["posted", "posted"]
    assert on_hand() == {key: Decimal(qty) for key, qty in RIGHT.items()}
