"""What a source calls a product or a party, and what is found for it."""

from collections.abc import Iterator

import polars as pl
import pytest
from django.db import transaction

from kintsugi.audit.services import recorded
from kintsugi.parties.models import Party
from kintsugi.parties.selectors import find_by_name
from kintsugi.products.models import Product, UdiIdentifier
from kintsugi.products.selectors import find_by_reference, packages
from kintsugi.products.services import IDENTIFIERS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> Iterator[dict[str, Product]]:
    """Codes, identifiers, catalogue numbers and models, some of them colliding on purpose."""
    with transaction.atomic(), recorded(actor="tester", command="test.catalogue"):
        add = Product.objects.create
        made = {
            "A": add(product_code="A", name="a", model="M1", catalog_number="C1"),
            "B": add(product_code="B", name="b", model="M1", catalog_number="C2"),
            "C": add(product_code="C1", name="c", model="A", primary_di="D-3"),
            "D": add(product_code="D", name="d", model="C2"),
        }
        UdiIdentifier.objects.create(device_identifier="D-1", issuer="GS1", product=made["A"])
        UdiIdentifier.objects.create(device_identifier="D-2", issuer="GS1", product=made["A"])
        UdiIdentifier.objects.create(device_identifier="D-2", issuer="HIBCC", product=made["B"])
        yield made


def found(value: str) -> tuple[str | None, str | None]:
    row = find_by_reference(pl.Series([value, value, None])).to_dicts()
    assert len(row) == 1, "one row per distinct value"
    product = Product.objects.get(pk=row[0]["id"]) if row[0]["id"] else None
    return (product and product.name, row[0]["rule"])


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("A", ("a", None)),  # a code, though it is another product's model
        ("C1", ("c", None)),  # a code before a catalogue number
        ("C2", ("b", None)),  # a catalogue number before a model
        ("D-1", ("a", None)),
        ("D-3", ("c", None)),  # the product's own primary identifier
        ("D-2", (None, "reference.ambiguous")),  # two issuers, two products
        ("M1", (None, "reference.ambiguous")),
        ("nowhere", (None, "reference.unknown")),
        ("", (None, "reference.unknown")),
        ("a", (None, "reference.unknown")),  # codes are compared as they are
        ("'; drop table products_product; --", (None, "reference.unknown")),
    ],
)
def test_a_product_is_found_by_the_first_kind_of_key_that_knows_it(
    value: str, answer: tuple[str | None, str | None]
) -> None:
    assert found(value) == answer


def test_nothing_to_look_for_finds_nothing() -> None:
    assert find_by_reference(pl.Series([], dtype=pl.String)).height == 0
    assert find_by_name(pl.Series([], dtype=pl.String)).height == 0


@pytest.mark.parametrize(
    ("written", "stands"),
    [("市一医院", True), ("市 一 医院", True), ("市一医院（", True), ("市二医院", False)],
)
def test_a_party_is_found_however_its_name_is_spaced(written: str, stands: bool) -> None:
    with recorded(actor="tester", command="test.party"):
        party = Party.objects.create(party_key="市一医院", name="市一医院", name_key="市一医院")
    (row,) = find_by_name(pl.Series([written])).to_dicts()
    assert (row["id"], row["rule"]) == (
        (str(party.pk), None) if stands else (None, "reference.unknown")
    )


def test_a_voided_party_is_found_no_more_and_twins_are_ambiguous() -> None:
    with recorded(actor="tester", command="test.party"):
        for n in range(2):
            Party.objects.create(party_key=f"k{n}", name="人民医院", name_key="人民医院")
        (row,) = find_by_name(pl.Series(["人民医院"])).to_dicts()
        assert row["rule"] == "reference.ambiguous"
        Party.objects.filter(party_key="k1").update(is_void=True)
    (row,) = find_by_name(pl.Series(["人民医院"])).to_dicts()
    assert row["id"] == str(Party.objects.get(party_key="k0").pk)


def test_packages_link_within_their_issuer_first_and_follow_a_correction(
    catalogue: dict[str, Product],
) -> None:
    with recorded(actor="tester", command="test.packages"):
        case = UdiIdentifier.objects.create(
            device_identifier="CASE", issuer="HIBCC", product=catalogue["B"],
            contains_identifier="D-2", quantity=10,
        )  # fmt: skip
        IDENTIFIERS.after_load()
        case.refresh_from_db()
        assert case.contains.issuer == "HIBCC"
        assert IDENTIFIERS.after_load() == 0, "linked once"
        UdiIdentifier.objects.filter(pk=case.pk).update(contains_identifier="D-1")
        IDENTIFIERS.after_load()
        case.refresh_from_db()
        assert case.contains.device_identifier == "D-1"
        UdiIdentifier.objects.filter(pk=case.pk).update(contains_identifier=None)
        IDENTIFIERS.after_load()
        case.refresh_from_db()
    assert case.contains is None


def test_a_ring_of_packages_is_cut_and_shown(catalogue: dict[str, Product]) -> None:
    with recorded(actor="tester", command="test.ring"):
        for name, inner in (("R1", "R2"), ("R2", "R3"), ("R3", "R1")):
            UdiIdentifier.objects.create(
                device_identifier=name, issuer="GS1", product=catalogue["D"],
                contains_identifier=inner,
            )  # fmt: skip
        IDENTIFIERS.after_load()
    roots = packages(catalogue["D"].pk)
    assert {root.identifier.device_identifier for root in roots} == {"R1", "R2", "R3"}
