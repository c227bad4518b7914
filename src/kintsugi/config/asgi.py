"""The ASGI entry point of the web process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402  # Django is set up by the line above

from kintsugi.config.bodies import LimitedBodies  # noqa: E402

application = LimitedBodies(
    django_application,
    upload_paths=settings.UPLOAD_PATHS,
    upload_bytes=settings.UPLOAD_MAX_BYTES,
    usual_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    session_cookie=settings.SESSION_COOKIE_NAME,
)
