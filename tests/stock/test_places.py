"""A place is changed, but not against what lies in it."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.audit.services import recorded
from kintsugi.stock.models import Location
from tests.api.asking import refused
from tests.stock.house import House

pytestmark = pytest.mark.django_db
V1 = "/api/v1/stock"


@pytest.fixture
def cold(house: House) -> House:
    """Reagent for 2–8 °C in the fridge."""
    with recorded(actor="test", command="test"):
        lot = house.lot(house.vaccine, "V1", "2027-12-31")
        house.receive(house.vaccine, 5, lot=lot, to=house.fridge)
    return house


def change(client: Any, place: Location, **given: Any) -> Any:
    body = {"name": "", "zone": "qualified", "temp_zone": "normal", **given}
    return client.post(f"{V1}/locations/{place.pk}", body, content_type="application/json")


def test_the_temperature_of_a_place_is_not_changed_against_its_goods(cold: House) -> None:
    steward = cold.of("steward")
    refused(change(steward, cold.fridge), 409, "stock.goods-too-warm")
    assert change(steward, cold.fridge, temp_zone="").status_code == 200
    assert change(steward, cold.shelf2, temp_zone="frozen").json()["temp_zone"] == "frozen"
    with (
        recorded(actor="test", command="test"),
        pytest.raises(DatabaseError, match="lies at"),
        transaction.atomic(),
    ):
        Location.objects.filter(pk=cold.fridge.pk).update(temp_zone="normal")


def test_a_place_is_changed_on_its_page_by_whoever_may(cold: House) -> None:
    steward = cold.of("steward")
    page = f"/stock/places/{cold.shelf2.pk}/"
    assert page in steward.get("/stock/places/").content.decode()
    given = {"name": "左侧", "zone": "qualified", "temp_zone": "cool",
             "version": cold.shelf2.version}  # fmt: skip
    assert steward.post(page, given).status_code == 302
    assert Location.objects.get(pk=cold.shelf2.pk).name == "左侧"
    assert steward.post(page, given).status_code == 409
    assert cold.of("warehouse").get(page).status_code == 403
    refused(change(cold.of("warehouse"), cold.shelf2), 403, "access.denied")
    refused(change(steward, cold.shelf2, zone=""), 422, "stock.bin-needs-zone")
    assert steward.get(f"/stock/places/{cold.outside.pk}/").status_code == 404
