"""Duties: who may have which, for how long, and what the database refuses whoever asks."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from kintsugi.audit.refusals import Refusal
from kintsugi.audit.services import recorded
from kintsugi.core.access import SYSTEM, bound
from kintsugi.core.errors import KintsugiError
from kintsugi.core.masks import mask, masked
from kintsugi.core.scope import EVERYTHING, Scope
from kintsugi.identity import services, services_people
from kintsugi.identity.access import Duty, access_of, combined
from kintsugi.identity.matrix import CONFLICTS, ROLES, faults
from kintsugi.identity.models import ApiToken, Delegation, DutyConflict, RoleGrant
from tests.api.asking import logged_in
from tests.identity.people import AT, create_user, give

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
PASSWORD = "gold-seam-2026"


@pytest.fixture(autouse=True)
def _recorded() -> Any:
    with recorded(actor="test", command="test"):
        yield


def person(name: str, *roles: str) -> Any:
    return create_user(username=name, password=PASSWORD, display_name=name, roles=roles)


class refused:
    """A KintsugiError of this code is raised."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert isinstance(error, KintsugiError), f"nothing was refused: {error!r}"
        assert error.code == self.code
        return True


def test_the_matrix_does_not_contradict_itself():
    assert faults() == []


def test_an_administrator_sees_no_business_data_by_that():
    business = ("device.", "product.", "party.", "run.", "source.", "issue.", "cell.", "row.")
    assert not [p for p in ROLES["administrator"].permissions if p.startswith(business)]


def test_an_account_without_a_role_may_do_nothing():
    assert access_of(person("li"), at=AT).reach == {}


def test_rows_add_up_over_duties_that_give_the_permission_and_over_no_others():
    li = person("li").person_id
    duties = [Duty("technician", "region", ("44",)), Duty("auditor", "all")]
    access = combined(duties, person_id=li)
    assert access.rows("device.read") == EVERYTHING  # the auditor's
    assert access.rows("signature.sign") == Scope(regions=frozenset({"44"}))  # the technician's
    assert not access.may("run.import")


def test_what_cannot_be_split_needs_a_grant_without_a_limit():
    li = person("li").person_id
    assert combined([Duty("desk", "all")], person_id=li).may("issue.read")
    assert not combined([Duty("desk", "region", ("44",))], person_id=li).may("issue.read")


def test_a_role_is_had_once_at_a_time():
    li = person("li", "desk")
    with refused("access.granted-already"):
        give(li, "desk", "region", ["44"])
    with pytest.raises(IntegrityError, match="grant_once_at_a_time"), transaction.atomic():
        RoleGrant.objects.create(person=li.person, role="desk", valid_from=AT + DAY, reason="x")


def test_nobody_gives_a_role_to_himself():
    li = person("li", "administrator")
    with refused("access.self-grant"):
        services.grant_role(person=li.person, role="desk", by=li.person, reason="x", at=AT)
    with pytest.raises(IntegrityError, match="grant_by_somebody_else"), transaction.atomic():
        RoleGrant.objects.create(
            person=li.person, role="desk", granted_by=li.person, valid_from=AT, reason="x"
        )


@pytest.mark.parametrize(("one", "other"), sorted(CONFLICTS))
def test_duties_in_conflict_are_refused_by_service_and_database(one, other):
    li = person("li", one)
    with refused("access.conflicting-duties"):
        give(li, other)
    with pytest.raises(IntegrityError, match="in conflict"), transaction.atomic():
        RoleGrant.objects.create(person=li.person, role=other, valid_from=AT, reason="x")


def test_the_database_knows_the_same_conflicts():
    known = set(DutyConflict.objects.values_list("first", "second"))
    assert known == {p for a, b in CONFLICTS for p in ((a, b), (b, a))}


def test_a_grant_is_ended_not_changed():
    grant = give(person("li"), "desk")
    with pytest.raises(IntegrityError, match="ended and made anew"), transaction.atomic():
        RoleGrant.objects.filter(pk=grant.pk).update(role="steward")
    services.end_grant(grant=grant, at=AT + DAY)
    grant.refresh_from_db()
    assert grant.valid_to == AT + DAY


