"""The shop with goods in it, and people who look at it; every figure is worked out by hand.

main   A-01-01: 95 gloves, monitor SN-A, 10 stents of lot SOON    A-01-02: nothing
other  B-01-01: 45 gloves, monitor SN-B

Gloves: 100 received to A-01-01, 40 to B-01-01, then 5 moved from A-01-01 to B-01-01.
Postings: 6 (the monitors came one by one). Lines: 6. Of those the main warehouse sees 4 (gloves,
SN-A, stents, the transfer), the other one 3 (gloves, SN-B, the transfer).
"""

from typing import Any

from kintsugi.stock.models import Posting
from tests.api.asking import logged_in
from tests.identity.people import create_user, give
from tests.stock.shop import Shop

PASSWORD = "gold-seam-2026"


class House(Shop):
    """Made inside ``recorded``."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.soon = self.lot(self.stent, "SOON", "2027-01-31")
        self.sn_a, self.sn_b = self.units("SN-A", "SN-B")
        self.receive(self.gloves, 100)
        self.receive(self.gloves, 40, to=self.far)
        self.receive(self.stent, 10, lot=self.soon)
        self.move_units("receipt", [self.sn_a], self.outside, self.shelf)
        self.move_units("receipt", [self.sn_b], self.outside, self.far)
        self.transfer: Posting = self.move("transfer", self.gloves, 5, self.shelf, self.far)
        self.limited = create_user(
            username="main.keeper", password=PASSWORD, display_name="主仓库管", roles=(),
            language="en",
        )  # fmt: skip
        give(self.limited, "warehouse", "warehouse", [str(self.main.pk)])
        self.people: dict[str, Any] = {"warehouse": account}
        for role in ("quality", "finance", "steward", "sales", "auditor", "it_operations"):
            self.people[role] = create_user(
                username=role, password=PASSWORD, display_name=role, roles=[role], language="en"
            )
        self.second = create_user(
            username="second", password=PASSWORD, display_name="second", roles=["warehouse"],
            language="en",
        )  # fmt: skip
        self.checker = create_user(
            username="checker", password=PASSWORD, display_name="checker", roles=["quality"],
            language="en",
        )  # fmt: skip

    def of(self, role: str) -> Any:
        """A browser of somebody with this role."""
        return logged_in(self.people[role])

    def by(self, account: Any) -> Any:
        """A browser of this account."""
        return logged_in(account)
