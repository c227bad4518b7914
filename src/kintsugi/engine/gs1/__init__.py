"""GS1 element strings, symbols and Digital Links, strictly after the official syntax dictionary.

``scan`` reads whatever a scanner or a label gives, ``combine`` joins the symbols of one label,
a ``Scan`` writes itself in every other form. What breaks a rule is a ``GS1Error`` with the place
and the remedy.
"""

from kintsugi.engine.gs1.elements import STRICT, Element, Options
from kintsugi.engine.gs1.errors import GS1Error
from kintsugi.engine.gs1.parse import Scan, combine, scan
from kintsugi.engine.gs1.symbols import Carrier

__all__ = ["STRICT", "Carrier", "Element", "GS1Error", "Options", "Scan", "combine", "scan"]
