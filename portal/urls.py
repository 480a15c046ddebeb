"""The customers' own site."""

from django.urls import include, path

from portal import passwords, views

urlpatterns = [
    path("", views.home, name="portal_home"),
    path("accounts/set-password/", passwords.set_password, name="portal_set_password"),
    path("accounts/", include("users.urls")),
]

handler500 = "connexcs_admin.errors.server_error"  # the default page knows no request id
