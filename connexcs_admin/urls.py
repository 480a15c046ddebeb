"""The staff site's doors, one include per room."""

from django.contrib import admin
from django.urls import include, path

from connexcs_admin import home, live, palette
from connexcs_admin.help.views import manual

urlpatterns = [
    path("", home.home, name="home"),
    path("home/tiles/", home.home_tiles, name="home_tiles"),
    path("home/rest/", home.home_rest, name="home_rest"),
    path("live-totals/", live.live_totals, name="live_totals"),
    path("find/", palette.find, name="find"),
    path("help/", manual, name="help"),
    path("help/<slug:slug>/", manual, name="help"),
    path("customers/", include("customers.urls")),
    path("customers/<int:customer_id>/", include("contacts.urls")),
    path("customers/<int:customer_id>/", include("routing.urls")),
    path("customers/<int:customer_id>/", include("calls.tab_urls")),
    path("contacts/", include("contacts.list_urls")),
    path("import/", include("imports.urls")),
    path("calls/", include("calls.panel_urls")),
    path("calls/", include("calls.page_urls")),
    path("api/switch/", include("calls.urls")),
    path("audit/", include("audit.urls")),
    path("users/", include("users.list_urls")),
    path("accounts/", include("users.urls")),
    path("admin/", admin.site.urls),
]

handler500 = "connexcs_admin.errors.server_error"  # the default page knows no request id