def test_a_grant_holds_from_its_beginning_to_before_its_end():
    li = person("li")
    services.grant_role(
        person=li.person, role="desk", by=None, reason="x", at=AT, valid_from=AT + DAY,
        valid_to=AT + 2 * DAY,
    )  # fmt: skip
    held = [access_of(li, at=AT + n * DAY / 2).may("device.read") for n in range(6)]
    assert held == [False, False, True, True, False, False]


def lend(grant: Any, to: Any, by: Any, days: int = 5) -> Delegation:
    return services.delegate(
        grant=grant, person=to.person, by=by.person, valid_from=AT, valid_to=AT + days * DAY,
        reason="leave", at=AT,
    )  # fmt: skip


def test_a_stand_in_has_the_rows_of_the_grant_and_only_as_long():
    li, wang, boss = person("li"), person("wang"), person("boss")
    grant = give(li, "technician", "region", ["4403"])
    lend(grant, wang, boss)
    assert access_of(wang, at=AT + DAY).rows("device.read") == Scope(regions=frozenset({"4403"}))
    assert not access_of(wang, at=AT + 5 * DAY).may("device.read")
    services.end_grant(grant=grant, at=AT + DAY)
    assert not access_of(wang, at=AT + 2 * DAY).may("device.read")


def test_a_delegation_never_goes_beyond_its_grant_or_back():
    li, wang, boss = person("li"), person("wang"), person("boss")
    grant = services.grant_role(
        person=li.person, role="desk", by=None, reason="x", at=AT, valid_to=AT + 3 * DAY
    )
    with refused("access.delegation-too-long"):
        lend(grant, wang, boss)
    with refused("access.delegation-to-self"):
        lend(grant, li, boss, 2)
    with pytest.raises(IntegrityError, match="beyond its grant"), transaction.atomic():
        Delegation.objects.create(
            grant=grant, person=wang.person, given_by=boss.person, valid_from=AT,
            valid_to=AT + 9 * DAY, reason="x",
        )  # fmt: skip


def test_a_delegated_duty_counts_for_conflicts():
    li, wang, boss = person("li", "auditor"), person("wang", "administrator"), person("boss")
    with refused("access.conflicting-duties"):
        lend(li.person.grants.get(), wang, boss)


def test_joining_makes_person_account_and_roles_or_nothing():
    boss = person("boss", "administrator")
    facts = {"name": "赵一", "username": "zhao", "password": PASSWORD, "by": boss.person,
             "reason": "new", "at": AT}  # fmt: skip
    made = services_people.join(grants=[services_people.NewGrant("desk")], **facts)
    assert access_of(made, at=AT).may("device.read")
    before = RoleGrant.objects.count()
    with refused("access.unknown-role"):
        services_people.join(
            grants=[services_people.NewGrant("king")], **{**facts, "username": "qian"}
        )
    assert RoleGrant.objects.count() == before


def test_moving_ends_what_there_was_and_begins_the_new():
    boss, li = person("boss", "administrator"), person("li", "desk", "sales")
    services_people.move(
        person=li.person, grants=[services_people.NewGrant("quality")], by=boss.person,
        reason="new job", at=AT + DAY,
    )  # fmt: skip
    access = access_of(li, at=AT + 2 * DAY)
    assert access.may("run.approve")
    assert not access.may("device.edit")


def test_leaving_ends_everything_at_once():
    boss, li, wang = person("boss", "administrator"), person("li", "desk"), person("wang")
    lend(li.person.grants.get(), wang, boss)
    browser = logged_in(li)
    services.make_token(
        account=li, name="t", scopes=["device.read"], allowed=["device.read"], at=AT,
        expires_at=AT + DAY,
    )  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    left = services_people.leave(person=li.person, by=boss.person, reason="left", at=now)
    assert (left.accounts, left.sessions, left.tokens, left.grants) == (1, 1, 1, 1)
    assert browser.get("/").status_code == 302
    li.refresh_from_db()
    assert access_of(li, at=now).reach == {}


