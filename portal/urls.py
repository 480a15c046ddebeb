"""The customers' own site."""

from django.urls import include, path

from portal import views

urlpatterns = [
    path("", views.home, name="portal_home"),
    path("accounts/", include("users.urls")),
]
