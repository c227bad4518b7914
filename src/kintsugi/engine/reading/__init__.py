"""Reading any source into an immutable snapshot: text files, workbooks, databases."""

from kintsugi.engine.reading.errors import ReadError
from kintsugi.engine.reading.limits import ReadHints, ReadLimits
from kintsugi.engine.reading.rules import READING_RULES
from kintsugi.engine.reading.source import PARSER_VERSION, read_source

__all__ = ["PARSER_VERSION", "READING_RULES", "ReadError", "ReadHints", "ReadLimits", "read_source"]
