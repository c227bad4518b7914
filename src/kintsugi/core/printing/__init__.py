"""What goes onto paper: labels with barcodes, and documents of one frame, as PDF by typst.

``document`` prints a ``Paper``, ``print_labels`` prints ``Label``s; both take plain data. The same
data and time give the same bytes.
"""

from kintsugi.core.printing.labels import LABELS_MAX, LAYOUTS, SIZES, Label, print_labels
from kintsugi.core.printing.paper import Column, Paper, Parties, document
from kintsugi.core.printing.symbols import Symbol, Symbology
from kintsugi.core.printing.typesetting import chinese_font, typeset

__all__ = [
    "LABELS_MAX",
    "LAYOUTS",
    "SIZES",
    "Column",
    "Label",
    "Paper",
    "Parties",
    "Symbol",
    "Symbology",
    "chinese_font",
    "document",
    "print_labels",
    "typeset",
]
