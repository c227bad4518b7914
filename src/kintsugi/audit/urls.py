"""Pages of the record."""

from django.urls import path

from kintsugi.audit import views
from kintsugi.audit.refusal_screens import REFUSALS

app_name = "audit"
urlpatterns = [
    path("record/", views.record, name="record"),
    path("record/proof", views.proof, name="proof"),
    path("record/verify", views.verify, name="verify"),
    path("refusals/", REFUSALS.as_view(), name="refusals"),
]
