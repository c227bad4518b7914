"""Log-in, log-out, password, preferences.

allauth's views with our own templates and our own list: sign-up, e-mail confirmation and reset by
mail are not offered, so their addresses do not exist.
"""

from allauth.account import views as account
from django.urls import include, path

from kintsugi.identity import views

urlpatterns = [
    path(
        "accounts/login/",
        account.LoginView.as_view(template_name="identity/login.html"),
        name="account_login",
    ),
    path(
        "accounts/logout/",
        account.LogoutView.as_view(template_name="identity/logout.html"),
        name="account_logout",
    ),
    path(
        "accounts/password/change/",
        account.PasswordChangeView.as_view(template_name="identity/password_change.html"),
        name="account_change_password",
    ),
    path(
        "accounts/reauthenticate/",
        account.ReauthenticateView.as_view(template_name="identity/reauthenticate.html"),
        name="account_reauthenticate",
    ),
    path(
        "accounts/inactive/",
        account.AccountInactiveView.as_view(template_name="identity/account_inactive.html"),
        name="account_inactive",
    ),
    path("preferences/", views.preferences, name="preferences"),
    path("", include("kintsugi.identity.directory.urls")),
    path("acts/", include("kintsugi.identity.control.urls")),
    path("signatures/", include("kintsugi.identity.signing.urls")),
]
