"""A keeper of one warehouse sees and moves what is in it, and counts the same everywhere."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.scope import EVERYTHING, NOTHING, Scope, bound
from kintsugi.stock import services, services_hand
from kintsugi.stock.counting.services_adjust import decide_adjustment, request_adjustment
from kintsugi.stock.models import Balance, Block, Location, Move, Posting, Unit, Warehouse
from kintsugi.stock.typed import TypedLine
from tests.stock.house import House
from tests.stock.shop import AT

pytestmark = pytest.mark.django_db

MODELS = (Warehouse, Location, Balance, Unit, Move, Posting, Block)


def seen() -> dict[str, set[Any]]:
    """Keys of the rows that the ORM shows."""
    return {m._meta.db_table: set(m.objects.values_list("pk", flat=True)) for m in MODELS}


def seen_by_hand() -> dict[str, set[Any]]:
    """The same by SQL without a condition: only the database limits it."""
    found = {}
    with connection.cursor() as cursor:
        for model in MODELS:
            cursor.execute(f"select id from {model._meta.db_table}")
            found[model._meta.db_table] = {row[0] for row in cursor.fetchall()}
    return found


def counts() -> list[int]:
    """Balances, units, lines and postings."""
    return [m.objects.count() for m in (Balance, Unit, Move, Posting)]


def only(*warehouses: Warehouse) -> Scope:
    return Scope(warehouses=frozenset(one.pk for one in warehouses))


def test_a_warehouse_shows_its_balances_units_lines_and_postings(house: House) -> None:
    with bound(EVERYTHING):
        assert counts() == [5, 2, 6, 6]
    with bound(only(house.main)):
        assert counts() == [3, 1, 4, 4]
        assert Unit.objects.get().serial_no == "SN-A"
        assert Balance.objects.get(product=house.gloves).on_hand == 95
    with bound(only(house.other)):
        assert counts() == [2, 1, 3, 3]
    with bound(NOTHING):
        assert counts() == [0, 0, 0, 0]


def test_regions_and_customers_show_their_warehouses_and_sites(house: House) -> None:
    with recorded(actor="test", command="test"):
        north = services.open_warehouse(
            actor=house.account, code="BJ", name="北京仓", region_code="110105"
        )
        house.move("ship", house.gloves, 7, house.shelf, house.site)
    with bound(Scope(regions=frozenset({"11"}))):
        assert list(Warehouse.objects.all()) == [north]
        assert seen() == seen_by_hand()
    with bound(Scope(customers=frozenset({house.hospital.pk}))):
        assert Balance.objects.get().on_hand == 7
        assert Move.objects.count() == Posting.objects.count() == 1
        assert seen() == seen_by_hand()


@pytest.mark.parametrize("which", ["nothing", "main", "other", "both", "region", "customer"])
def test_orm_and_database_agree(house: House, which: str) -> None:
    with recorded(actor="test", command="test"):
        house.move("ship", house.gloves, 7, house.shelf, house.site)
        house.move("scrap", house.gloves, 1, house.shelf, services.world("scrap"), reason="x")
        for unit in (house.sn_a, house.sn_b):
            services.place_block(actor=house.account, kind="hold", product=house.monitor.pk,
                                 unit=unit.pk, reason="x", at=AT)  # fmt: skip
    scopes = {
        "nothing": NOTHING,
        "main": only(house.main),
        "other": only(house.other),
        "both": only(house.main, house.other),
        "region": Scope(regions=frozenset({"44"})),
        "customer": Scope(customers=frozenset({house.hospital.pk}), warehouses=frozenset(
            {house.other.pk})),
    }  # fmt: skip
    with bound(scopes[which]):
        found = seen()
        assert found == seen_by_hand()
    with bound(EVERYTHING):
        assert any(found[name] < rows for name, rows in seen().items())


def test_a_line_to_another_warehouse_is_seen_from_here_without_naming_the_place(
    house: House,
) -> None:
    answer = house.by(house.limited).get(f"/api/v1/stock/postings/{house.transfer.pk}").json()
    (line,) = answer["lines"]
    assert line["source"]["code"] == str(house.shelf)
    assert line["target"] is None
    page = house.by(house.limited).get(f"/stock/postings/{house.transfer.pk}/").content.decode()
    assert "elsewhere" in page
    assert house.far.code not in page


def test_page_export_api_and_home_count_the_same(house: House) -> None:
    for account, rows in ((house.limited, 3), (house.account, 5)):
        client = house.by(account)
        page = client.get("/stock/").content.decode()
        export = b"".join(client.get("/stock/?export=csv").streaming_content).decode()
        assert page.count(house.gloves.product_code) >= 1
        assert len(export.strip().splitlines()) == rows + 1
        assert client.get("/api/v1/stock/balances").json()["count"] == rows
        tiles = {t["label"]: t["value"] for t in client.get("/api/v1/home").json()["tiles"]}
        assert tiles["Stock"] == rows
        assert ("B-01-01" in page) == (rows == 5)
        assert ("B-01-01" in export) == (rows == 5)
    client = house.by(house.limited)
    assert client.get("/api/v1/stock/units?q=SN-B").json()["count"] == 0
    assert client.get(f"/stock/units/{house.sn_b.pk}/").status_code == 404
    assert client.get(f"/api/v1/stock/lots/{house.soon.pk}/holders").json()["items"] != []


def by_keeper(house: House, kind: str = "transfer", **line: Any) -> Posting:
    """A posting by the keeper of the main warehouse, within his rows."""
    given = {"product_code": house.gloves.product_code, "qty": Decimal(1), **line}
    with bound(only(house.main)):
        return services_hand.post_by_hand(
            actor=house.limited, kind=kind, lines=[TypedLine(**given)], key=uuid7().hex, at=AT,
            reason="x",
        )  # fmt: skip


def test_a_limited_keeper_moves_within_his_warehouse_scraps_and_opens(house: House) -> None:
    by_keeper(house, source=str(house.shelf), target=str(house.shelf2), qty=Decimal(9))
    line = TypedLine(house.gloves.product_code, Decimal(2), source=str(house.shelf2))
    with bound(only(house.main)):
        asked = request_adjustment(actor=house.limited, kind="scrap", lines=[line], reason="x",
                                   key="k", at=AT)  # fmt: skip
    decide_adjustment(actor=house.checker, adjustment=asked.pk, is_approved=True, reason="x", at=AT)
    by_keeper(house, "opening", target=str(house.shelf2), qty=Decimal(1),
              product_code=house.monitor.product_code, serial_no="SN-NEW")  # fmt: skip
    assert house.on_hand(house.gloves, house.shelf) == 86
    assert house.on_hand(house.gloves, house.shelf2) == 7
    assert Unit.objects.get(serial_no="SN-NEW").location == house.shelf2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"source": "shelf", "target": "far"}, "stock.unknown-target"),
        ({"source": "far", "target": "shelf"}, "stock.unknown-source"),
        ({"source": "shelf", "target": "shelf2", "serial_no": "SN-B", "product": "monitor"},
         "stock.unknown-serial-no"),
    ],
)  # fmt: skip
def test_a_limited_keeper_posts_neither_from_nor_to_another_warehouse(
    house: House, line: dict[str, str], code: str
) -> None:
    given = {k: str(getattr(house, v)) for k, v in line.items() if k in ("source", "target")}
    given |= {"serial_no": line.get("serial_no", "")}
    given |= {"product_code": getattr(house, line.get("product", "gloves")).product_code}
    before = Move.objects.count()
    with pytest.raises(KintsugiError) as caught:
        by_keeper(house, **given)
    assert caught.value.code == code
    assert Move.objects.count() == before


def test_the_service_asks_for_both_ends_whoever_calls_it(house: House) -> None:
    with (
        bound(only(house.main)),
        pytest.raises(KintsugiError) as caught,
        recorded(actor="test", command="test"),
    ):
        house.move("transfer", house.gloves, 1, house.shelf, house.far, actor=house.limited)
    assert caught.value.code == "stock.place-of-others"


def test_the_database_refuses_a_line_between_two_places_of_others(house: House) -> None:
    far2 = house.bin("B-01-02", house.other)

    def line(posting: UUID) -> Move:
        return Move(posting_id=posting, line=1, product=house.gloves, source=house.far,
                    target=far2, source_quality="qualified", target_quality="qualified",
                    qty=1)  # fmt: skip

    with bound(only(house.main)), recorded(actor="test", command="test"):
        posting = Posting.objects.create(
            number=uuid7().hex[:20], kind="transfer", business_date=AT.date(), posted_at=AT,
            key=uuid7().hex, person_name="x",
        )  # fmt: skip
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            Move.objects.bulk_create([line(posting.pk)])
    assert caught.value.__cause__.sqlstate == "42501"


def test_a_posting_that_reaches_another_warehouse_is_not_reversed_from_one_side(
    house: House,
) -> None:
    with bound(only(house.main)), pytest.raises(KintsugiError) as caught:
        services_hand.reverse_by_hand(
            actor=house.limited, posting=house.transfer, reason="x", key="k", at=AT
        )
    assert caught.value.code == "stock.place-of-others"
    with bound(EVERYTHING):
        done = services_hand.reverse_by_hand(
            actor=house.second, posting=house.transfer, reason="x", key="k", at=AT
        )
    assert done.reverses_id == house.transfer.pk
    assert house.on_hand(house.gloves, house.shelf) == 100


def test_a_limit_is_named_by_code_and_name_of_its_warehouse(house: House) -> None:
    from kintsugi.core import scope_names

    assert scope_names.names("warehouse", [str(house.main.pk)]) == [str(house.main)]
    assert scope_names.find("warehouse", house.main.code) == [str(house.main.pk)]
