"""The ASGI entry point of the web process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
django_application = get_asgi_application()

# Settings and models can be imported only now that the apps are loaded.
from django.conf import settings  # noqa: E402

from kintsugi.config.bodies import LimitedBodies  # noqa: E402
from kintsugi.core.scope import process_shows_nothing  # noqa: E402

process_shows_nothing()
application = LimitedBodies(
    django_application,
    upload_paths=settings.UPLOAD_PATHS,
    upload_bytes=settings.UPLOAD_MAX_BYTES,
    usual_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    session_cookie=settings.SESSION_COOKIE_NAME,
)
