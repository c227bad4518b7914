"""Rules for passwords beyond Django's own."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class NotUsedBefore:
    """Refuses the present password and the last five."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError for a password this account has or had."""
        from kintsugi.identity.models import User
        from kintsugi.identity.services_sign_in import was_used

        if isinstance(user, User) and was_used(user=user, password=password):
            raise ValidationError(
                _("This password was used before. Choose one that you have not had."),
                code="password_used_before",
            )

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return _("Your password can't be one of your last five.")
