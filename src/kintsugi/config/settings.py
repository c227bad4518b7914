"""Settings of every Kintsugi process; what differs between installations is environment.

``DATABASE_URL``      PostgreSQL 15 or newer; set by the command line for the embedded server
``KINTSUGI_OWNER_URL`` the same database as the account that owns the tables; only migrations use it
``KINTSUGI_HOME``     folder of data, snapshots, logs and secrets (default ``./var``)
``KINTSUGI_SECRET``   signing keys, the newest first, after commas; without it one is made and kept
                      in the home folder (``kintsugi secrets rotate signing``)
``KINTSUGI_HOSTS``    comma separated host names the web process answers to
``KINTSUGI_HTTPS``    ``1`` when served over HTTPS: cookies become secure, HSTS is sent
``KINTSUGI_WITNESS``  ``elsewhere`` when the witness runs on another machine (default ``local``)
``KINTSUGI_TSA_URL``  time-stamping authority (RFC 3161) for a daily stamp of the sealed log
``KINTSUGI_TSA_ROOTS`` file of its root certificates (PEM); with it every answer is verified
``KINTSUGI_DATABASE_ROLE`` role that connections begin with; ``kintsugi up`` sets it for the jobs
``KINTSUGI_DEBUG``    ``1`` shows Django's debug pages; never in production
``KINTSUGI_MFA``      who needs a second factor: ``off`` (not offered), ``optional``,
                      ``administrators``, ``required`` (everybody)
``KINTSUGI_PROXIES``  how many trusted proxies stand before the web process (default 0)
``KINTSUGI_SESSION_IDLE_MIN``, ``KINTSUGI_SESSION_HOURS``
                      how long a log-in may rest (default 60 minutes) and last (default 12 hours)
``KINTSUGI_RATE_LIMITS``
                      ``0`` switches the limits on requests off; never in production
``KINTSUGI_LETTERHEAD_NAME``, ``_ADDRESS``, ``_PHONE``, ``_LICENCE``
                      who stands at the head of printed documents
``KINTSUGI_OIDC_ISSUER``, ``_CLIENT_ID``, ``_CLIENT_SECRET``, ``_NAME``, ``_CLAIM``, ``_SIGN_UP``
                      single sign-on; see the how-to “Sign in”
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog

from kintsugi.runtime.keys import keys

HOME = Path(os.environ.get("KINTSUGI_HOME", "var")).resolve()
DEBUG = os.environ.get("KINTSUGI_DEBUG") == "1"
HTTPS = os.environ.get("KINTSUGI_HTTPS") == "1"


def _database(url: str) -> dict[str, Any]:
    """Django's entry for a ``postgresql://`` URL; a ``host`` query part is a socket folder."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    role = os.environ.get("KINTSUGI_DATABASE_ROLE")
    if role:
        query["options"] = f"{query.get('options', '')} -c role={role}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "kintsugi",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10, "application_name": "kintsugi", **query},
    }


SECRET_KEYS = keys(HOME, "signing")
SECRET_KEY, *SECRET_KEY_FALLBACKS = SECRET_KEYS
SECOND_FACTOR_KEYS = keys(HOME, "second-factor")
ALLOWED_HOSTS = os.environ.get("KINTSUGI_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
DATABASES = {
    "default": _database(os.environ.get("DATABASE_URL", "postgresql://localhost/kintsugi"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "ninja",
    "procrastinate.contrib.django",
    "kintsugi.core",
    "kintsugi.identity",
    "kintsugi.audit",
    "kintsugi.parties",
    "kintsugi.products",
    "kintsugi.stock",
    "kintsugi.takeover",
    "kintsugi.purchasing",
    "kintsugi.sales",
    "kintsugi.devices",
    "kintsugi.billing",
    "kintsugi.onboarding",
    "kintsugi.projects",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kintsugi.core.middleware.SecurityHeaders",
    "kintsugi.core.middleware.AsyncFiles",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kintsugi.audit.middleware.RecordRefusals",
    "kintsugi.identity.middleware.SignInGuard",
    "kintsugi.identity.middleware.PersonScope",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "kintsugi.core.middleware.Preferences",
    "kintsugi.identity.middleware.RateLimits",
    "kintsugi.audit.middleware.TransactionContext",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "kintsugi.config.urls"
ASGI_APPLICATION = "kintsugi.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "kintsugi.core.context_processors.shell",
            ],
        },
    },
]

