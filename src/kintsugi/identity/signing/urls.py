"""Pages of signatures."""

from django.urls import path

from kintsugi.identity.signing.screens import SIGNATURE, SIGNATURES

app_name = "signatures"
urlpatterns = [
    path("", SIGNATURES.as_view(), name="list"),
    path("<uuid:pk>/", SIGNATURE.as_view(), name="detail"),
]
