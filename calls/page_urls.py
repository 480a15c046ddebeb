"""Pages for people under /calls/."""

from django.urls import path

from calls import pages

app_name = "pages"

urlpatterns = [
    path("", pages.latest_calls, name="calls"),
    path("live/", pages.live_calls, name="live"),
    path("call/<str:key>/", pages.call_detail, name="call"),
]
