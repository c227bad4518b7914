"""allauth's forms for second factors, with our lock-out around every guess."""

from typing import Any

from allauth.core import context
from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kintsugi.identity.adapter import admit, note
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent


def _guarded(user: User | None, method: str, look: Any) -> Any:
    """Look at one guess: not while locked out, and a wrong one is kept."""
    if user is None:  # a passkey names its account itself: there is nothing to guess
        return look()
    admit(context.request, user.username)
    try:
        return look()
    except ValidationError:
        note(context.request, LoginEvent.Kind.FAILURE, account=user, method=method)
        raise


CODE = forms.CharField(
    label=_("Code"),
    max_length=40,
    widget=forms.TextInput(
        attrs={
            "autocomplete": "one-time-code",
            "autocapitalize": "off",
            "spellcheck": "false",
            "autofocus": True,
        }
    ),
)


class AuthenticateForm(base.AuthenticateForm):  # type: ignore[misc]
    """A code of the authenticator app, or a recovery code, during the log-in."""

    code = CODE

    def clean_code(self) -> str:
        """The code, if it is right."""
        return str(_guarded(self.user, LoginEvent.Method.TOTP, super().clean_code))


class ReauthenticateForm(base.ReauthenticateForm):  # type: ignore[misc]
    """The same, to confirm that it is still you."""

    code = CODE

    def clean_code(self) -> str:
        """The code, if it is right."""
        return str(_guarded(self.user, LoginEvent.Method.TOTP, super().clean_code))


class ActivateTOTPForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    code = CODE


class AuthenticateWebAuthnForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second factor."""

    def clean_credential(self) -> Any:
        """The authenticator, if its answer is right."""
        return _guarded(self.user, LoginEvent.Method.PASSKEY, super().clean_credential)


class ReauthenticateWebAuthnForm(webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey to confirm that it is still you."""

    def clean_credential(self) -> Any:
        """The authenticator, if its answer is right."""
        return _guarded(self.user, LoginEvent.Method.PASSKEY, super().clean_credential)


class LoginWebAuthnForm(webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of name and password."""

    def clean_credential(self) -> Any:
        """The authenticator, if its answer is right."""
        try:
            return super().clean_credential()
        except ValidationError:
            kind, method = LoginEvent.Kind.FAILURE, LoginEvent.Method.PASSKEY
            note(context.request, kind, account=None, method=method)
            raise


class AddWebAuthnForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey under a name of one's own."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=80,
        help_text=_("So that you recognise it: “Laptop”, “Phone”."),
    )
    passwordless = forms.BooleanField(
        label=_("Log in with it alone, without name and password"),
        required=False,
        initial=True,
        help_text=_("Needs a fingerprint, face or PIN on the device."),
    )


class EditWebAuthnForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    name = forms.CharField(label=_("Name"), max_length=80)


class ReasonForm(forms.Form):
    """Why somebody does this to somebody else's account."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