# People
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "kintsugi.identity.passwords.NotUsedBefore"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # read and replaced at the next log-in
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "kintsugi.identity.adapter.AccountAdapter"
# Our own lock-out and limits stand in the place of allauth's: they survive a restart and are seen
# by auditors (identity.lockout, identity.rates).
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
MFA_POLICY = os.environ.get("KINTSUGI_MFA", "optional")
if MFA_POLICY not in ("off", "optional", "administrators", "required"):
    raise ValueError("KINTSUGI_MFA is off, optional, administrators or required")
MFA_ADAPTER = "kintsugi.identity.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers allow it on localhost only
MFA_FORMS = {
    name: f"kintsugi.identity.forms.{form}"
    for name, form in (
        ("authenticate", "AuthenticateForm"),
        ("reauthenticate", "ReauthenticateForm"),
        ("activate_totp", "ActivateTOTPForm"),
        ("authenticate_webauthn", "AuthenticateWebAuthnForm"),
        ("reauthenticate_webauthn", "ReauthenticateWebAuthnForm"),
        ("login_webauthn", "LoginWebAuthnForm"),
        ("add_webauthn", "AddWebAuthnForm"),
        ("edit_webauthn", "EditWebAuthnForm"),
    )
}
OIDC_ISSUER = os.environ.get("KINTSUGI_OIDC_ISSUER", "")
OIDC_NAME = os.environ.get("KINTSUGI_OIDC_NAME", "OpenID Connect")
OIDC_CLAIM = os.environ.get("KINTSUGI_OIDC_CLAIM", "email")
OIDC_SIGN_UP = os.environ.get("KINTSUGI_OIDC_SIGN_UP") == "1"
SOCIALACCOUNT_ADAPTER = "kintsugi.identity.adapter.SingleSignOnAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "main",
                "name": OIDC_NAME,
                "client_id": os.environ.get("KINTSUGI_OIDC_CLIENT_ID", ""),
                "secret": os.environ.get("KINTSUGI_OIDC_CLIENT_SECRET", ""),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
}
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
# The one GET that writes: the provider sends the browser back with a GET.
WRITING_GETS = ("/accounts/oidc/main/login/callback/",)
TRUSTED_PROXIES = int(os.environ.get("KINTSUGI_PROXIES", "0"))
RATE_LIMITS_ON = os.environ.get("KINTSUGI_RATE_LIMITS") != "0"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
    }
}

# Languages: Chinese first, English complete
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
# Before the words of the libraries: one of them has "Note" as a warning, we have it as a remark.
LOCALE_PATHS = sorted(Path(__file__).parents[1].glob("*/locale"))
TIME_ZONE = os.environ.get("KINTSUGI_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

# Files
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
SNAPSHOT_ROOT = HOME / "snapshots"
RUN_ROOT = HOME / "runs"
UPLOAD_ROOT = HOME / "uploads"
PACK_ROOT = HOME / "packs"
FILE_ROOT = HOME / "files"
# The head of printed documents: name, address, telephone, number of the operating licence.
LETTERHEAD = {
    name: os.environ.get(f"KINTSUGI_LETTERHEAD_{name.upper()}", "")
    for name in ("name", "address", "phone", "licence")
}
UPLOAD_MAX_BYTES = 2 * 1024**3
UPLOAD_PATHS = ("/onboarding/upload/", "/api/v1/imports")

# Safety
SESSION_ENGINE = "kintsugi.identity.sessions"
SESSION_IDLE_S = 60 * int(os.environ.get("KINTSUGI_SESSION_IDLE_MIN", "60"))
SESSION_LIFETIME_S = 3600 * int(os.environ.get("KINTSUGI_SESSION_HOURS", "12"))
SESSION_COOKIE_AGE = SESSION_LIFETIME_S
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [] if HTTPS else ["security.W004", "security.W008", "security.W012"]

# The sealed log
WITNESS = os.environ.get("KINTSUGI_WITNESS", "local")
TSA_URL = os.environ.get("KINTSUGI_TSA_URL", "")
TSA_ROOTS = os.environ.get("KINTSUGI_TSA_ROOTS", "")

# Jobs
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                # Plain traces: the values of local variables do not belong in a log.
                structlog.dev.ConsoleRenderer(
                    colors=False, exception_formatter=structlog.dev.plain_traceback
                ),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("KINTSUGI_LOG_LEVEL", "WARNING")},
}
