"""Parties and products that may trade, made as people make them: licences, certificates, and first
reviews asked for, reviewed and approved by three persons. For the tests of every app above."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl

from kintsugi.core.ids import uuid7
from kintsugi.parties import services as parties
from kintsugi.parties.models import Party, Qualification
from kintsugi.parties.selectors import name_keys
from kintsugi.parties.services import LicenceFacts
from kintsugi.products import services as products
from kintsugi.products.models import Certificate, FirstReview, Product
from kintsugi.products.services import CertificateFacts
from tests.identity.people import create_user

#: 17:00 in Shanghai.
AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
PASSWORD = "gold-seam-2026"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


class Trade:
    """Made inside ``recorded``; ``maker`` makes and holds every product."""

    def __init__(self, mark: str = "") -> None:
        def account(name: str, shown: str, *roles: str) -> Any:
            return create_user(
                username=f"{name}{mark}",
                password=PASSWORD,
                display_name=shown,
                roles=roles,
                language="en",
            )

        self.asker = account("trade.asker", "周采购", "purchasing")
        self.reviewer = account("trade.reviewer", "吴质量", "quality")
        self.approver = account("trade.approver", "郑负责", "quality")
        self.maker = self.party("金桥医疗", "manufacturer", "mah", "supplier")

    # -- rows ----------------------------------------------------------------------------------

    def party(self, name: str, *roles: str, **values: Any) -> Party:
        [key] = name_keys(pl.Series([name]))["name_key"].to_list()
        return Party.objects.create(
            party_key=f"{name}-{uuid7().hex[-6:]}", name=name, name_key=key, roles=list(roles),
            **values,
        )  # fmt: skip

    def product(self, code: str, *, device_class: str | None = "III", **values: Any) -> Product:
        given = {
            "name": f"产品 {code}", "device_class": device_class, "category_code": "07-04-01",
            "manufacturer": self.maker, "mah": self.maker, "storage_condition": "normal",
            "tracking": "serial",
        }  # fmt: skip
        return Product.objects.create(product_code=code, **{**given, **values})

    def licence(
        self, party: Party, kind: str, number: str = "", until: str | None = "2028-12-31",
        **values: Any,
    ) -> Qualification:  # fmt: skip
        scoped = kind in ("operating_permit", "operating_filing", "production_permit",
                          "production_filing")  # fmt: skip
        given: dict[str, Any] = {
            "valid_from": day("2024-01-01"),
            "valid_to": day(until) if until else None,
            "categories": ["07"] if scoped else [],
            "classes": ["I", "II", "III"] if scoped else [],
            "territory": ["CN"] if kind == "authorisation" else [],
        }
        facts = LicenceFacts(kind=kind, number=number or uuid7().hex[-12:], **{**given, **values})
        return parties.register_licence(
            actor=self.asker, party=party.pk, facts=facts, key=uuid7().hex, at=AT
        )

    def certificate(
        self, *of: Product, number: str = "", start: str = "2023-01-01",
        until: str | None = "2027-12-31", kind: str = "registration",
    ) -> Certificate:  # fmt: skip
        facts = CertificateFacts(
            number=number or f"国械注准{uuid7().hex[-8:]}", kind=kind, holder=self.maker.pk,
            valid_from=day(start), valid_to=day(until) if until else None,
        )  # fmt: skip
        return products.register_certificate(
            actor=self.asker, facts=facts, products=[one.pk for one in of], key=uuid7().hex, at=AT
        )

    # -- first reviews -------------------------------------------------------------------------

    def asked(self, role: str, subject: Any, classes: Sequence[str] = ("III",)) -> FirstReview:
        return products.ask_first_review(
            actor=self.asker, role=role, subject=subject.pk, reason="首次往来", key=uuid7().hex,
            at=AT, classes=() if role == "product" else classes,
        )  # fmt: skip

    def approve(
        self, role: str, subject: Any, classes: Sequence[str] = ("III",), at: dt.datetime = AT
    ) -> FirstReview:
        """Through all hands."""
        made = self.asked(role, subject, classes)
        products.submit_first_review(actor=self.asker, review=made.pk, at=at)
        products.review_first(actor=self.reviewer, review=made.pk, opinion="资料齐全", at=at)
        return products.approve_first_review(
            actor=self.approver, review=made.pk, reason="同意", at=at
        )

    # -- whole -----------------------------------------------------------------------------------

    def hospital(self, name: str = "示例医院", **values: Any) -> Party:
        """A hospital that may buy every class."""
        made = self.party(name, "customer", customer_type="hospital", **values)
        self.licence(made, "medical_institution_permit")
        self.approve("customer", made, ("I", "II", "III"))
        return made

    def dealer(self, name: str = "示例经销商", **values: Any) -> Party:
        """A dealer that may buy II and III of category 07."""
        made = self.party(name, "customer", customer_type="dealer", **values)
        self.licence(made, "business_licence", until=None)
        self.licence(made, "operating_permit")
        self.approve("customer", made, ("II", "III"))
        return made

    def supplier(self, name: str = "示例供应商", *authorised: Product, **values: Any) -> Party:
        """A supplier that is not the maker, with a permit for 07 and an authorisation for these
        products in the whole country."""
        made = self.party(name, "supplier", **values)
        for kind in ("business_licence", "quality_agreement", "sales_person_proxy"):
            self.licence(made, kind)
        self.licence(made, "operating_permit")
        if authorised:
            paper = self.licence(made, "authorisation")
            products.authorise_products(
                actor=self.asker, licence=paper.pk, products=[one.pk for one in authorised],
                key=uuid7().hex, at=AT,
            )  # fmt: skip
        self.approve("supplier", made, ("II", "III"))
        return made

    def traded(self, code: str, **values: Any) -> Product:
        """A product with a certificate of 2023 to 2027 and a first review in force."""
        made = self.product(code, **values)
        self.certificate(made, kind="filing" if made.device_class == "I" else "registration",
                         until=None if made.device_class == "I" else "2027-12-31")  # fmt: skip
        self.approve("product", made)
        return made
