import pytest
from kintsugi.projects.models import Project
pytestmark = pytest.mark.django_db
def test_smoke():
    import datetime as dt
    from kintsugi.projects import services
    from kintsugi.projects.plans import NAMES
    AT = dt.datetime(2026,11,22,9,tzinfo=dt.UTC)
    for n in NAMES:
        p = services.create_project(actor="t", code=n, title_zh="x", title_en="x", planned_start=dt.date(2026,11,1), key=n, template=n)
        services.measure_project(actor="t", project=p.pk, at=AT)
