"""Signing in and out, the same on both sites. Only these doors of allauth are open: no sign-up, no email
management, no password reset by mail (that comes with mail).

Names are allauth's own, because it reverses them.
"""

from allauth.account import views
from django.contrib.auth.decorators import login_not_required
from django.urls import path

urlpatterns = [
    path("login/", views.login, name="account_login"),
    # Also for strangers: whose session has ended meanwhile is simply out, not asked to come in first.
    path("logout/", login_not_required(views.logout), name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", views.password_change, name="account_change_password"),
]
