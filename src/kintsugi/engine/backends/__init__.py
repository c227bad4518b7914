"""Where named SELECT steps run. A backend only executes; meaning stands in the SQL text."""

from kintsugi.engine.backends.base import Backend, literal, name
from kintsugi.engine.backends.duck import DuckDbBackend, connect

__all__ = ["Backend", "DuckDbBackend", "connect", "literal", "name"]
