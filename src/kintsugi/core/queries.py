"""Named SQL files: one query a file, in the owning app's ``sql`` folder."""

from functools import cache
from importlib.resources import files


@cache
def query(app: str, name: str, folder: str = "sql") -> str:
    """The text of ``kintsugi/<app>/sql/<name>.sql``; rules lie in ``checks``."""
    return files(f"kintsugi.{app}").joinpath(folder, f"{name}.sql").read_text("utf-8")
