"""Connectors: what each kind asks for, and what it brings."""

from kintsugi.onboarding.services.connectors.arrival import Arrival, Aside, look, sample
from kintsugi.onboarding.services.connectors.kinds import KINDS, Kind, clean_settings
from kintsugi.onboarding.services.connectors.schedule import next_due
from kintsugi.onboarding.services.connectors.secrets import keep_secret, resolve

__all__ = [
    "KINDS",
    "Arrival",
    "Aside",
    "Kind",
    "clean_settings",
    "keep_secret",
    "look",
    "next_due",
    "resolve",
    "sample",
]
