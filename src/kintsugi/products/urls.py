"""Pages of products."""

from django.urls import path

from kintsugi.products.screens import PRODUCT, PRODUCTS

app_name = "products"
urlpatterns = [
    path("", PRODUCTS.as_view(), name="list"),
    path("<uuid:pk>/", PRODUCT.as_view(), name="detail"),
]
