"""The small onboarded world of the API tests, for packs, reports and retention."""

from tests.api.conftest import AT, client, person, world

__all__ = ["AT", "client", "person", "world"]
