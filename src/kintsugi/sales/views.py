"""The edge of sales: the clock comes in here."""

import datetime as dt

from django.utils import timezone


def today() -> dt.date:
    """The business day here."""
    return timezone.localdate()


def now() -> dt.datetime:
    """This instant."""
    return timezone.now()
