"""Where named SELECT steps run. A backend only executes; meaning stands in the SQL text."""

from kintsugi.engine.backends.base import Backend, literal, name
from kintsugi.engine.backends.duck import DuckDbBackend

__all__ = ["Backend", "DuckDbBackend", "literal", "name"]
