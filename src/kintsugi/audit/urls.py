"""Pages of the record."""

from django.urls import path

from kintsugi.audit.refusal_screens import REFUSALS

app_name = "audit"
urlpatterns = [path("refusals/", REFUSALS.as_view(), name="refusals")]
