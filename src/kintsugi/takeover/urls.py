"""Pages of takeovers."""

from django.urls import path

from kintsugi.takeover.screens import (
    APPROVE,
    LEVELS,
    PROPOSE,
    SYSTEM_PAGE,
    SYSTEMS,
    TAKEOVER_PAGE,
    WITHDRAW,
)

app_name = "takeover"
urlpatterns = [
    path("", SYSTEMS.as_view(), name="list"),
    path("systems/<str:name>/", SYSTEM_PAGE.as_view(), name="system"),
    path("systems/<str:name>/levels/", LEVELS.as_view(), name="levels"),
    path("systems/<str:name>/propose/", PROPOSE.as_view(), name="propose"),
    path("<str:number>/", TAKEOVER_PAGE.as_view(), name="takeover"),
    path("<str:number>/approve/", APPROVE.as_view(), name="approve"),
    path("<str:number>/withdraw/", WITHDRAW.as_view(), name="withdraw"),
]
