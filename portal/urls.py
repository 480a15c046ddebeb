"""The customers' own site."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("users.urls")),
]
