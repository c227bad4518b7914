"""The small onboarded world of the API tests, and people who examine it."""

from tests.api.conftest import AT, world
from tests.audit.examiners import client, examiner, owner_of_nothing, person

__all__ = ["AT", "client", "examiner", "owner_of_nothing", "person", "world"]
