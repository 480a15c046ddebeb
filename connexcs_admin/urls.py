"""The staff site's doors, one include per room."""

from django.urls import include, path

urlpatterns = [
    path("customers/", include("customers.urls")),
    path("api/switch/", include("calls.urls")),
    path("accounts/", include("users.urls")),
]
