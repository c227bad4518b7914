"""Pages of devices."""

from django.urls import path

from kintsugi.devices.screens import DEVICES, PASSPORT

app_name = "devices"
urlpatterns = [
    path("", DEVICES.as_view(), name="list"),
    path("<uuid:pk>/", PASSPORT.as_view(), name="detail"),
]
