"""Log-in, log-out, password, second factors, sessions, preferences.

allauth's views with our own templates and our own list: sign-up, e-mail confirmation and reset by
mail are not offered, so their addresses do not exist. Names without a namespace are allauth's.
"""

from allauth.account import views as account
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path

from kintsugi.identity import account_views, factor_views, screens, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/login/", views.LogIn.as_view(), name="account_login"),
    path(
        "accounts/logout/",
        account.LogoutView.as_view(template_name="identity/logout.html"),
        name="account_logout",
    ),
    path(
        "accounts/password/change/",
        views.ChangePassword.as_view(),
        name="account_change_password",
    ),
    path(
        "accounts/reauthenticate/",
        factor_views.Reauthenticate.as_view(),
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

_own = [
    path("", account_views.security, name="mfa_index"),
    path("sessions/<str:session_id>/end/", account_views.end_own_session, name="end_own_session"),
    path("sessions/end-others/", account_views.end_other_sessions, name="end_other_sessions"),
]
_factors = [
    path("authenticate/", factor_views.Authenticate.as_view(), name="mfa_authenticate"),
    path("reauthenticate/", factor_views.ReauthenticateByCode.as_view(), name="mfa_reauthenticate"),
    path("totp/activate/", factor_views.Activate.as_view(), name="mfa_activate_totp"),
    path("totp/deactivate/", factor_views.Deactivate.as_view(), name="mfa_deactivate_totp"),
    path("codes/", factor_views.ShowCodes.as_view(), name="mfa_view_recovery_codes"),
    path("codes/make/", factor_views.MakeCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("passkeys/", factor_views.back_to_account, name="mfa_list_webauthn"),
    path("passkeys/add/", factor_views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("passkeys/log-in/", factor_views.LogInByPasskey.as_view(), name="mfa_login_webauthn"),
    path(
        "passkeys/reauthenticate/",
        factor_views.ReauthenticateByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        factor_views.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "passkeys/<int:pk>/rename/", factor_views.RenamePasskey.as_view(), name="mfa_edit_webauthn"
    ),
]
_administration = [
    path("log-ins/", screens.EVENTS.as_view(), name="events"),
    path("sessions/", screens.SESSIONS.as_view(), name="sessions"),
    path("people/<uuid:account_id>/", account_views.account, name="account"),
    path("people/<uuid:account_id>/<slug:what>/", account_views.act, name="act"),
    path(
        "people/<uuid:account_id>/sessions/<str:session_id>/end/",
        account_views.end_session,
        name="end_session",
    ),
]
urlpatterns += [
    path("accounts/security/", include(_own)),
    path("accounts/", include((_administration, "identity"))),
]
if settings.MFA_POLICY != "off":
    urlpatterns.append(path("accounts/factors/", include(_factors)))
if settings.OIDC_ISSUER:
    urlpatterns += [
        path(
            "accounts/oidc/<str:provider_id>/login/",
            views.to_provider,
            name="openid_connect_login",
        ),
        path(
            "accounts/oidc/<str:provider_id>/login/callback/",
            openid.callback,
            name="openid_connect_callback",
        ),
        path(
            "accounts/single-sign-on/cancelled/",
            social.LoginCancelledView.as_view(template_name="identity/single_sign_on_failed.html"),
            name="socialaccount_login_cancelled",
        ),
        path(
            "accounts/single-sign-on/failed/",
            social.LoginErrorView.as_view(template_name="identity/single_sign_on_failed.html"),
            name="socialaccount_login_error",
        ),
        path(
            "accounts/single-sign-on/closed/",
            login_not_required(views.no_account),
            name="socialaccount_signup",
        ),
    ]
