"""Signing in and out and the own security, the same on both sites. Only these doors of allauth are open: no
sign-up, no email management, no password reset by mail (that comes with mail).

Names that begin otherwise than `account_` or are allauth's own words are allauth's, because it reverses them.
"""

from allauth.account import views as allauth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from users import sign_in, views

urlpatterns = [
    path("login/", sign_in.SignInView.as_view(), name="account_login"),
    path("login/code/", sign_in.second_step, name="mfa_authenticate"),
    path("login/passkey/", sign_in.passkey_sign_in, name="mfa_login_webauthn"),
    # Also for strangers: whose session has ended meanwhile is simply out, not asked to come in first.
    path("logout/", login_not_required(allauth_views.logout), name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("password/change/", views.change_password, name="account_change_password"),
    path("confirm/", views.confirm, name="account_reauthenticate"),
    path("security/", views.security, name="account_security"),
    path("security/app/", views.add_app, name="account_add_app"),
    path("security/app/remove/", views.remove_app, name="account_remove_app"),
    path("security/passkeys/", views.add_passkey, name="account_add_passkey"),
    path("security/passkeys/rename/", views.rename_passkey, name="account_rename_passkey"),
    path("security/passkeys/remove/", views.remove_passkey, name="account_remove_passkey"),
    path("security/codes/", views.codes, name="account_codes"),
    path("security/codes/new/", views.make_codes, name="account_make_codes"),
    path("security/codes/recovery-codes.txt", views.download_codes, name="account_download_codes"),
    path("security/sessions/end/", views.end_session, name="account_end_session"),
    path("security/sessions/end-others/", views.end_other_sessions, name="account_end_other_sessions"),
]
