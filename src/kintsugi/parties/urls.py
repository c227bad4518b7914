"""Pages of parties."""

from django.urls import path

from kintsugi.parties.screens import PARTIES, PARTY

app_name = "parties"
urlpatterns = [
    path("", PARTIES.as_view(), name="list"),
    path("role/<slug:role>/", PARTIES.as_view(), name="role"),
    path("<uuid:pk>/", PARTY.as_view(), name="detail"),
]
