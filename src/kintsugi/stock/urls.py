"""Pages of stock."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kintsugi.stock.counting.urls import urlpatterns as counting
from kintsugi.stock.forms import (
    ADD_PLACE,
    CLOSE_MONTH,
    EDIT_PLACE,
    MOVE,
    OPEN_WAREHOUSE,
    PLACE_BLOCK,
    RELEASE,
    REVERSE,
)
from kintsugi.stock.label_form import LABELS
from kintsugi.stock.look import look
from kintsugi.stock.pages import LOT, POSTING, UNIT
from kintsugi.stock.screens import (
    BLOCKS,
    LOTS,
    MONTHS,
    MOVES,
    PLACES,
    POSTINGS,
    STOCK,
    UNITS,
    WAREHOUSES,
    WITHIN,
)
from kintsugi.stock.storing.urls import urlpatterns as storing
from kintsugi.stock.tracing.urls import urlpatterns as tracing
from kintsugi.stock.valuing.urls import urlpatterns as valuing


class WithinConverter(StringConverter):
    """How soon something expires."""

    regex = "|".join(WITHIN)


register_converter(WithinConverter, "within")

app_name = "stock"
urlpatterns = [
    path("", STOCK.as_view(), name="list"),
    path("expiring/<within:within>/", STOCK.as_view(), name="list-expiring"),
    path("labels/", LABELS.as_view(), name="labels"),
    path("scan/", look, name="scan"),
    path("move/", MOVE.as_view(), name="move"),
    path("moves/", MOVES.as_view(), name="moves"),
    path("lots/", LOTS.as_view(), name="lots"),
    path("lots/expiring/<within:within>/", LOTS.as_view(), name="lots-expiring"),
    path("lots/<uuid:pk>/", LOT.as_view(), name="lot"),
    path("units/", UNITS.as_view(), name="units"),
    path("units/expiring/<within:within>/", UNITS.as_view(), name="units-expiring"),
    path("units/<uuid:pk>/", UNIT.as_view(), name="unit"),
    path("postings/", POSTINGS.as_view(), name="postings"),
    path("postings/<uuid:pk>/", POSTING.as_view(), name="posting"),
    path("postings/<uuid:pk>/reverse/", REVERSE.as_view(), name="reverse"),
    path("blocks/", BLOCKS.as_view(), name="blocks"),
    path("blocks/new/", PLACE_BLOCK.as_view(), name="place-block"),
    path("blocks/<uuid:pk>/release/", RELEASE.as_view(), name="release"),
    path("warehouses/", WAREHOUSES.as_view(), name="warehouses"),
    path("warehouses/new/", OPEN_WAREHOUSE.as_view(), name="open-warehouse"),
    path("places/", PLACES.as_view(), name="places"),
    path("places/new/", ADD_PLACE.as_view(), name="add-place"),
    path("places/<uuid:pk>/", EDIT_PLACE.as_view(), name="edit-place"),
    path("months/", MONTHS.as_view(), name="months"),
    path("months/close/", CLOSE_MONTH.as_view(), name="close-month"),
    *counting,
    *tracing,
    *valuing,
    *storing,
]
