"""Pages of the record."""

from django.urls import path

from kintsugi.audit import views
from kintsugi.audit.packs import screens as packs
from kintsugi.audit.packs import views as pack_views
from kintsugi.audit.refusal_screens import REFUSALS
from kintsugi.audit.reports import views as reports
from kintsugi.audit.retention import screens as retention

app_name = "audit"
urlpatterns = [
    path("", reports.desk_page, name="desk"),
    path("records/<str:table>/<uuid:row_id>/", reports.record_page, name="row"),
    path("reports/", reports.reports_page, name="reports"),
    path("reports/<slug:dataset>/", reports.report_page, name="report"),
    path("reports/<slug:dataset>/keep", reports.save, name="save-report"),
    path("reports/<uuid:report_id>/take-away", reports.take_away, name="take-report"),
    path("packs/", packs.PACKS.as_view(), name="packs"),
    path("packs/new/", packs.ASK.as_view(), name="ask-for-pack"),
    path("packs/<str:number>/", pack_views.pack_page, name="pack"),
    path("packs/<str:number>/download", pack_views.download, name="pack-file"),
    path("packs/<str:number>/again", pack_views.again, name="pack-again"),
    path("holds/", retention.HOLDS.as_view(), name="holds"),
    path("holds/new/", retention.PLACE.as_view(), name="place-hold"),
    path("holds/<str:number>/", retention.HOLD.as_view(), name="hold"),
    path("holds/<str:number>/release", retention.RELEASE.as_view(), name="release-hold"),
    path("retention/<str:entity>/due/", retention.due_page, name="due"),
    path("record/", views.record, name="record"),
    path("record/proof", views.proof, name="proof"),
    path("record/verify", views.verify, name="verify"),
    path("refusals/", REFUSALS.as_view(), name="refusals"),
]
