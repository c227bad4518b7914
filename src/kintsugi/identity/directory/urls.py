"""Addresses of the directory."""

from django.urls import path

from kintsugi.identity.directory import screens, views

app_name = "people"
urlpatterns = [
    path("people/", screens.PEOPLE.as_view(), name="list"),
    path("people/join/", screens.JOINS.as_view(), name="join"),
    path("people/<uuid:pk>/", screens.PERSON.as_view(), name="person"),
    path("people/<uuid:pk>/grant/", screens.GRANT.as_view(), name="grant"),
    path("people/<uuid:pk>/move/", screens.MOVE.as_view(), name="move"),
    path("people/<uuid:pk>/leave/", screens.LEAVE.as_view(), name="leave"),
    path("people/accounts/<uuid:pk>/switch/", screens.SWITCH.as_view(), name="switch"),
    path("access/review/", screens.REVIEW.as_view(), name="review"),
    path("access/matrix/", views.matrix, name="matrix"),
    path("access/grants/<uuid:pk>/end/", screens.END.as_view(), name="end"),
    path("access/grants/<uuid:pk>/delegate/", screens.DELEGATE.as_view(), name="delegate"),
    path("access/grants/<uuid:pk>/review/", screens.REVIEWS.as_view(), name="review-grant"),
    path("tokens/", screens.OWN_TOKENS.as_view(), name="tokens"),
    path("tokens/new/", views.new_token, name="new-token"),
    path("tokens/everybody/", screens.ALL_TOKENS.as_view(), name="all-tokens"),
    path("tokens/<uuid:pk>/revoke/", screens.REVOKE.as_view(), name="revoke"),
]
