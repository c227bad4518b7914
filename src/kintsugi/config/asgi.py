"""The ASGI entry point of the web process."""

import os

from django.core.asgi import get_asgi_application

from kintsugi.core.scope import process_shows_nothing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kintsugi.config.settings")
application = get_asgi_application()
process_shows_nothing()
