"""The ASGI entry point of the web process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
application = get_asgi_application()

# Models can be imported only now that the apps are loaded.
from kintsugi.core.scope import process_shows_nothing  # noqa: E402

process_shows_nothing()
