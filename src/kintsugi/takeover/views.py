"""The clock of the pages and of the API."""

import datetime as dt

from django.utils import timezone


def now() -> dt.datetime:
    """This moment."""
    return timezone.now()
