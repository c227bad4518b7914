"""How django-allauth behaves here."""

from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kintsugi.core.errors import KintsugiError
from kintsugi.core.screens.parts import say
from kintsugi.identity import factors
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent
from kintsugi.identity.services import create_person, set_password
from kintsugi.identity.services_sign_in import (
    admit_attempt,
    end_sessions,
    must_change_password,
    note_event,
)
from kintsugi.identity.sessions import address_of, agent_of, stored_key

#: In the session: the password was set by somebody else and has to be changed first.
MUST_CHANGE = "kintsugi_must_change_password"
#: In the session: the second factor the policy wants is there.
FACTOR_KNOWN = "kintsugi_second_factor"

METHODS = {
    "password": LoginEvent.Method.PASSWORD,
    "socialaccount": LoginEvent.Method.SINGLE_SIGN_ON,
    Authenticator.Type.TOTP: LoginEvent.Method.TOTP,
    Authenticator.Type.WEBAUTHN: LoginEvent.Method.PASSKEY,
    Authenticator.Type.RECOVERY_CODES: LoginEvent.Method.RECOVERY_CODE,
}


def as_form_error(error: KintsugiError) -> ValidationError:
    """A refusal as a form shows it: what is wrong, and what to do."""
    return ValidationError(f"{say(error.message)} {say(error.remedy)}", code=error.code)


def note(request: HttpRequest, kind: str, *, account: User | None, **facts: Any) -> None:
    """A log-in event of this request."""
    note_event(
        kind=kind,
        at=request.at,  # type: ignore[attr-defined]  # set by SignInGuard
        account=account,
        address=address_of(request),
        agent=agent_of(request),
        **facts,
    )


def admit(request: HttpRequest, username: str) -> None:
    """Let an attempt be looked at, or raise ValidationError while it is locked out."""
    try:
        admit_attempt(
            username=username,
            address=address_of(request),
            agent=agent_of(request),
            at=request.at,  # type: ignore[attr-defined]
        )
    except KintsugiError as error:
        raise as_form_error(error) from error


def method_of(request: HttpRequest, user: User) -> str:
    """The last means by which this log-in was proved."""
    records = get_authentication_records(request, user)
    if not records:
        return str(LoginEvent.Method.OTHER)
    last = records[-1]
    known = last["type"] if last["method"] == "mfa" else last["method"]
    return str(METHODS.get(known, LoginEvent.Method.OTHER))


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are given by an administrator, never taken: nobody signs up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("User name or password is not correct."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always False."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Only the passkey's script gets JSON. Elsewhere a JSON answer to a failed log-in would be
        a 400, and the transaction that records the failure would be rolled back with it."""
        return request.method == "GET" and super().is_ajax(request)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address as everywhere here."""
        return address_of(request) or "unknown"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """After a changed password: home, where the message is shown."""
        return "/"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Our lock-out in the place of allauth's rate limit."""
        admit(request, credentials.get("username", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep the failure; the account only if there is one, the typed name never."""
        typed = credentials.get("username", "")
        account = User.objects.filter(username__iexact=typed).first()
        method = LoginEvent.Method.PASSWORD
        note(request, LoginEvent.Kind.FAILURE, account=account, username=typed, method=method)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """The log-in is complete: keep it, and remember what has to be done first."""
        method = method_of(request, user)
        note(request, LoginEvent.Kind.SUCCESS, account=user, method=method)
        if method == LoginEvent.Method.PASSWORD and must_change_password(user):
            request.session[MUST_CHANGE] = True
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Keep the log-out."""
        if isinstance(request.user, User):
            note(request, LoginEvent.Kind.LOG_OUT, account=request.user)
        super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        """The person's own change: the other sessions end."""
        request = context.request
        set_password(user=user, password=password)
        note(request, LoginEvent.Kind.PASSWORD_CHANGED, account=user)
        end_sessions(
            account=user,
            at=request.at,
            reason="password changed",
            keep=stored_key(request.session.session_key or ""),
        )
        request.session.pop(MUST_CHANGE, None)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail is sent: events are shown on the account's page."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets encrypted at rest, codes guarded by the lock-out."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The code is not correct or was used before."),
        "cannot_delete_authenticator": _(
            "Your account needs a second factor: add another one before you remove this one."
        ),
    }

    def encrypt(self, text: str) -> str:
        """As ``factors.encrypt``."""
        return factors.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """As ``factors.decrypt``."""
        return factors.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last strong factor of an account that the policy wants one of."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=factors.STRONG)
        return not factors.is_required(authenticator.user) or bool(
            others.exclude(pk=authenticator.pk).exists()
        )

    def get_totp_issuer(self) -> str:
        """The name an authenticator app shows."""
        return f"Kintsugi {context.request.get_host()}"

    def get_totp_label(self, user: User) -> str:
        """The account in the authenticator app."""
        return user.username

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail is sent."""


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Log-in by the organisation's OpenID provider, linked to an account by a verified claim."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whether an unknown person gets an account (``KINTSUGI_OIDC_SIGN_UP``)."""
        return bool(settings.OIDC_SIGN_UP)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Link the provider's subject to the account its claim names, once."""
        if sociallogin.is_existing:
            return
        account = _claimed(sociallogin)
        if account is not None:
            sociallogin.connect(request, account)
        elif not settings.OIDC_SIGN_UP:
            self._failed(request, "no account has this claim")
            # 200, not 403: the event above is in this request's transaction.
            raise ImmediateHttpResponse(render(request, "identity/no_account.html"))

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Without a form in between, where sign-up is allowed at all."""
        return bool(settings.OIDC_SIGN_UP)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> Any:
        """The new account, of a new person; without a grant it sees nothing but its own."""
        sociallogin.user.person = create_person(name=sociallogin.user.display_name)
        return super().save_user(request, sociallogin, form)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """The account's name and display name from the claims."""
        user = sociallogin.user
        user.username = str(data.get("username") or data.get("email") or "")[:80]
        user.display_name = str(data.get("name") or user.username)[:120]
        user.email = str(data.get("email") or "")
        return user

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail is sent."""

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, **kwargs: Any
    ) -> NoReturn:
        """Keep the failure and show what can be done."""
        self._failed(request, str(kwargs.get("error") or "")[:40])
        raise ImmediateHttpResponse(render(request, "identity/single_sign_on_failed.html"))

    def _failed(self, request: HttpRequest, reason: str) -> None:
        method = LoginEvent.Method.SINGLE_SIGN_ON
        note(request, LoginEvent.Kind.FAILURE, account=None, method=method, reason=reason)


def _claimed(sociallogin: Any) -> User | None:
    """The active account that the configured claim names. An e-mail counts only when the provider
    says that it verified it, and only when one account has it."""
    data = sociallogin.account.extra_data
    claims = {**data.get("id_token", {}), **data.get("userinfo", {})} or data
    name = settings.OIDC_CLAIM
    value = str(claims.get(name) or "")
    if not value or (name == "email" and claims.get("email_verified") is not True):
        return None
    field = "email__iexact" if name == "email" else "username__iexact"
    found = list(User.objects.filter(**{field: value}, is_active=True, is_void=False)[:2])
    return found[0] if len(found) == 1 else None
