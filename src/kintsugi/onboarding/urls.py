"""Pages of onboarding."""

from django.urls import path

from kintsugi.onboarding import (
    acceptance_views,
    arrival_screens,
    connector_views,
    load_views,
    rollback_screens,
    rollback_views,
    screens,
    source_screens,
    source_views,
    views,
    window_screens,
)

app_name = "onboarding"
urlpatterns = [
    path("", screens.RUNS.as_view(), name="list"),
    path("sources/", source_screens.SOURCES.as_view(), name="sources"),
    path("new-source/", source_screens.NEW_SOURCE.as_view(), name="new-source"),
    # A code may hold a slash, so what follows it comes first.
    path("sources/<path:code>/edit/", source_screens.EDIT_SOURCE.as_view(), name="edit-source"),
    path("sources/<path:code>/profile/", source_views.profile_page, name="source-profile"),
    path("sources/<path:code>/arrivals/", source_views.arrivals_page, name="source-arrivals"),
    path("sources/<path:code>/standard/", source_views.standard_page, name="source-standard"),
    path(
        "sources/<path:code>/connect/<slug:kind>/",
        connector_views.new_connector,
        name="new-connector",
    ),
    path("sources/<path:code>/", source_views.source_page, name="source"),
    path("connectors/<uuid:pk>/", connector_views.connector_page, name="connector"),
    path("connectors/<uuid:pk>/fetch", connector_views.fetch_now, name="fetch-now"),
    path("arrivals/", arrival_screens.ARRIVALS.as_view(), name="arrivals"),
    path("arrivals/<uuid:pk>/", connector_views.arrival_page, name="arrival"),
    path("arrivals/<uuid:pk>/decide", connector_views.decide, name="decide-arrival"),
    path("arrivals/<uuid:pk>/picture", connector_views.picture, name="arrival-picture"),
    path("issues/", screens.OPEN_ISSUES.as_view(), name="issues"),
    path("upload/", views.upload, name="upload"),
    path("upload/<str:batch_id>/", views.preview_upload, name="preview"),
    path("runs/<str:number>/", views.run_page, name="run"),
    path("runs/<str:number>/live", views.live_run, name="live"),
    path("runs/<str:number>/go-on", views.go_on, name="go-on"),
    path("runs/<str:number>/rehearse", load_views.rehearse, name="rehearse"),
    path("runs/<str:number>/diff/", load_views.diff, name="diff"),
    path("runs/<str:number>/propose/", load_views.propose, name="propose-run"),
    path("runs/<str:number>/acceptance/", acceptance_views.page, name="acceptance"),
    path(
        "runs/<str:number>/acceptance/certificate.pdf",
        acceptance_views.certificate,
        name="certificate",
    ),
    path("runs/<str:number>/pace", load_views.pace, name="pace"),
    path("runs/<str:number>/waves/", load_views.waves, name="waves"),
    path("windows/", window_screens.WINDOWS.as_view(), name="windows"),
    path("windows/new/", window_screens.NEW_WINDOW.as_view(), name="new-window"),
    path("windows/<str:code>/", window_screens.EDIT_WINDOW.as_view(), name="window"),
    path("runs/<str:number>/roll-back/", rollback_views.begin, name="roll-back"),
    path("runs/<str:number>/rollback/", rollback_views.page, name="rollback"),
    path("runs/<str:number>/rollback/propose", rollback_views.propose, name="propose-rollback"),
    path("runs/<str:number>/rollback/withdraw", rollback_views.withdraw, name="withdraw-rollback"),
    path(
        "runs/<str:number>/conflicts/",
        rollback_screens.CONFLICTS.as_view(),
        name="conflicts",
    ),
    path("runs/<str:number>/issues/", screens.RUN_ISSUES.as_view(), name="run-issues"),
    path("runs/<str:number>/rows/<str:outcome>/", views.rows_page, name="rows"),
    path("runs/<str:number>/steps/<path:step>/", views.step_page, name="step"),
    path("cell/<str:snapshot>/<int:table>/<int:row>/<int:ordinal>", views.cell, name="cell"),
]
