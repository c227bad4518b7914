"""Pages of stocktakes and adjustments, below those of stock."""

from django.urls import path

from kintsugi.stock.counting import views
from kintsugi.stock.counting.forms import (
    APPROVE,
    CANCEL,
    COUNT,
    DECIDE,
    EXPLAIN,
    PLAN_STOCKTAKE,
    REQUEST,
)
from kintsugi.stock.counting.screens import (
    ADJUSTMENT_LIST,
    ADJUSTMENT_PAGE,
    LINES,
    SHEET,
    STOCKTAKE_LIST,
    STOCKTAKE_PAGE,
)

urlpatterns = [
    path("stocktakes/", STOCKTAKE_LIST.as_view(), name="stocktakes"),
    path("stocktakes/new/", PLAN_STOCKTAKE.as_view(), name="plan-stocktake"),
    path("stocktakes/due/", views.proposed, name="stocktake-proposals"),
    path("stocktakes/<uuid:pk>/", STOCKTAKE_PAGE.as_view(), name="stocktake"),
    path("stocktakes/<uuid:pk>/sheet/", SHEET.as_view(), name="stocktake-sheet"),
    path("stocktakes/<uuid:pk>/print/", views.paper, name="print-stocktake"),
    path("stocktakes/<uuid:pk>/lines/", LINES.as_view(), name="stocktake-lines"),
    path("stocktakes/<uuid:pk>/start/", views.start, name="start-stocktake"),
    path("stocktakes/<uuid:pk>/count/", COUNT.as_view(), name="count-stocktake"),
    path("stocktakes/<uuid:pk>/finish/", views.finish, name="finish-stocktake"),
    path("stocktakes/<uuid:pk>/approve/", APPROVE.as_view(), name="approve-stocktake"),
    path("stocktakes/<uuid:pk>/cancel/", CANCEL.as_view(), name="cancel-stocktake"),
    path("stocktake-lines/<uuid:pk>/explain/", EXPLAIN.as_view(), name="explain-difference"),
    path("adjustments/", ADJUSTMENT_LIST.as_view(), name="adjustments"),
    path("adjustments/new/", REQUEST.as_view(), name="request-adjustment"),
    path("adjustments/<uuid:pk>/", ADJUSTMENT_PAGE.as_view(), name="adjustment"),
    path("adjustments/<uuid:pk>/decide/", DECIDE.as_view(), name="decide-adjustment"),
]
