"""Who needs a second factor, who has one, and how its secrets are kept."""

from functools import lru_cache

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.models import User

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_required(user: User) -> bool:
    """Whether the policy (``KINTSUGI_MFA``) wants a second factor of this account."""
    if settings.MFA_POLICY == "required":
        return True
    return bool(settings.MFA_POLICY == "administrators" and (user.is_staff or user.is_superuser))


def has_one(user: User) -> bool:
    """Whether the account has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=STRONG).exists())


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """A secret as the database may hold it."""
    return _cipher(tuple(settings.SECOND_FACTOR_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """The secret again. Raises KintsugiError ``identity.second-factor-key`` when none of our keys
    opens it."""
    try:
        return _cipher(tuple(settings.SECOND_FACTOR_KEYS)).decrypt(text.encode()).decode()
    except InvalidToken:
        raise KintsugiError(
            "identity.second-factor-key",
            Text(
                "无法解密第二因素:缺少加密它的密钥。",
                "The second factor cannot be read: the key it was encrypted with is missing.",
            ),
            Text(
                "请恢复 second_factor_keys 文件的旧密钥,或由管理员移除该第二因素。",
                "Put the old key back into second_factor_keys, or have the factor removed.",
            ),
        ) from None
