"""Declarative screens: say what a list, a record or a form is made of; the rest is here.

devices = ListScreen(name="devices", title=_("Devices"), rows=selectors.devices,
                     entity="device", columns=(Column("serial", kind="code", link=url_of),),
                     search=("serial",), filters=(Filter("status", choices=STATES),))
urlpatterns = [path("", devices.as_view(), name="list")]
"""

from kintsugi.core.screens.columns import Column
from kintsugi.core.screens.detail import Custom, DetailScreen, Fields, Related, Timeline, Value
from kintsugi.core.screens.filters import Filter
from kintsugi.core.screens.forms import FormScreen, contract_form
from kintsugi.core.screens.lists import ListScreen
from kintsugi.core.screens.parts import Action, Empty
from kintsugi.core.screens.scan import ScanAnswer, ScanField
from kintsugi.core.screens.steps import NextSteps, Step, Verdicts

__all__ = [
    "Action",
    "Column",
    "Custom",
    "DetailScreen",
    "Empty",
    "Fields",
    "Filter",
    "FormScreen",
    "ListScreen",
    "NextSteps",
    "Related",
    "ScanAnswer",
    "ScanField",
    "Step",
    "Timeline",
    "Value",
    "Verdicts",
    "contract_form",
]
