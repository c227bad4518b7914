"""Pages of parties."""

from django.urls import path

from kintsugi.parties.screens import CORRECT, PARTIES, PARTY

app_name = "parties"
urlpatterns = [
    path("", PARTIES.as_view(), name="list"),
    path("role/<slug:role>/", PARTIES.as_view(), name="role"),
    path("<uuid:pk>/", PARTY.as_view(), name="detail"),
    path("<uuid:pk>/correct/", CORRECT.as_view(), name="correct"),
    path("<uuid:pk>/correct/<uuid:act>/", CORRECT.as_view(), name="correct-again"),
]
