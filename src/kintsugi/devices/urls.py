"""Pages of devices."""

from django.urls import path

from kintsugi.devices.screens import CORRECT, DEVICES, PASSPORT

app_name = "devices"
urlpatterns = [
    path("", DEVICES.as_view(), name="list"),
    path("<uuid:pk>/", PASSPORT.as_view(), name="detail"),
    path("<uuid:pk>/correct/", CORRECT.as_view(), name="correct"),
    path("<uuid:pk>/correct/<uuid:act>/", CORRECT.as_view(), name="correct-again"),
]
