"""allauth's pages for second factors with our templates; what they change is kept as an event."""

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from kintsugi.core.access import SIGNED_IN, requires
from kintsugi.identity.adapter import FACTOR_KNOWN, FactorAdapter, note
from kintsugi.identity.records import LoginEvent

Kind, Method = LoginEvent.Kind, LoginEvent.Method


@method_decorator(never_cache, name="dispatch")
class Activate(totp.ActivateTOTPView):  # type: ignore[misc]
    """Enrol an authenticator app: QR code, secret, first code."""

    template_name = "identity/totp_activate.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it; the first factor brings recovery codes with it."""
        response: HttpResponse = super().form_valid(form)
        note(self.request, Kind.FACTOR_ADDED, account=self.request.user, method=Method.TOTP)
        return response


class Deactivate(totp.DeactivateTOTPView):  # type: ignore[misc]
    """Take the authenticator app away."""

    template_name = "identity/totp_deactivate.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Take it away, unless the policy wants it."""
        response: HttpResponse = super().form_valid(form)
        note(self.request, Kind.FACTOR_REMOVED, account=self.request.user, method=Method.TOTP)
        self.request.session.pop(FACTOR_KNOWN, None)
        return response


class MakeCodes(codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    """New recovery codes; the old ones end."""

    template_name = "identity/codes_make.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Make them, to be shown once."""
        response: HttpResponse = super().form_valid(form)
        account = self.request.user
        note(self.request, Kind.CODES_MADE, account=account, method=Method.RECOVERY_CODE)
        return response


@method_decorator(never_cache, name="dispatch")
class ShowCodes(codes.ViewRecoveryCodesView):  # type: ignore[misc]
    """The recovery codes, once."""

    template_name = "identity/codes.html"


class AddPasskey(webauthn.AddWebAuthnView):  # type: ignore[misc]
    """Enrol a passkey or security key."""

    template_name = "identity/passkey_add.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form that was sent keeps its errors (allauth builds a new one)."""
        return {**super().get_context_data(**kwargs), **kwargs}

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it."""
        response: HttpResponse = super().form_valid(form)
        note(self.request, Kind.FACTOR_ADDED, account=self.request.user, method=Method.PASSKEY)
        return response


class RemovePasskey(webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    """Take a passkey away."""

    template_name = "identity/passkey_remove.html"
    success_url = reverse_lazy("mfa_index")
    kept = "cannot_delete_authenticator"

    def form_valid(self, form: Any) -> HttpResponse:
        """Take it away, unless it is the last one and the policy wants one."""
        if not FactorAdapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, FactorAdapter.error_messages[self.kept])
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponse = super().form_valid(form)
        note(self.request, Kind.FACTOR_REMOVED, account=self.request.user, method=Method.PASSKEY)
        self.request.session.pop(FACTOR_KNOWN, None)
        return response


class RenamePasskey(webauthn.EditWebAuthnView):  # type: ignore[misc]
    """Another name for a passkey."""

    template_name = "identity/passkey_rename.html"
    success_url = reverse_lazy("mfa_index")


@method_decorator(login_not_required, name="dispatch")
class LogInByPasskey(webauthn.LoginWebAuthnView):  # type: ignore[misc]
    """Log in with a passkey alone: GET gives the script its challenge, POST takes the answer."""


@method_decorator([login_not_required, never_cache], name="dispatch")
class Authenticate(base.AuthenticateView):  # type: ignore[misc]
    """The second step of the log-in."""

    template_name = "identity/second_step.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which of the two ways this account has."""
        user = self.stage.login.user
        types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "by_code": Authenticator.Type.TOTP in types
            or Authenticator.Type.RECOVERY_CODES in types,
            "by_app": Authenticator.Type.TOTP in types,
            "by_key": Authenticator.Type.WEBAUTHN in types,
        }


class Reauthenticate(account.ReauthenticateView):  # type: ignore[misc]
    """Confirm with the password that it is still you."""

    template_name = "identity/reauthenticate.html"


class ReauthenticateByCode(base.ReauthenticateView):  # type: ignore[misc]
    """Confirm with a code that it is still you."""

    template_name = "identity/reauthenticate.html"


class ReauthenticateByPasskey(webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Confirm with a passkey that it is still you."""

    template_name = "identity/reauthenticate_passkey.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The challenge beside the page's usual facts."""
        found: dict[str, Any] = super().get_context_data(**kwargs)
        return found


@requires(SIGNED_IN)
def back_to_account(request: HttpRequest) -> HttpResponseBase:
    """allauth's list of passkeys is a part of the account's page here."""
    return HttpResponseRedirect(reverse("mfa_index"))
