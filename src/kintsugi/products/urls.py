"""Pages of products, their certificates and first reviews, and the licence radar."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kintsugi.products import views
from kintsugi.products.act_forms import (
    CHANGE_CERTIFICATE,
    CHANGE_LICENCE,
    MERGE,
    REQUEST_CERTIFICATE,
    REQUEST_LICENCE,
)
from kintsugi.products.kinds import REVIEW_ROLES
from kintsugi.products.screens import PRODUCT, PRODUCTS
from kintsugi.products.selectors_trade import WITHIN
from kintsugi.products.trade_forms import (
    ADD_CERTIFICATE,
    APPROVE,
    ASK_REVIEW,
    AUTHORISE,
    CHECK,
    END,
    REJECT,
    SUBMIT,
    WITHDRAW,
    WITHDRAW_CERTIFICATE,
)
from kintsugi.products.trade_screens import CERTIFICATE, CERTIFICATES, RADAR, REVIEW_PAGE, REVIEWS


class EndingConverter(StringConverter):
    """How soon a licence ends."""

    regex = "|".join(WITHIN)


class ReviewRoleConverter(StringConverter):
    """What a first review is about."""

    regex = "|".join(REVIEW_ROLES)


register_converter(EndingConverter, "ending")
register_converter(ReviewRoleConverter, "review_role")

app_name = "products"
urlpatterns = [
    path("", PRODUCTS.as_view(), name="list"),
    path("<uuid:pk>/", PRODUCT.as_view(), name="detail"),
    path("certificates/", CERTIFICATES.as_view(), name="certificates"),
    path("certificates/new/", ADD_CERTIFICATE.as_view(), name="add-certificate"),
    path("certificates/<uuid:pk>/", CERTIFICATE.as_view(), name="certificate"),
    path("certificates/<uuid:pk>/file/", views.paper, name="certificate-file"),
    path(
        "certificates/<uuid:pk>/withdraw/",
        WITHDRAW_CERTIFICATE.as_view(),
        name="withdraw-certificate",
    ),
    path("authorisations/<uuid:pk>/", AUTHORISE.as_view(), name="authorise"),
    path("reviews/", REVIEWS.as_view(), name="reviews"),
    path("reviews/new/<review_role:role>/<uuid:pk>/", ASK_REVIEW.as_view(), name="ask-review"),
    path("reviews/<uuid:pk>/", REVIEW_PAGE.as_view(), name="review"),
    path("reviews/<uuid:pk>/submit/", SUBMIT.as_view(), name="submit-review"),
    path("reviews/<uuid:pk>/check/", CHECK.as_view(), name="check-review"),
    path("reviews/<uuid:pk>/approve/", APPROVE.as_view(), name="approve-review"),
    path("reviews/<uuid:pk>/reject/", REJECT.as_view(), name="reject-review"),
    path("reviews/<uuid:pk>/withdraw/", WITHDRAW.as_view(), name="withdraw-review"),
    path("reviews/<uuid:pk>/end/", END.as_view(), name="end-review"),
    path("<uuid:pk>/merge/", MERGE.as_view(), name="merge"),
    path("requests/parties/<uuid:pk>/", REQUEST_LICENCE.as_view(), name="request-licence"),
    path("requests/licences/<uuid:pk>/", CHANGE_LICENCE.as_view(), name="change-licence"),
    path("requests/products/<uuid:pk>/", REQUEST_CERTIFICATE.as_view(), name="request-certificate"),
    path(
        "requests/certificates/<uuid:pk>/", CHANGE_CERTIFICATE.as_view(), name="change-certificate"
    ),
    path("radar/", RADAR.as_view(), name="radar"),
    path("radar/<ending:within>/", RADAR.as_view(), name="radar-within"),
]
