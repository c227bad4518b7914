"""Pages of traces and drills, below those of stock."""

from django.urls import path

from kintsugi.stock.tracing.screens import DRILL, DRILLS, NEW_DRILL
from kintsugi.stock.tracing.views import page

urlpatterns = [
    path("trace/", page, name="trace"),
    path("drills/", DRILLS.as_view(), name="drills"),
    path("drills/new/", NEW_DRILL.as_view(), name="new-drill"),
    path("drills/<uuid:pk>/", DRILL.as_view(), name="drill"),
]
