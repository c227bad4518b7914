"""Pages of storage, below those of stock."""

from django.urls import path

from kintsugi.stock.storing.screens import (
    ADD_SENSOR,
    CHECK_LIST,
    EXCURSION_LIST,
    EXCURSION_PAGE,
    JUDGE,
    LOAD,
    RECORD_CHECK,
    SENSOR,
    SENSOR_LIST,
)
from kintsugi.stock.storing.views import due

urlpatterns = [
    path("checks/", CHECK_LIST.as_view(), name="storage-checks"),
    path("checks/due/", due, name="storage-due"),
    path("checks/new/", RECORD_CHECK.as_view(), name="record-check"),
    path("sensors/", SENSOR_LIST.as_view(), name="sensors"),
    path("sensors/new/", ADD_SENSOR.as_view(), name="add-sensor"),
    path("sensors/load/", LOAD.as_view(), name="load-readings"),
    path("sensors/<uuid:pk>/", SENSOR.as_view(), name="sensor"),
    path("excursions/", EXCURSION_LIST.as_view(), name="excursions"),
    path("excursions/<uuid:pk>/", EXCURSION_PAGE.as_view(), name="excursion"),
    path("excursions/<uuid:pk>/judge/", JUDGE.as_view(), name="judge-excursion"),
]
