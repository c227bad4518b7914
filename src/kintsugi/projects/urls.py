"""Pages of projects."""

from django.urls import path

from kintsugi.projects import pages, screens, views

app_name = "projects"
urlpatterns = [
    path("", screens.PROJECTS.as_view(), name="list"),
    path("new/", pages.NEW.as_view(), name="new"),
    path("milestones/<uuid:pk>/", screens.MILESTONE_PAGE.as_view(), name="milestone"),
    path("milestones/<uuid:pk>/edit/", pages.EDIT_MILESTONE.as_view(), name="edit-milestone"),
    path("milestones/<uuid:pk>/judge", views.judge, name="judge"),
    path("milestones/<uuid:pk>/criteria/new/", pages.ADD_CRITERION.as_view(), name="add-criterion"),
    path(
        "milestones/<uuid:pk>/step/<slug:to>/",
        pages.STEP_MILESTONE.as_view(),
        name="step-milestone",
    ),
    path("criteria/<uuid:pk>/sign/", pages.SIGN.as_view(), name="sign-criterion"),
    path("criteria/<uuid:pk>/remove/", pages.REMOVE_CRITERION.as_view(), name="remove-criterion"),
    path("figures/<uuid:pk>/", screens.KPI_PAGE.as_view(), name="kpi"),
    path("figures/<uuid:pk>/edit/", pages.EDIT_KPI.as_view(), name="edit-kpi"),
    path("figures/<uuid:pk>/values/new/", pages.RECORD_VALUE.as_view(), name="record-value"),
    path("values/<uuid:pk>/withdraw/", pages.WITHDRAW_VALUE.as_view(), name="withdraw-value"),
    path("risks/<uuid:pk>/", screens.RISK_PAGE.as_view(), name="risk"),
    path("risks/<uuid:pk>/edit/", pages.EDIT_RISK.as_view(), name="edit-risk"),
    path("risks/<uuid:pk>/assess/", pages.ASSESS.as_view(), name="assess-risk"),
    path("contingencies/<uuid:pk>/", screens.CONTINGENCY_PAGE.as_view(), name="contingency"),
    path(
        "contingencies/<uuid:pk>/edit/", pages.EDIT_CONTINGENCY.as_view(), name="edit-contingency"
    ),
    path("contingencies/<uuid:pk>/contacts/new/", pages.ADD_CONTACT.as_view(), name="add-contact"),
    path("contingencies/<uuid:pk>/drills/new/", pages.DRILL.as_view(), name="record-drill"),
    path("contacts/<uuid:pk>/remove/", pages.REMOVE_CONTACT.as_view(), name="remove-contact"),
    path("members/<uuid:pk>/remove/", pages.REMOVE_MEMBER.as_view(), name="remove-member"),
    path("lines/<uuid:pk>/remove/", pages.REMOVE_LINE.as_view(), name="remove-line"),
    path("lines/<uuid:pk>/actuals/new/", pages.RECORD_ACTUAL.as_view(), name="record-actual"),
    path("actuals/<uuid:pk>/withdraw/", pages.WITHDRAW_ACTUAL.as_view(), name="withdraw-actual"),
    path("p/<slug:code>/", screens.PROJECT_PAGE.as_view(), name="project"),
    path("p/<slug:code>/edit/", pages.PROJECT_EDIT.as_view(), name="edit"),
    path("p/<slug:code>/step/<slug:to>/", pages.STEP.as_view(), name="step"),
    path("p/<slug:code>/decide/<slug:to>/", pages.DECIDE.as_view(), name="decide"),
    path("p/<slug:code>/sources/", pages.SOURCES.as_view(), name="set-sources"),
    path("p/<slug:code>/members/new/", pages.ADD_MEMBER.as_view(), name="add-member"),
    path("p/<slug:code>/measure", views.measure, name="measure"),
    path("p/<slug:code>/report.pdf", views.status_pdf, name="status-pdf"),
    path("p/<slug:code>/report.xlsx", views.status_workbook, name="status-workbook"),
    path("p/<slug:code>/milestones/new/", pages.ADD_MILESTONE.as_view(), name="add-milestone"),
    path("p/<slug:code>/figures/new/", pages.ADD_KPI.as_view(), name="add-kpi"),
    path("p/<slug:code>/risks/", screens.RISKS.as_view(), name="risks"),
    path("p/<slug:code>/risks/new/", pages.ADD_RISK.as_view(), name="add-risk"),
    path("p/<slug:code>/money/", screens.MONEY_PAGE.as_view(), name="money"),
    path("p/<slug:code>/money/new/", pages.ADD_LINE.as_view(), name="add-line"),
    path(
        "p/<slug:code>/contingencies/new/",
        pages.ADD_CONTINGENCY.as_view(),
        name="add-contingency",
    ),
]