def test_a_review_is_kept_and_nobody_reviews_his_own():
    boss, li = person("boss", "administrator"), person("li", "desk")
    grant = li.person.grants.get()
    review = services.review_grant(
        grant=grant, decision="end", by=boss.person, reason="moved", at=AT + DAY
    )
    assert review.decision == "end"
    assert not access_of(li, at=AT + 2 * DAY).may("device.read")
    with refused("access.self-review"):
        services.review_grant(
            grant=boss.person.grants.get(), decision="keep", by=boss.person, reason="x", at=AT
        )


# -- tokens ----------------------------------------------------------------------------------------


def token_of(user: Any, *scopes: str, days: int = 30) -> str:
    now = dt.datetime.now(dt.UTC)
    return services.make_token(
        account=user, name="t", scopes=scopes, allowed=scopes, at=now,
        expires_at=now + days * DAY,
    ).text  # fmt: skip


def ask(text: str, url: str = "/api/v1/devices", method: str = "get") -> Any:
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"})
    return getattr(client, method)(url)


def test_a_token_does_what_both_its_scopes_and_the_grants_allow():
    li = person("li", "desk")
    text = token_of(li, "device.read", "run.import")
    assert ask(text).status_code == 200
    assert ask(text, "/api/v1/products").status_code == 403  # not its scope
    assert ask(text, "/api/v1/imports", "post").status_code == 403  # not the account's
    services.end_grant(grant=li.person.grants.get(), at=dt.datetime.now(dt.UTC))
    assert ask(text).status_code == 403


def test_a_token_needs_no_csrf_and_opens_no_pages():
    text = token_of(person("li", "steward"), "run.import", "device.read")
    assert ask(text, "/api/v1/imports", "post").status_code in (400, 422)  # told what is missing
    assert ask(text, "/devices/").status_code == 302


def test_only_the_digest_of_a_token_is_kept_and_revoked_ones_are_dead():
    text = token_of(person("li", "desk"), "device.read")
    token = ApiToken.objects.get()
    assert text not in str(vars(token).values())
    assert ask(text[:-1] + "x").status_code == 401
    services.revoke_token(token=token, reason="lost", at=dt.datetime.now(dt.UTC))
    assert ask(text).status_code == 401
    with pytest.raises(IntegrityError, match="revoked and made anew"), transaction.atomic():
        ApiToken.objects.update(revoked_at=None)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_expires_within_a_year(days):
    li = person("li", "desk")
    with refused("token.expiry"):
        token_of(li, "device.read", days=days)


def test_a_token_is_no_wider_than_its_maker():
    li = person("li", "desk")
    with refused("token.too-wide"):
        services.make_token(
            account=li, name="t", scopes=["run.import"], allowed=["device.read"], at=AT,
            expires_at=AT + DAY,
        )  # fmt: skip


# -- refusals and masks ----------------------------------------------------------------------------


def test_a_refusal_names_rule_and_roles_and_is_kept():
    li = person("li", "desk")
    response = logged_in(li).get("/api/v1/runs", headers={"Accept-Language": "en"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (403, "access.denied")
    assert error["facts"]["object"] == "run"
    assert error["facts"]["action"] == "read"
    assert "Data steward" in error["remedy"]
    kept = Refusal.objects.get()
    assert (kept.actor_id, kept.rule, kept.command) == (li.pk, "access.denied", "GET /api/v1/runs")
    assert kept.facts["permission"] == "run.read"


@pytest.mark.parametrize(
    ("value", "style", "shown"),
    [
        ("13800138001", "phone", "138****8001"),
        ("+8613800138001", "phone", "+86138****8001"),
        ("+861055550001", "phone", "+8610****0001"),
        ("55550001", "phone", "****"),
        (["13800138001", "119"], "phone", ["138****8001", "****"]),
        ("wang@example.com", "email", "w***@example.com"),
        ("王小明", "name", "王**"),
        ("", "name", ""),
        (None, "phone", None),
    ],
)
def test_masks_leave_out_what_identifies_a_person(value, style, shown):
    assert masked(value, style) == shown


def test_personal_data_is_masked_unless_the_role_reads_it():
    assert mask("party", "contact", "王小明") == "王**"
    assert mask("party", "name", "第一医院") == "第一医院"
    with bound(SYSTEM):
        assert mask("party", "contact", "王小明") == "王小明"
