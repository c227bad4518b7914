"""Second factors: enrolment, log-in, recovery codes, encryption at rest, and who must have one."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.test import Client

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.identity.factors import decrypt, encrypt
from kintsugi.identity.records import LoginEvent
from kintsugi.identity.services import encrypt_again
from tests.identity.door import PASSWORD, is_in, kinds, log_in, totp

pytestmark = pytest.mark.django_db
STEP = "/accounts/factors/authenticate/"


def confirm(client: Client) -> None:
    """Give the password again, as the pages ask before a factor changes."""
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def enrol(client: Client) -> tuple[str, list[str]]:
    """Add an authenticator app by its pages; the secret and the recovery codes."""
    confirm(client)
    page = client.get("/accounts/factors/totp/activate/").text
    found = re.search(r'id="totp-secret">([A-Z2-7]+)<', page)
    assert found
    # The code of the step before, so that the present one is still free for the log-in; at the end
    # of a step it would be two steps old before it is looked at.
    if time.time() % 30 > 25:
        time.sleep(30 - time.time() % 30)
    code = totp(found[1], time.time() - 30)
    answer = client.post("/accounts/factors/totp/activate/", {"code": code})
    assert answer.url == "/accounts/factors/codes/", answer
    return found[1], re.findall(r"<li><code>(\d+)</code></li>", client.get(answer.url).text)


def test_the_code_is_worked_as_the_rfc_says():
    """RFC 6238, appendix B: SHA-1, the last six of its eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"
    assert totp(secret, 59) == "287082"
    assert totp(secret, 1111111109) == "081804"


def test_enrolment_shows_a_picture_that_the_policy_of_the_page_allows(inside):
    confirm(inside)
    answer = inside.get("/accounts/factors/totp/activate/")
    assert 'src="data:image/svg+xml;base64,' in answer.text
    assert "img-src 'self' data:" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_adding_a_factor_asks_for_the_password_first(inside):
    answer = inside.get("/accounts/factors/totp/activate/")
    assert answer.url.startswith("/accounts/reauthenticate/?next=")


def test_with_an_authenticator_app_the_password_alone_opens_nothing(inside):
    secret, _codes = enrol(inside)
    client = Client()
    assert log_in(client).url == STEP
    assert not is_in(client)
    assert client.post(STEP, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(STEP, {"code": totp(secret)}).url == "/"
    assert is_in(client)
    methods = LoginEvent.objects.filter(kind="success").order_by("at").values_list("method")
    assert [m for (m,) in methods] == ["password", "totp"]
    assert "factor-added" in kinds()


def test_a_code_counts_once(inside):
    secret, _codes = enrol(inside)
    first, second = Client(), Client()
    code = totp(secret)
    log_in(first)
    assert first.post(STEP, {"code": code}).status_code == 302
    log_in(second)
    assert second.post(STEP, {"code": code}).status_code == 200
    assert not is_in(second)


def test_guessing_codes_locks_the_name_though_the_password_is_known(inside):
    secret, _codes = enrol(inside)
    client = Client()
    log_in(client)
    for _ in range(5):
        client.post(STEP, {"code": "000000"})
    assert client.post(STEP, {"code": totp(secret)}).status_code == 200
    assert not is_in(client)
    assert log_in(Client()).status_code == 200


def test_ten_recovery_codes_are_shown_once_and_each_opens_once(inside):
    _secret, codes = enrol(inside)
    assert len(set(codes)) == 10
    again = inside.get("/accounts/factors/codes/").text
    assert "cannot be shown again" in again
    assert not any(code in again for code in codes)
    client = Client()
    log_in(client)
    assert client.post(STEP, {"code": codes[0]}).status_code == 302
    assert is_in(client)
    other = Client()
    log_in(other)
    assert other.post(STEP, {"code": codes[0]}).status_code == 200
    assert not is_in(other)
    assert LoginEvent.objects.filter(method="recovery-code", kind="success").count() == 1


def test_new_codes_end_the_old_ones(inside):
    _secret, codes = enrol(inside)
    inside.post("/accounts/factors/codes/make/")
    client = Client()
    log_in(client)
    assert client.post(STEP, {"code": codes[3]}).status_code == 200
    assert "codes-made" in kinds()


# -- at rest ---------------------------------------------------------------------------------------


def test_the_secret_in_the_table_is_encrypted(inside):
    secret, _codes = enrol(inside)
    stored = {row.type: str(row.data) for row in Authenticator.objects.all()}
    assert secret not in "".join(stored.values())
    assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret


def test_after_a_rotation_old_secrets_are_read_and_written_with_the_new_key(inside, settings):
    secret, _codes = enrol(inside)
    old = list(settings.SECOND_FACTOR_KEYS)
    settings.SECOND_FACTOR_KEYS = [Fernet.generate_key().decode(), *old]
    with recorded(actor="test", command="test"):
        assert encrypt_again() == 2
    settings.SECOND_FACTOR_KEYS = settings.SECOND_FACTOR_KEYS[:1]
    client = Client()
    log_in(client)
    assert client.post(STEP, {"code": totp(secret)}).status_code == 302
    settings.SECOND_FACTOR_KEYS = old
    with pytest.raises(KintsugiError) as caught:
        decrypt(Authenticator.objects.get(type="totp").data["secret"])
    assert caught.value.code == "identity.second-factor-key"


def test_the_same_secret_never_looks_the_same_twice():
    assert encrypt("seam") != encrypt("seam")
    assert decrypt(encrypt("seam")) == "seam"


# -- policy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "is_staff", "must"),
    [
        ("optional", True, False),
        ("administrators", True, True),
        ("administrators", False, False),
        ("required", False, True),
    ],
)
def test_the_policy_says_who_must_have_one(settings, person, policy, is_staff, must):
    settings.MFA_POLICY = policy
    person("wu", is_staff=is_staff)
    client = Client()
    log_in(client, "wu")
    answer = client.get("/search/")
    assert (answer.status_code == 302) is must
    if must:
        assert answer.url == "/accounts/security/?first=1"
        assert "needs a second factor" in client.get(answer.url).text
        api = client.get("/api/v1/devices")
        assert api.json()["error"]["code"] == "identity.second-factor-missing"
        assert client.post("/preferences/", {"theme": "dark"}).status_code == 302
        enrol(client)
        assert is_in(client)


def test_the_last_factor_stays_while_the_policy_wants_it(settings, inside):
    settings.MFA_POLICY = "required"
    enrol(inside)
    inside.post("/accounts/factors/totp/deactivate/")
    assert Authenticator.objects.filter(type="totp").exists()
    settings.MFA_POLICY = "optional"
    inside.post("/accounts/factors/totp/deactivate/")
    assert not Authenticator.objects.exists(), "its recovery codes go with it"
    assert kinds()[-1] == "factor-removed"


def test_an_administrator_removes_lost_factors_with_a_reason_but_not_his_own(
    li, inside, office, chief
):
    enrol(inside)
    page = f"/accounts/people/{li.pk}/factors/"
    assert office.post(page, {"reason": "Phone lost", "version": li.version}).status_code == 302
    assert not Authenticator.objects.filter(user=li).exists()
    assert not is_in(inside)
    own = office.post(f"/accounts/people/{chief.pk}/factors/", {"reason": "x", "version": 1})
    assert own.status_code == 422


def test_nobody_else_opens_another_account_s_page(inside, chief):
    for what in ("", "unlock/", "factors/", "sessions/"):
        assert inside.get(f"/accounts/people/{chief.pk}/{what}").status_code == 403
    assert inside.get("/accounts/log-ins/").status_code == 403
    assert inside.get("/accounts/sessions/").status_code == 403
