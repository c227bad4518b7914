"""The refusal of what GS1 does not allow."""

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


class GS1Error(KintsugiError):
    """Text that breaks a GS1 standard. ``facts`` name the AI, the value and the place in it.

    ``marked`` among the facts shows the bad characters between two bars: ``(17)20|13|00``.
    """


RESCAN = Text(
    "请重新扫描；若仍如此，请与标签印字核对，并向供应商反映。",
    "Scan it again; if it stays, compare with the printed label and tell the supplier.",
)
