"""Pages of parties."""

from django.urls import path

from kintsugi.parties import views
from kintsugi.parties.licence_screens import (
    ADD_LICENCE,
    ASK_UNLOCK,
    DECIDE_UNLOCK,
    LICENCE,
    LICENCES,
    REVOKE,
    UNLOCK_PAGE,
)
from kintsugi.parties.screens import CORRECT, MERGE, PARTIES, PARTY

app_name = "parties"
urlpatterns = [
    path("", PARTIES.as_view(), name="list"),
    path("role/<slug:role>/", PARTIES.as_view(), name="role"),
    path("<uuid:pk>/", PARTY.as_view(), name="detail"),
    path("<uuid:pk>/correct/", CORRECT.as_view(), name="correct"),
    path("<uuid:pk>/correct/<uuid:act>/", CORRECT.as_view(), name="correct-again"),
    path("<uuid:pk>/merge/", MERGE.as_view(), name="merge"),
    path("<uuid:pk>/licences/new/", ADD_LICENCE.as_view(), name="add-licence"),
    path("licences/", LICENCES.as_view(), name="licences"),
    path("licences/<uuid:pk>/", LICENCE.as_view(), name="licence"),
    path("licences/<uuid:pk>/file/", views.paper, name="licence-file"),
    path("licences/<uuid:pk>/revoke/", REVOKE.as_view(), name="revoke-licence"),
    path("licences/<uuid:pk>/unlock/", ASK_UNLOCK.as_view(), name="ask-unlock"),
    path("unlocks/<uuid:pk>/", UNLOCK_PAGE.as_view(), name="unlock"),
    path("unlocks/<uuid:pk>/decide/", DECIDE_UNLOCK.as_view(), name="decide-unlock"),
]
