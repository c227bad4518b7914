"""The only writer of second factors beside their owner."""

from datetime import datetime

from allauth.mfa.models import Authenticator

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.factors import decrypt, encrypt
from kintsugi.identity.models import User
from kintsugi.identity.records import LoginEvent
from kintsugi.identity.services_sign_in import end_sessions, note_event

#: Where allauth keeps a secret, by type of authenticator.
SECRETS = {
    Authenticator.Type.TOTP: ("secret",),
    Authenticator.Type.RECOVERY_CODES: ("seed", "migrated_codes"),
}


def encrypt_again() -> int:
    """After a rotation: every secret under the newest key. Returns how many rows were rewritten."""
    rows = list(Authenticator.objects.filter(type__in=SECRETS).select_for_update())
    for row in rows:
        for name in SECRETS[row.type]:
            value = row.data.get(name)
            if isinstance(value, str):
                row.data[name] = encrypt(decrypt(value))
            elif isinstance(value, list):
                row.data[name] = [encrypt(decrypt(code)) for code in value]
        row.save(update_fields=["data"])
    return len(rows)


def remove_factors(*, account: User, by: User, reason: str, at: datetime) -> int:
    """Take all second factors away from an account whose owner lost them, and end its sessions.

    Raises KintsugiError ``identity.reason-missing``, and ``identity.own-factors``: nobody takes
    his own away here.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise KintsugiError(
            "identity.reason-missing",
            Text("请说明原因。", "Say why."),
            Text("原因会记入登录记录。", "The reason is kept with the log-in events."),
            field="reason",
        )
    if account.pk == by.pk:
        raise KintsugiError(
            "identity.own-factors",
            Text(
                "不能在此移除自己的第二因素。",
                "Your own second factors are not removed here.",
            ),
            Text("请另一位管理员操作。", "Ask another administrator."),
            field="account",
        )
    count, _ = Authenticator.objects.filter(user=account).delete()
    note_event(
        kind=LoginEvent.Kind.FACTOR_REMOVED, at=at, account=account, reason=f"{by}: {reason}"
    )
    end_sessions(account=account, at=at, reason="second factor removed")
    return int(count)
