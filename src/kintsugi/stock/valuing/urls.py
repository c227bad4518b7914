"""Pages of value, age and checks, below those of stock."""

from django.urls import path

from kintsugi.stock.valuing import views

urlpatterns = [
    path("value/", views.value, name="value"),
    path("value/age/", views.age, name="age"),
    path("value/checks/", views.checks, name="checks"),
]
