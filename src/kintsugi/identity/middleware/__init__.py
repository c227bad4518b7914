"""What happens to every request before its view: the door, the person's access, the limits."""

from kintsugi.identity.middleware.access import PersonScope
from kintsugi.identity.middleware.sign_in import RateLimits, SignInGuard

__all__ = ["PersonScope", "RateLimits", "SignInGuard"]
