"""Reads of accounts that other apps share."""

from django.db.models import QuerySet

from kintsugi.identity.control.selectors import act as act
from kintsugi.identity.control.selectors import act_title as act_title
from kintsugi.identity.control.selectors import acts_about as acts_about
from kintsugi.identity.control.selectors import acts_of as acts_of
from kintsugi.identity.control.selectors import plan_of as plan_of
from kintsugi.identity.control.states import ACT as ACT
from kintsugi.identity.models import Act as Act
from kintsugi.identity.models import User
from kintsugi.identity.selectors_sign_in import login_events as login_events
from kintsugi.identity.selectors_sign_in import open_sessions as open_sessions
from kintsugi.identity.signing.models import MEANINGS as MEANINGS
from kintsugi.identity.signing.models import METHODS as METHODS
from kintsugi.identity.signing.models import Signature as Signature
from kintsugi.identity.signing.selectors import signatures_of as signatures_of
from kintsugi.identity.signing.selectors import signatures_under as signatures_under
from kintsugi.identity.signing.selectors import verify_signature as verify_signature


def active_users() -> QuerySet[User]:
    """Accounts that may log in, by name."""
    return User.objects.filter(is_active=True, is_void=False).order_by("display_name", "username")


def user_by_name(username: str) -> User | None:
    """The account with this user name, whatever its upper and lower case."""
    return User.objects.filter(username__iexact=username).first()
