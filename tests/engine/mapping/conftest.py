"""Real third-party data beside the repository, where it is there."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the data, else the test is skipped."""
    here = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("KINTSUGI_TEST_DATA", here.parent / "shared" / "data"))
    if not (folder / "field-mapping-gdc").is_dir():
        pytest.skip("the shared real data is not here; name its folder in KINTSUGI_TEST_DATA")
    return folder
