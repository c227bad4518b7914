"""Pages of acts under two persons."""

from django.urls import path

from kintsugi.identity.control import views
from kintsugi.identity.control.screens import ACTS

app_name = "acts"
urlpatterns = [
    path("", ACTS.as_view(), {"which": "waiting"}, name="list"),
    path("mine/", ACTS.as_view(), {"which": "mine"}, name="mine"),
    path("all/", ACTS.as_view(), {"which": "all"}, name="all"),
    path("<uuid:pk>/", views.act_page, name="detail"),
    path("<uuid:pk>/sign/", views.sign_step, name="sign"),
    path("<uuid:pk>/step/", views.plain_step, name="step"),
]
